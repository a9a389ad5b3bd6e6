"""Export: no file passes that falls short, and a folder is whole or as it was."""

import dataclasses
import os
from pathlib import Path

import pytest
from export_tools import INPUTS, linear, make_exportable

from polyhead.apps import load
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export import export as export_module
from polyhead.apps.common.export.export import check_export, export
from polyhead.apps.common.export.formats import (
    DEFAULT_FORMATS,
    DEFAULT_VARIANTS,
    VARIANTS,
)
from polyhead.apps.common.export.verification import Form
from polyhead.apps.common.files import read_json
from polyhead.apps.common.folder.staging import complete
from polyhead.apps.common.run.run import Run
from polyhead.apps.text_classification import TASK

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[4]


@pytest.fixture
def exportable():
    return make_exportable()


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_only_the_files_asked_for_are_replaced(exportable, tmp_path):
    folder = tmp_path / "run" / "export"
    export(exportable, folder, variants=["float32", "int8"])
    before = contents(folder)
    report = export(exportable, folder, ["tflite"], ["float16", "int8"])
    after = contents(folder)
    new = {Path("model_float16.tflite")}
    assert set(after) == set(before) | new
    changed = {path for path in before if before[path] != after[path]}
    reports = {Path("export_report.json"), Path("report.md"), Path("report.png")}
    assert changed <= {Path("model_int8.tflite"), *reports}
    names = [f"model_{variant}.tflite" for variant in VARIANTS[:3]]
    assert list(report["files"]) == ["savedmodel", *names]
    assert [path.name for path in folder.parent.iterdir()] == ["export"]
    # What is gone from the folder is gone from the report.
    (folder / "model_float32.tflite").unlink()
    report = export(exportable, folder, ["tflite"], ["int8"])
    assert "model_float32.tflite" not in report["files"]


@pytest.mark.parametrize("formats", [["savedmodel"], ["tflite"]])
def test_a_file_that_falls_short_leaves_the_older_ones(exportable, tmp_path, formats):
    folder = tmp_path / "export"
    export(exportable, folder, variants=["float32"])
    before = contents(folder)
    y = exportable.tflite.expected["y"].copy()
    y[7, 3] += 2e-4
    wrong = Form(linear, INPUTS, {"y": y})
    falling_short = dataclasses.replace(exportable, savedmodel=wrong, tflite=wrong)
    with pytest.raises(PolyheadError, match="up to 0.0002 off.*nothing was exported"):
        export(falling_short, folder, formats, ["int8", "float32"], max_loss=100)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_first_export_that_fails_leaves_no_folder(exportable, tmp_path):
    wrong = Form(linear, INPUTS, {"y": -exportable.tflite.expected["y"]})
    with pytest.raises(PolyheadError, match="40 of 40 answers are not Keras's"):
        export(dataclasses.replace(exportable, savedmodel=wrong), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_is_cut_off_leaves_the_older_files(
    exportable, tmp_path, monkeypatch
):
    export(exportable, tmp_path / "export", ["savedmodel"])
    before = contents(tmp_path)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(export_module, "read_file_facts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(exportable, tmp_path / "export", variants=["float32"])
    assert contents(tmp_path) == before


def test_files_that_cannot_all_be_placed_are_placed_by_the_next_command(
    exportable, tmp_path, monkeypatch
):
    export(exportable, tmp_path / "export", variants=["float32"])
    replace = os.replace

    def fail_at_the_report(source, target):
        if Path(source).parent.name == ".placing" and "report.json" in str(source):
            raise OSError("gone")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_at_the_report)
    with pytest.raises(PolyheadError):
        export(exportable, tmp_path / "export", ["tflite"], ["float32", "int8"])
    monkeypatch.undo()
    complete(tmp_path / "export")
    report = read_json(tmp_path / "export" / "export_report.json", "")
    names = ["model_float32.tflite", "model_int8.tflite"]
    assert [name for name in report["files"] if name != "savedmodel"] == names
    assert {path.name for path in (tmp_path / "export").iterdir()} == {
        *("savedmodel", *names, "export_report.json", "report.md", "report.png")
    }


def test_a_folder_that_cannot_be_written_is_named(exportable, tmp_path):
    (tmp_path / "run").write_text("a file, no folder")
    with pytest.raises(PolyheadError, match="run/export: cannot be written"):
        export(exportable, tmp_path / "run" / "export", ["savedmodel"])


@pytest.mark.parametrize(
    "formats, variants, named",
    [
        (["onnx"], DEFAULT_VARIANTS, "format 'onnx': choose from savedmodel, tflite"),
        (DEFAULT_FORMATS, ["int4"], "variant 'int4': choose from float32, float16"),
    ],
)
def test_unknown_names_are_wrong_use(formats, variants, named):
    with pytest.raises(UsageError, match=named):
        check_export(formats, variants, TASK)


@pytest.mark.parametrize("run", ["dates", "language-identifier"])
@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"formats": ["onnx"]}, "format 'onnx'"),
        ({"variants": ["int4"]}, "variant 'int4'"),
        ({"formats": ["mediapipe"]}, "format 'mediapipe': "),
        ({}, "KERAS_BACKEND=tensorflow"),
    ],
)
def test_wrong_use_is_said_before_any_data_are_read(run, arguments, named, monkeypatch):
    def load_data(run):
        raise AssertionError("data were read")

    monkeypatch.setattr(Run, "load_data", load_data)
    if not arguments:
        monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(UsageError, match=named):
        load(ROOT / "saved_models" / run).export(**arguments)


def test_another_backend_is_told_the_remedy(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(UsageError, match="KERAS_BACKEND=tensorflow"):
        check_export(DEFAULT_FORMATS, DEFAULT_VARIANTS, TASK)

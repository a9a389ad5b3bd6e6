"""The verbs inspect, benchmark and compare: what they tell of a run's files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps.cli import main as cli
from polyhead.apps.cli.benchmark import benchmark_files, format_benchmark
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.inspection import inspect_tflite

SHIPPED = Path(__file__).resolve().parents[4] / "saved_models"
CO2 = SHIPPED / "co2"
DATES = SHIPPED / "dates"
FILE = "model_int8.tflite"


def run(capsys, *words):
    status = cli.main([str(word) for word in words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_inspect_tells_what_a_file_is_made_of(capsys):
    path = CO2 / "export" / FILE
    status, shown, _ = run(capsys, "inspect", path, "--format", "json")
    found = json.loads(shown)
    assert status == 0 and found["bytes"] == path.stat().st_size
    assert found["inputs"]["history"] == {"shape": [1, 156, 1], "type": "float32"}
    assert found["outputs"]["forecast"]["shape"] == [1, 52, 1]
    assert found["facts"]["task"] == "forecasting"
    sizes = [tensor["bytes"] for tensor in found["tensors"]]
    assert sizes == sorted(sizes, reverse=True) and sum(sizes) < found["bytes"]
    status, shown, _ = run(capsys, "inspect", path)
    assert status == 0 and "FULLY_CONNECTED" in shown and "float32[1, 52, 1]" in shown


def test_inspect_reads_the_files_of_others(tmp_path):
    content = (DATES / "export" / FILE).read_bytes()
    path = tmp_path / "foreign.tflite"
    path.write_bytes(content[:-40])  # the end of the zip is gone
    assert inspect_tflite(path)["facts"] is None


@pytest.mark.parametrize("content", [b"", b"hello", bytes(4) + b"TFL3" + bytes(60)])
def test_inspect_of_no_tflite(capsys, tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    status, _, error = run(capsys, "inspect", path)
    assert status == 1 and error.count("\n") == 1 and str(path) in error


def test_inspect_of_a_damaged_file_has_an_answer_or_one_line(tmp_path):
    content = (CO2 / "export" / FILE).read_bytes()
    draw = np.random.default_rng(0)
    path = tmp_path / "model.tflite"
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for place in draw.integers(8, len(content), 40):
            damaged[place] = draw.integers(256)
        path.write_bytes(bytes(damaged))
        try:
            inspect_tflite(path)
        except PolyheadError:
            refused += 1
    assert refused  # some damage is seen


def test_benchmark_times_every_file(capsys):
    status, shown, _ = run(capsys, "benchmark", CO2)
    assert status == 0
    header, *rows = shown.splitlines()
    assert "1 thread" in header and "2 threads" in header
    files = sorted(path.name for path in (CO2 / "export").glob("*.tflite"))
    assert [row.split()[0] for row in rows] == files


def test_benchmark_gives_each_file_what_it_takes(tmp_path):
    export = shutil.copytree(DATES / "export", tmp_path / "export")
    shutil.copy(CO2 / "export" / FILE, export / "model_float32.tflite")
    asked = []

    def examples(model):
        asked.append(model.path.name)
        return {
            n: np.zeros((2, *shape[1:]), TYPES[n]) for n, shape in model.inputs.items()
        }

    found = benchmark_files(export, examples)
    assert sorted(found) == sorted(asked) and len(asked) == 2
    assert all(name in format_benchmark(found) for name in asked)


TYPES = {"text": np.uint8, "history": np.float32, "start": np.int32}


def test_benchmark_of_a_damaged_file(capsys, tmp_path):
    folder = shutil.copytree(CO2, tmp_path / "run")
    path = folder / "export/model_float32.tflite"
    path.write_bytes((folder / "export" / FILE).read_bytes()[:5000])
    status, _, error = run(capsys, "benchmark", folder)
    assert status == 1 and error.count("\n") == 1 and str(path) in error


def test_compare_sets_two_runs_side_by_side(capsys):
    status, shown, _ = run(capsys, "compare", CO2, DATES)
    assert status == 0
    rows = {row.split("  ")[0]: row.split() for row in shown.splitlines()[1:]}
    scores = json.loads((CO2 / "metrics.json").read_text())["test"]
    assert float(rows["test mae"][2]) == pytest.approx(scores["mae"], rel=1e-3)
    assert rows["test mae"][3:] == ["-", "-"]  # dates have none
    assert f"{FILE} MB" in rows and f"{FILE} ms" in rows


@pytest.mark.parametrize("report", [{}, [], {"files": {FILE: {}}}, {"files": 5}])
def test_compare_of_a_broken_report(capsys, tmp_path, report):
    folder = shutil.copytree(CO2, tmp_path / "run")
    path = folder / "export/export_report.json"
    path.write_text(json.dumps(report))
    status, _, error = run(capsys, "compare", folder, DATES)
    assert status == 1 and error.count("\n") == 1
    assert str(path) in error and "export the run again" in error

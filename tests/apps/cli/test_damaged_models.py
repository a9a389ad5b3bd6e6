"""Model files with a flipped bit, or cut: one line, or the very same model."""

import itertools
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from polyhead import runtime
from polyhead.apps import load
from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.inspection import inspect_tflite
from polyhead.apps.common.export.savedmodel import SavedModelPredictor
from polyhead.apps.common.run.folder import check_run

GOLDEN = Path(__file__).parents[2] / "golden" / "0.1.0"
pytestmark = pytest.mark.tensorflow


@pytest.fixture
def run(tmp_path):
    return shutil.copytree(GOLDEN / "wave", tmp_path / "wave")


def flips(content, places, seed=0):
    """Contents with one flipped bit each."""
    draw = random.Random(seed)
    for place in places:
        altered = bytearray(content)
        altered[place] ^= 1 << draw.randrange(8)
        yield bytes(altered)


def cuts(content, count=20):
    return [content[: len(content) * part // count] for part in range(count)]


def parts_of_zip(path):
    """The places of its directory and local headers, and some inside each entry."""
    content, places, draw = path.read_bytes(), [], random.Random(1)
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            start = entry.header_offset
            data = start + 30 + len(entry.filename)
            places += range(start, data)
            places += [data + draw.randrange(entry.compress_size) for _ in range(20)]
        places += range(archive.start_dir, len(content))
    return places


def test_a_flipped_bit_anywhere_in_the_model(run):
    path = run / "model.keras"
    whole = path.read_bytes()
    expected = [weight.copy() for weight in load(run).model.get_weights()]
    harmless, refused = [], 0
    for altered in itertools.chain(flips(whole, parts_of_zip(path)), cuts(whole)):
        path.write_bytes(altered)
        try:
            check_run(run)
            harmless.append(altered)
        except PolyheadError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error)
    assert refused > 150
    # Dates, rights and the like may change; the model then is the same.
    for altered in random.Random(2).sample(harmless, min(10, len(harmless))):
        path.write_bytes(altered)
        weights = load(run).model.get_weights()
        for one, other in zip(weights, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_library_refuses_a_damaged_model_too(run):
    path = run / "model.keras"
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        weights = archive.getinfo("model.weights.h5")
    inside = weights.header_offset + weights.compress_size // 2
    for altered in flips(whole, [inside, 40]):
        path.write_bytes(altered)
        with pytest.raises(PolyheadError, match="model.keras: .*truncated or corrupt"):
            _ = load(run).model


@pytest.mark.parametrize(
    "config", ["", "[]", "5", "{}", "[" * 100_000, '{"class_name": "Gone"}', "\0"]
)
def test_a_model_that_says_something_else(run, capsys, config):
    path = run / "model.keras"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            altered = config.encode() if name == "config.json" else content
            archive.writestr(name, altered)
    assert main(["predict", str(run), str(series(run)), "--engine", "keras"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"polyhead: error: {path}: cannot be loaded")
    assert error.count("\n") == 1


def series(run):
    return shutil.copy(GOLDEN.parent / "data" / "wave.csv", run / "wave.csv")


def test_a_flipped_bit_in_an_exported_file(run):
    path = run / "export" / "model_int8.tflite"
    whole = path.read_bytes()
    draw = random.Random(3)
    places = [draw.randrange(len(whole)) for _ in range(150)]
    places += range(len(whole) - 120, len(whole))  # the zip's directory
    same = 0
    for altered in itertools.chain(flips(whole, places), cuts(whole)):
        path.write_bytes(altered)
        try:
            same += runtime.load(path).targets == ("y", "z")
        except PolyheadError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        try:
            inspect_tflite(path)
        except PolyheadError as error:
            assert str(path) in str(error) and "\n" not in str(error)
    assert same < 120


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small SavedModel."""
    from polyhead.apps.common.export.savedmodel import export_savedmodel

    path = tmp_path_factory.mktemp("saved") / "savedmodel"
    weights = [np.arange(4000, dtype=np.float32)]
    inputs = {"x": np.zeros((1, 2), np.float32)}

    def double(weights, tables, x):
        return {"y": x * 2 + weights[0][:2]}

    export_savedmodel({"serving_default": (double, inputs)}, weights, {}, path)
    return path


@pytest.mark.parametrize(
    "file", ["saved_model.pb", "variables/variables.index", "variables/*data*"]
)
def test_a_cut_saved_model(saved, tmp_path, file):
    path = Path(shutil.copytree(saved, tmp_path / "savedmodel"))
    part = next(path.glob(file))
    whole = part.read_bytes()
    places = random.Random(4).sample(range(len(whole)), 12)
    contents = [None, *cuts(whole, 8), *flips(whole, places)]
    refused = 0
    for content in contents:
        part.unlink(missing_ok=True)
        if content is not None:
            part.write_bytes(content)
        try:
            answers = SavedModelPredictor(path)(x=np.ones((1, 2), np.float32))
            np.testing.assert_array_equal(answers["y"], [[2, 3]])
        except PolyheadError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error)
    assert refused >= 9


def test_a_folder_of_variables_that_is_gone(saved, tmp_path):
    path = Path(shutil.copytree(saved, tmp_path / "savedmodel"))
    shutil.rmtree(path / "variables")
    with pytest.raises(PolyheadError, match="TensorFlow cannot load it"):
        SavedModelPredictor(path)
    (path / "variables").write_text("a file")
    with pytest.raises(PolyheadError, match="TensorFlow cannot load it"):
        SavedModelPredictor(path)

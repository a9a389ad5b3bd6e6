"""What a .tflite file is made of, read without running it."""

import json
from pathlib import Path

import numpy as np
import pytest
from export_tools import INPUTS, write_linear_tflite

from polyhead.apps.cli import main as cli
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.inspection import inspect_tflite, read_file_facts

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


@pytest.mark.tensorflow
def test_size_latency_memory_operators_and_tensors(tmp_path):
    path = write_linear_tflite(tmp_path / "model.tflite")
    facts = read_file_facts(path, INPUTS)
    assert facts["bytes"] == path.stat().st_size
    for key in ("latency_ms", "latency_ms_two_threads"):
        assert 0 < facts[key]["median"] <= facts[key]["p95"]
    assert facts["memory_bytes"] is None or facts["memory_bytes"] > 0
    assert facts["operators"]["FULLY_CONNECTED"] == 1
    largest = facts["tensors"][0]
    assert (largest["shape"], largest["bytes"]) == ([512, 8], 512 * 8 * 4)

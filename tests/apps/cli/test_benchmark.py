"""The verb benchmark: what it tells of a run's files."""

import shutil
from pathlib import Path

import numpy as np

from polyhead.apps.cli import main as cli
from polyhead.apps.cli.benchmark import benchmark_files, format_benchmark

SHIPPED = Path(__file__).resolve().parents[3] / "saved_models"
CO2 = SHIPPED / "co2"
DATES = SHIPPED / "dates"
FILE = "model_int8.tflite"
TYPES = {"text": np.uint8, "history": np.float32, "start": np.int32}


def run(capsys, *words):
    status = cli.main([str(word) for word in words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


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


def test_benchmark_of_a_damaged_file(capsys, tmp_path):
    folder = shutil.copytree(CO2, tmp_path / "run")
    path = folder / "export/model_float32.tflite"
    path.write_bytes((folder / "export" / FILE).read_bytes()[:5000])
    status, _, error = run(capsys, "benchmark", folder)
    assert status == 1 and error.count("\n") == 1 and str(path) in error

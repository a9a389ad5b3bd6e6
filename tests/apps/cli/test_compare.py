"""The verb compare: two runs' scores, sizes and latencies side by side."""

import json
import shutil
from pathlib import Path

import pytest

from polyhead.apps.cli import main as cli

SHIPPED = Path(__file__).resolve().parents[3] / "saved_models"
CO2 = SHIPPED / "co2"
DATES = SHIPPED / "dates"
FILE = "model_int8.tflite"


def run(capsys, *words):
    status = cli.main([str(word) for word in words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


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

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


def edited(folder, run, change):
    """A copy of a run, with `change(metrics)` made to its metrics.json."""
    path = shutil.copytree(run, folder)
    metrics = json.loads((path / "metrics.json").read_text())
    change(metrics)
    (path / "metrics.json").write_text(json.dumps(metrics))
    return path


def mark(fingerprint, **further):
    def change(metrics):
        metrics["test"]["fingerprint"] = fingerprint
        metrics.update(further)

    return change


@pytest.mark.parametrize(
    ("run_", "one", "other", "reason"),
    [
        (CO2, mark("a"), mark("a"), None),
        (CO2, mark("a"), mark("b"), "scored on other rows"),
        (
            CO2,
            mark("a", measure="horizon 4"),
            mark("a", measure="horizon 5"),
            "measure",
        ),
        (DATES, mark("a"), mark("a", signature="case:lc"), "scored by another measure"),
        (
            DATES,
            lambda metrics: metrics["test"].update(rows=5),
            mark("a"),
            "other rows",
        ),
        (CO2, lambda metrics: None, lambda metrics: None, None),  # older runs
    ],
)
def test_scores_that_say_nothing_of_the_difference(
    capsys, tmp_path, run_, one, other, reason
):
    runs = edited(tmp_path / "one", run_, one), edited(tmp_path / "other", run_, other)
    status, shown, _ = run(capsys, "compare", *runs)
    assert status == 0
    gaps = [row.split()[-1] for row in shown.splitlines() if row.startswith("test ")]
    assert ("-" in gaps[0]) == (reason is not None)
    last = shown.splitlines()[-1]
    if reason:
        assert last.startswith("test: ") and reason in last
        assert last.endswith("so no difference is given")
    else:
        assert "no difference is given" not in shown
    sizes = [row.split()[-1] for row in shown.splitlines() if f"{FILE} MB" in row]
    assert float(sizes[0]) == 0  # files can always be compared


def test_two_tasks_have_no_difference(capsys):
    status, shown, _ = run(capsys, "compare", CO2, SHIPPED / "language-identifier")
    assert status == 0 and "the runs are of two tasks" in shown

"""The report of an export: a table, a page and a picture."""

import pytest
from export_tools import make_exportable

from polyhead.apps.common.export.export import export
from polyhead.apps.common.export.report import format_export_report, rows_of

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """An export folder and its report."""
    folder = tmp_path_factory.mktemp("run") / "export"
    return folder, export(make_exportable(), folder, variants=["float32", "int8"])


def test_a_row_for_each_file(exported):
    header, *rows = rows_of(exported[1])
    assert header[:4] == ("file", "size", "accuracy", "Keras")
    names = ["savedmodel", "model_float32.tflite", "model_int8.tflite"]
    assert [row[0] for row in rows] == names
    assert rows[0][-4:] == ("-",) * 4  # a SavedModel is not timed
    assert rows[1][4] == "0/40"
    lines = format_export_report(exported[1]).splitlines()
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1


def test_the_page_names_operators_and_tensors(exported):
    page = (exported[0] / "report.md").read_text("utf-8")
    assert "| model_int8.tflite |" in page and "## model_int8.tflite" in page
    assert "FULLY_CONNECTED" in page and "[512, 8]" in page
    assert (exported[0] / "report.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_of_an_older_export_has_fewer_facts():
    facts = {"bytes": 5, "accuracy": 0.5, "keras": 0.5, "disagreements": 0, "rows": 9}
    _, row = rows_of({"metric": "accuracy", "files": {"savedmodel": facts}})
    assert row[4:] == ("0/9", "-", "-", "-", "-", "-", "-", "-")

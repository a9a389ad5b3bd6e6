"""What is shown of data before a training."""

from polyhead.apps.common.data.report import (
    finish_report,
    format_parts,
    shorten_report,
)


def test_a_line_for_each_split():
    counts, sources = {"train": 12_345, "test": 7}, {"train": "a.csv"}
    assert format_parts(counts, sources, "rows") == [
        "train          12,345 rows   a.csv",
        "test                7 rows",
    ]


def test_warnings_come_at_the_end():
    text = finish_report(["one", "two"], ["odd", "strange"])
    assert text == "one\ntwo\n\nwarning: odd\nwarning: strange"
    assert finish_report(["one"], []) == "one"


def test_a_long_report_is_shown_by_its_ends_and_all_of_its_warnings():
    lines = [f"line {number}" for number in range(150)]
    warnings = [f"odd {number}" for number in range(30)]
    shown = shorten_report(finish_report(lines, warnings)).splitlines()
    assert shown[:17] == lines[:17] and shown[18:20] == lines[-2:]
    assert shown[17] == "... 131 more lines: see --dry-run ..."
    assert shown[20:] == [f"warning: {warning}" for warning in warnings]


def test_a_short_report_is_shown_whole_but_for_long_lines():
    lines = [f"line {number}" for number in range(20)]
    assert shorten_report(finish_report(lines, [])).splitlines() == lines
    shown = shorten_report("targets: " + ", ".join(f"y{n}" for n in range(300)))
    assert len(shown) == 160 and shown.endswith(" ...")

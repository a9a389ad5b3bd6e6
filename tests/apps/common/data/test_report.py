"""What is shown of data before a training."""

from polyhead.apps.common.data.report import finish_report, format_parts


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

"""The rows of a file as people have them: their order, and rows that are none."""

from dataclasses import replace

import numpy as np
import pytest
from wave_tools import days, hours, make_small, make_waves

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting.data import load_data

ROWS = [f"{s},{v:.3f}" for s, v in zip(hours(99), make_waves(99)[:, 0], strict=True)]


def write(path, rows, header="date,y"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def load(path, rows, header="date,y", **changes):
    dataset = load_data(make_small(write(path, rows, header), **changes))
    return dataset, dataset.report["warnings"]


@pytest.fixture
def sorted_rows(tmp_path):
    return load(tmp_path / "sorted.csv", ROWS)[0].series[0]


def test_rows_in_any_order_are_sorted_and_it_is_said(tmp_path, sorted_rows):
    mixed = np.random.default_rng(0).permutation(ROWS).tolist()
    swapped = [*ROWS[:50], ROWS[51], ROWS[50], *ROWS[52:]]
    for rows in (ROWS[::-1], mixed, swapped):
        dataset, warnings = load(tmp_path / "a.csv", rows)
        assert (dataset.series[0].values == sorted_rows.values).all()
        assert dataset.series[0].start == sorted_rows.start
        path = tmp_path / "a.csv"
        assert warnings == [f"{path}: its rows are not in time order: they are sorted"]


def test_each_series_is_sorted_and_rows_of_two_may_alternate(tmp_path):
    rows = [f"{name},{row}" for row in ROWS[::-1] for name in "ab"]
    dataset, warnings = load(tmp_path / "a.csv", rows, "series,date,y")
    assert [len(one) for one in dataset.series] == [99, 99] and len(warnings) == 1
    rows = [f"{name},{row}" for row in ROWS for name in "ab"]
    assert load(tmp_path / "a.csv", rows, "series,date,y")[1] == []


def test_a_day_that_is_there_twice_among_unsorted_rows(tmp_path):
    rows = [*ROWS[::-1], ROWS[30]]
    with pytest.raises(PolyheadError, match="rows 70 and 101 have the same time stamp"):
        load(tmp_path / "a.csv", rows)


@pytest.mark.parametrize("wrong", ["2042-01-03T02:00:00", "1924-01-03T02:00:00"])
def test_a_wrong_stamp_is_not_sorted_away(tmp_path, wrong):
    rows = [*ROWS[:50], f"{wrong},5", *ROWS[51:]]
    with pytest.raises(PolyheadError, match=f"a.csv: row 52: {wrong} is far from"):
        load(tmp_path / "a.csv", rows)


def test_parts_that_are_newest_first(tmp_path, sorted_rows):
    train, test = (tmp_path / f"{name}.csv" for name in ("train", "test"))
    write(test, ROWS[:59:-1])
    dataset, warnings = load(train, ROWS[59::-1], test=str(test))
    assert (dataset.series[0].values == sorted_rows.values).all()
    assert [str(test) in told or str(train) in told for told in warnings] == [True] * 2


def test_a_short_test_file_has_the_day_where_training_has_it(tmp_path):
    stamps = days(99).tolist()
    rows = [f"{s:%d/%m/%Y},{n % 7}" for n, s in enumerate(stamps)]
    test = write(tmp_path / "b.csv", rows[91:])
    assert rows[91].startswith("01/04/2024")
    dataset, _ = load(tmp_path / "a.csv", rows[:91], test=test)
    assert len(dataset.series[0]) == 99 and dataset.series[0].gaps == 0


def test_empty_rows_headers_and_totals_are_no_rows(tmp_path, sorted_rows):
    rows = [*ROWS[:10], ",", *ROWS[10:40], "date,y", *ROWS[40:], "Total,12345.6", ","]
    dataset, warnings = load(tmp_path / "a.csv", rows)
    assert (dataset.series[0].values == sorted_rows.values).all()
    assert len(warnings) == 2
    assert warnings[0].endswith("a.csv: row 43: the header again: left out")
    assert warnings[1].endswith("row 103: a total, which has no time: left out")


@pytest.mark.parametrize("total", ["Grand Total", "TOTAL:", "Sum", "average"])
def test_totals_by_other_names_and_in_other_columns(tmp_path, total):
    dataset, warnings = load(tmp_path / "a.csv", [*ROWS, f"{total},9"])
    assert len(dataset.series[0]) == 99 and "a total" in warnings[0]
    rows = [f"{row},x" for row in ROWS]
    changes = {"target": ("y",)}
    rows = [*rows, f",9,{total}"]
    dataset, warnings = load(tmp_path / "a.csv", rows, "date,y,note", **changes)
    assert len(dataset.series[0]) == 99 and "row 101: a total" in warnings[0]


def test_a_value_without_a_time_is_refused(tmp_path):
    rows = [*ROWS[:10], ",5.0", *ROWS[10:]]
    match = "a.csv: row 12: '' in column 'date' is no time stamp; .* remove the row"
    with pytest.raises(PolyheadError, match=match):
        load(tmp_path / "a.csv", rows)


def test_a_series_of_one_row_among_others(tmp_path):
    rows = [*(f"a,{row}" for row in ROWS), f"b,{ROWS[98]}"]
    dataset, _ = load(tmp_path / "a.csv", rows, "series,date,y")
    assert [len(one) for one in dataset.series] == [99, 1]


# Rows at the end that have no target yet.


def ahead(count, first=99):
    return [f"{stamp}," for stamp in hours(first + count)[first:]]


def test_rows_ahead_are_in_no_split(tmp_path):
    plain, _ = load(tmp_path / "plain.csv", ROWS)
    dataset, warnings = load(tmp_path / "a.csv", [*ROWS, *ahead(12)])
    assert {k: e.tolist() for k, e in dataset.ends.items()} == {
        k: e.tolist() for k, e in plain.ends.items()
    }
    assert len(dataset.series[0]) == 111
    assert "a.csv: 12 steps at the end have no target: they count as" in warnings[0]


def test_rows_ahead_of_each_series_alone(tmp_path):
    rows = [f"a,{row}" for row in ROWS] + [f"b,{row}" for row in ROWS[:80]]
    rows += [f"b,{row}" for row in ahead(6, 80)]
    dataset, warnings = load(tmp_path / "a.csv", rows, "series,date,y")
    assert dataset.ends["test"].tolist() == [99, 80]
    assert "up to 6 steps at the end have no target" in warnings[0]


def test_rows_ahead_of_a_test_file_and_of_a_validation_file(tmp_path):
    path = tmp_path / "b.csv"
    write(path, [*ROWS[70:], *ahead(5)])
    for part in ("test", "validation"):
        dataset, warnings = load(tmp_path / "a.csv", ROWS[:70], **{part: str(path)})
        assert dataset.ends[part].tolist() == [99]
        assert f"{path}: 5 steps at the end have no target" in warnings[0]


def test_a_split_in_rows_is_as_the_user_said(tmp_path):
    rows = [*ROWS, *ahead(12)]
    dataset, warnings = load(tmp_path / "a.csv", rows, split="60,20,31")
    assert dataset.ends["test"].tolist() == [111]
    assert not any("have no target" in told for told in warnings)
    dataset, warnings = load(tmp_path / "a.csv", rows, split="60,20,19")
    assert dataset.ends["test"].tolist() == [99] and "have no target" in warnings[0]


def test_gaps_inside_stay_gaps(tmp_path):
    stamps = days(99)
    values = make_waves(99, 2)
    values[40:50] = np.nan
    values[90:, 0] = np.nan  # the other target goes on
    rows = [
        ",".join([str(stamp), *("" if np.isnan(v) else f"{v}" for v in row)])
        for stamp, row in zip(stamps, values, strict=True)
    ]
    dataset, warnings = load(tmp_path / "a.csv", rows, "date,y,z")
    assert dataset.ends["test"].tolist() == [99]
    (note,) = warnings
    assert "the last 9 steps have no y: if z is known ahead, say so with" in note
    config = make_small(str(tmp_path / "a.csv"), target=("y",))
    assert load_data(config).ends["test"].tolist() == [90]
    future = replace(config, future_covariates=("z",))
    assert load_data(future).ends["test"].tolist() == [90]

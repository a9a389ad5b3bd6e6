"""Tables of several series without --series-column, and columns that are no values."""

import numpy as np
import pytest
from wave_tools import days, make_small, make_waves

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.forecasting.data import load_data

TARGET = {"target": ("sales",), "time_column": "date"}


def write(path, header, rows):
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def write_stores(path, stores, count=60, header="store,date,sales"):
    """A row a day of each store; `stores` are the leading fields of its rows."""
    waves = make_waves(count, len(stores))
    return write(
        path,
        header,
        [
            (*store, stamp, f"{waves[day, place]:.3f}")
            for day, stamp in enumerate(days(count).astype("datetime64[D]"))
            for place, store in enumerate(stores)
        ],
    )


@pytest.mark.parametrize("stores", [["north", "south"], [1, 2, 3], ["1.0", "2.0"]])
@pytest.mark.parametrize("changes", [{}, TARGET])
def test_the_column_of_the_stores_is_found(tmp_path, stores, changes):
    path = write_stores(tmp_path / "a.csv", [(store,) for store in stores])
    dataset = load_data(make_small(path, **changes))
    assert dataset.columns.series == "store"
    assert dataset.columns.targets == ("sales",)
    assert [one.name for one in dataset.series] == list(map(str, stores))
    assert "as --series-column store would say" in dataset.report["warnings"][0]
    named = load_data(make_small(path, **changes, series_column="store"))
    assert named.report["warnings"] == []
    pairs = zip(named.series, dataset.series, strict=True)
    assert all((a.values == b.values).all() for a, b in pairs)


def test_stores_that_open_and_close_at_different_times(tmp_path):
    waves = make_waves(80, 3)
    spans = {7: (0, 80), 12: (20, 80), 31: (0, 50)}
    rows = [
        (store, day, waves[place, column])
        for column, (store, (first, last)) in enumerate(spans.items())
        for place, day in enumerate(days(80).astype("M8[D]"))
        if first <= place < last
    ]
    dataset = load_data(make_small(write(tmp_path / "a.csv", "id,day,y", rows)))
    assert dataset.columns.series == "id"
    assert [len(one) for one in dataset.series] == [80, 60, 50]


def test_a_number_and_a_name_of_one_store_are_one_column(tmp_path):
    stores = [(1, "north"), (2, "south")]
    header = "number,name,date,sales"
    path = write_stores(tmp_path / "a.csv", stores, header=header)
    columns = load_data(make_small(path)).columns
    assert columns.series == "name" and columns.targets == ("sales",)


def test_columns_that_fit_alike_are_named_in_the_error(tmp_path):
    # Each of the two tells the rows of a day apart, in another way.
    rows = []
    for place, day in enumerate(days(40).astype("M8[D]")):
        for shop in (0, 1):
            seller = "ab"[(shop + place // 7) % 2]
            rows.append((f"shop{shop}", seller, day, place + shop))
    path = write(tmp_path / "a.csv", "shop,seller,date,sales", rows)
    match = "--series-column shop or --series-column seller"
    with pytest.raises(UsageError, match=match):
        load_data(make_small(path))
    assert load_data(make_small(path, series_column="seller", **TARGET))


def test_two_columns_that_tell_the_rows_apart_together(tmp_path):
    stores = [(store, item) for store in ("n", "s") for item in (1, 2, 3)]
    path = write_stores(tmp_path / "a.csv", stores, 40, "store,item,date,sales")
    with pytest.raises(UsageError, match="a.csv: .* 'store' and 'item' tell .* join"):
        load_data(make_small(path))


def test_a_time_in_two_columns_is_no_table_of_series(tmp_path):
    for name, hours in (("time", ["00:00", "12:00"]), ("hour", [0, 12])):
        stores = [(hour,) for hour in hours]
        path = write_stores(tmp_path / "a.csv", stores, 40, f"{name},date,y")
        with pytest.raises(PolyheadError, match=f"'date' and '{name}' both .* join"):
            load_data(make_small(path, time_column="date"))


def test_a_row_that_is_there_twice_is_no_series(tmp_path):
    rows = [(day, n, "ab"[n % 2]) for n, day in enumerate(days(50).astype("M8[D]"))]
    rows.insert(9, (rows[8][0], 7, "b"))
    path = write(tmp_path / "a.csv", "date,y,kind", rows)
    with pytest.raises(PolyheadError, match="rows 10 and 11 have the same time stamp"):
        load_data(make_small(path, target=("y",)))


def test_a_row_of_a_store_that_is_there_twice(tmp_path):
    rows = [(s, d, n % 9) for n, d in enumerate(days(50).astype("M8[D]")) for s in "ab"]
    path = write(tmp_path / "a.csv", "store,date,sales", [*rows, rows[21]])
    with pytest.raises(PolyheadError, match="rows 23 and 102 of series 'b' have the s"):
        load_data(make_small(path))


def test_row_numbers_are_no_targets(tmp_path):
    rows = list(zip(days(50).astype("M8[D]"), make_waves(50, 1)[:, 0], strict=True))
    numbered = [(n, *row) for n, row in enumerate(rows)]
    mixed = [numbered[n] for n in np.random.default_rng(0).permutation(50)]
    for name in ("", "Unnamed: 0", "Unnamed: 0.1", "index", "id"):
        for order in (numbered, numbered[::-1], mixed):
            if order is not numbered and name in ("index", "id"):
                continue  # which may be values
            path = write(tmp_path / "a.csv", f"{name},date,y", order)
            assert load_data(make_small(path)).columns.targets == ("y",)


def test_an_empty_column_at_the_end_is_no_target(tmp_path):
    rows = [(*row, "") for row in zip(days(50), range(50), strict=True)]
    path = write(tmp_path / "a.csv", "date,y,", rows)
    assert load_data(make_small(path)).columns.targets == ("y",)


@pytest.mark.parametrize("name", ["year", "quarter", "Period"])
def test_names_of_the_time(tmp_path, name):
    rows = [(f"{1950 + n}", n % 7) for n in range(50)]
    path = write(tmp_path / "a.csv", f"{name},y", rows)
    assert load_data(make_small(path)).columns.time == name


def test_a_year_beside_dates_is_no_time(tmp_path):
    rows = [(day, day.astype("M8[Y]"), n % 7) for n, day in enumerate(days(50))]
    for name in ("When", ""):
        path = write(tmp_path / "a.csv", f"{name},year,y", rows)
        assert load_data(make_small(path, target=("y",))).columns.time == name
    rows = [(day, day, n % 7) for n, day in enumerate(days(50))]
    path = write(tmp_path / "a.csv", "until,since,y", rows)
    with pytest.raises(UsageError, match="name the time with --time-column"):
        load_data(make_small(path))


def test_a_target_of_text_is_named(tmp_path):
    rows = [(day, "good") for day in days(50)]
    path = write(tmp_path / "a.csv", "date,mood", rows)
    with pytest.raises(PolyheadError, match="row 2: 'good' in column 'mood' is no num"):
        load_data(make_small(path, target=("mood",)))

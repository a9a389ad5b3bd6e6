"""Series in the page: examples, pasted numbers, and drawing."""

import json
import shutil

import numpy as np
import pytest
from page_tools import (
    CLASSIFIER,
    FORECASTER,
    assert_no_forecast,
    read_inputs,
    read_table,
    wait_for_forecast,
    wait_for_text,
)


@pytest.fixture
def forecast_page(open_page):
    pytest.importorskip("statsmodels")
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    return page


def test_the_example_is_forecast_with_its_times(forecast_page):
    stamps, values = read_table(forecast_page)
    assert (stamps[0], stamps[-1], len(stamps)) == ("2002-01-05", "2002-12-28", 52)
    assert all(low <= high for _, low, _, high in values)
    said = forecast_page.inner_text("#chart-text")
    assert said.startswith("co2: 52 steps from 2002-01-05 to 2002-12-28")
    chart = forecast_page.locator("#chart")
    assert chart.get_attribute("aria-labelledby") == "chart-text"
    assert chart.locator("polygon.fan").count() == 1


def test_pasted_numbers_and_another_time_are_forecast(forecast_page):
    values = [f"{300 + i % 7}" if i % 9 else "" for i in range(156)]
    forecast_page.fill("#history", "\n".join(values))
    forecast_page.fill("#start", "1999-06-26T00:00:00")
    wait_for_forecast(forecast_page, FORECASTER)
    assert read_table(forecast_page)[0][0] == "1999-06-26"
    forecast_page.get_by_role("button", name="Back to the example").click()
    wait_for_text(forecast_page, "#chart-text", "from 2002-01-05")
    wait_for_forecast(forecast_page, FORECASTER)


@pytest.mark.parametrize(
    ("rows", "said"), [(20, "20 rows of 156"), (200, "the last 156")]
)
def test_too_few_and_too_many_rows_are_said(forecast_page, rows, said):
    numbers = "\n".join(str(350 + i / 10) for i in range(rows))
    forecast_page.fill("#history", numbers)
    wait_for_text(forecast_page, "#note", said)
    # The fan of few values is wide, and so is int8's rounding in it.
    wait_for_forecast(forecast_page, FORECASTER, close={"rtol": 1e-4, "atol": 3e-4})


def test_a_history_of_zeros_is_forecast(forecast_page):
    forecast_page.fill("#history", "\n".join("0" * 156))
    wait_for_forecast(forecast_page, FORECASTER)
    assert not read_inputs(forecast_page)["history"].any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("370\n371\nhello", 'Line 3: "hello" in column co2 is no number.'),
        ("370\n1e999", 'Line 2: "1e999" in column co2 is no number.'),
        ("370,5\n371,5", "Line 1 has 2 values, but there is 1 column (co2)."),
        ("Infinity", 'Line 1: "Infinity" in column co2 is no number.'),
        ("370\0", "is no number"),
        ("1e38\n" * 100 + "-1e38\n" * 56, "some of the numbers are too large"),
        ("", "There is no number yet."),
        ("nan\n-\n\n", "There is no number yet."),
    ],
)
def test_what_is_no_number_is_said_and_no_forecast_stands_beside(
    forecast_page, text, said
):
    script = "(text) => { const h = document.getElementById('history'); "
    script += "h.value = text; h.dispatchEvent(new Event('input')) }"
    forecast_page.evaluate(script, text)
    wait_for_text(forecast_page, "#wrong", said)
    assert_no_forecast(forecast_page)
    forecast_page.get_by_role("button", name="Back to the example").click()
    wait_for_forecast(forecast_page, FORECASTER)
    assert forecast_page.locator("#wrong").is_hidden()


def test_a_missing_time_is_said(forecast_page):
    forecast_page.fill("#start", "")
    wait_for_text(forecast_page, "#wrong", "Give the time of the first forecast step")
    assert_no_forecast(forecast_page)


def test_drawing_changes_the_history_and_its_forecast(forecast_page):
    before = read_inputs(forecast_page)["history"][0, :, 0]
    box = forecast_page.locator("#chart").bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2
    forecast_page.mouse.move(x, y)
    forecast_page.mouse.down()
    forecast_page.mouse.move(x + 80, y + 120, steps=4)
    forecast_page.mouse.up()
    forecast_page.wait_for_timeout(200)
    after = read_inputs(forecast_page)["history"][0, :, 0]
    changed = np.flatnonzero(before != after)
    assert 10 < len(changed) < 60
    assert (np.diff(changed) == 1).all()  # no step is jumped over
    assert (np.diff(after[changed]) <= 0).all()
    wait_for_forecast(forecast_page, FORECASTER)


def test_without_an_example_the_user_may_paste(open_page, tmp_path):
    run = shutil.copytree(FORECASTER, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config |= {"dataset": None, "train": "gone.csv"}
    (run / "examples.npz").unlink()
    (run / "config.json").write_text(json.dumps(config))
    page = open_page(run)
    wait_for_text(page, "#wrong", "There is no example: gone.csv: no such file")
    page.locator("#chart").click()  # where nothing is drawn yet
    page.fill("#history", "\n".join(str(350 + i % 52) for i in range(156)))
    wait_for_forecast(page, FORECASTER)


@pytest.mark.parametrize(
    ("unit", "step", "start"),
    [
        ("second", 900, "2024-02-28T23:30:00"),
        ("business", 1, "2024-01-05T00:00:00"),
        ("month", 1, "2024-01-31T06:00:00"),
        ("month", 3, "2023-02-28T00:00:00"),
        ("month", 12, "1969-05-15T00:00:00"),
    ],
)
def test_times_of_steps_are_those_of_python(open_page, unit, step, start):
    from polyhead.apps.forecasting.series.frequency import Frequency

    frequency = Frequency(unit, step)
    first = np.datetime64(start, "s")
    expected = [str(stamp) for stamp in frequency.stamps(first, 30)]
    script = """async ([start, frequency]) => {
      const { fromField, stampAt, toField } = await import("/calendar.js");
      const at = (offset) => toField(stampAt(fromField(start), offset, frequency));
      const there = Array.from({ length: 30 }, (_, offset) => at(offset));
      const back = stampAt(fromField(there[29]), -29, frequency);
      return [there, toField(back)];
    }"""
    page = open_page(CLASSIFIER)
    there, back = page.evaluate(script, [start, {"unit": unit, "step": step}])
    assert there == expected
    assert back[:7] == start[:7]


def test_several_columns_are_read_with_names_and_gaps(open_page):
    page = open_page(CLASSIFIER)
    script = """async (text) => {
      const { formatRows, parseRows } = await import("/numbers.js");
      const columns = ["load", "sky"];
      const known = { sky: ["clear", "rain"] };
      const rows = parseRows(text, columns, known);
      return [rows.map((row) => row.map(String)), formatRows(rows, columns, known)];
    }"""
    text = "load, sky\n1.5,rain\n;clear\n\n-2e1\tfog\n"
    rows, back = page.evaluate(script, text)
    assert rows == [["1.5", "1"], ["NaN", "0"], ["NaN", "NaN"], ["-20", "NaN"]]
    assert back == "1.5, rain\n, clear\n, \n-20, "


def make_shop(folder, closed):
    """A run of two columns, of which the first has no value on the closed weekdays."""
    from polyhead.apps import forecasting

    days = np.datetime64("2024-01-01") + np.arange(200)
    lines = ["date,sales,visits"]
    for place, day in enumerate(days.tolist()):
        sales = "" if day.weekday() in closed else 50 + place % 7
        lines.append(f"{day},{sales},{100 + place % 5}")
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    config = forecasting.Config(
        train=str(folder / "a.csv"), run=str(folder / "run"), epochs=1, model="linear"
    )
    run = forecasting.train(config, quiet=True)
    run.export(formats=["tflite"], variants=["int8"])
    return run.path


def read_texts(page):
    script = """() => [...document.querySelectorAll("#table tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent))"""
    return page.evaluate(script)


def test_a_column_without_a_history_has_no_forecast(open_page, tmp_path):
    page = open_page(make_shop(tmp_path, ()))
    wait_for_text(page, "#chart-text", "sales: 7 steps")
    page.fill("#history", "\n".join(f",{100 + i % 5}" for i in range(28)))
    wait_for_text(page, "#note", "sales: no forecast, because its rows have no value.")
    wait_for_text(page, "#chart-text", "none of which has a forecast")
    assert [row[1] for row in read_texts(page)] == ["–"] * 7
    assert page.locator("#wrong").is_hidden()
    assert page.locator("#chart polygon.fan").count() == 0
    page.select_option("#target", "visits")
    wait_for_text(page, "#chart-text", "visits: 7 steps")
    assert "no forecast" not in page.inner_text("#note")
    assert "–" not in "".join(cell for row in read_texts(page) for cell in row)
    page.fill("#history", "\n".join(f"5,{100_000_000 + i % 4}" for i in range(28)))
    wait_for_text(page, "#note", "visits: float32 rounds most of its changes away")


def test_a_weekday_that_never_had_a_value_has_no_forecast(open_page, tmp_path):
    page = open_page(make_shop(tmp_path, (6,)))
    wait_for_text(page, "#note", "sales: no forecast at Sunday: training never has")
    assert [row[1] for row in read_texts(page)].count("–") == 1
    assert page.locator("#chart polygon.fan").count() in (1, 2)  # broken on Sunday
    # Which excuses no other step.
    page.fill("#history", "3e38,100\n" * 28)
    wait_for_text(page, "#wrong", "some of the numbers are too large")
    page.fill("#history", "\n".join(f",{100 + i % 5}" for i in range(28)))
    wait_for_text(page, "#note", "sales: no forecast, because its rows have no value.")
    assert page.locator("#wrong").is_hidden()

"""The forecaster's page reads a file of the user's own as `polyhead predict` does."""

import gzip
import json
import re

import numpy as np
import pytest
from page_tools import (
    FORECASTER,
    assert_no_forecast,
    read_table,
    wait_for_forecast,
    wait_for_text,
)

from polyhead.apps import forecasting
from polyhead.apps.common.errors import PolyheadError

NEAR = {"rtol": 2e-6, "atol": 1e-5}
WEEKS = np.datetime64("2010-01-02") + 7 * np.arange(200)
VALUES = [f"{380 + 0.04 * i + 3 * np.sin(i / 8.3):.1f}" for i in range(200)]


def write_weeks(header="ds,co2", separator=",", form=str, value=str, skip=(), end="\n"):
    rows = [
        f"{form(day)}{separator}{value(number)}"
        for i, (day, number) in enumerate(zip(WEEKS, VALUES, strict=True))
        if i not in skip
    ]
    return end.join([header, *rows, ""])


def with_value(day, value):
    text, count = re.subn(f"(?<=\n{day},).*", value, write_weeks())
    assert count == 1
    return text


def slashed(day):
    return day.item().strftime("%d/%m/%Y")


def shuffled(text):
    head, *rows = text.splitlines()
    order = np.random.default_rng(0).permutation(len(rows))
    return "\n".join([head, *(rows[i] for i in order), ""])


GAPS = {5, 60, 61, 62, 120, 199}
FILES = {
    "plain.csv": write_weeks(),
    "gaps.csv": write_weeks(skip=GAPS),
    "empty-fields.csv": with_value("2013-01-05", ""),
    "semicolons.csv": write_weeks("ds;co2", ";", value=lambda v: v.replace(".", ",")),
    "tabs.tsv": write_weeks("ds\tco2", "\t", end="\r\n"),
    "pipes.csv": write_weeks("ds|co2", "|"),
    "told.csv": "sep=;\n" + write_weeks("ds;co2", ";"),
    "quoted.csv": write_weeks('"ds","co2"', form='"{}"'.format, value='"{}"'.format),
    "more.csv": write_weeks("ds,co2,text", value=lambda v: f'{v},"a, ""b""\nc"'),
    "times.csv": write_weeks(form=lambda day: f"{day}T00:00:00"),
    "zone.csv": write_weeks(form=lambda day: f"{day} 00:00:00+02:00"),
    "utc.csv": write_weeks(form=lambda day: f"{day}T00:00:00Z"),
    "slashes.csv": write_weeks(form=slashed),
    "compact.csv": write_weeks(form=lambda day: str(day).replace("-", "")),
    "seconds.csv": write_weeks(form=lambda day: day.astype("M8[s]").astype(int)),
    "thousandths.csv": write_weeks(form=lambda d: d.astype("M8[ms]").astype(int)),
    "names.csv": write_weeks(form=lambda day: day.item().strftime("%d %B %Y")),
    "unsorted.csv": shuffled(write_weeks()),
    "total.csv": write_weeks() + "Total,99999\n\n",
    "header-again.csv": write_weeks() + "ds,co2\n" + "2013-11-02,388.8\n",
    "future.csv": write_weeks() + "2013-11-02,\n2013-11-09,\n",
    "thousands.csv": write_weeks(value=lambda v: f'"1,{v}"'),
    "long.csv": write_weeks(value=lambda v: v + "0000001"),
}  # fmt: skip


def give(page, name, content):
    """Chooses a file, as a user does."""
    data = content if isinstance(content, bytes) else content.encode()
    file = {"name": name, "mimeType": "text/csv", "buffer": data}
    page.set_input_files("#own", file)


def forecast_of(run, path):
    """Stamps and numbers, as the table of the page has them."""
    (found,) = forecasting.load(run).predict(str(path), engine="tflite")
    numbers = np.concatenate([found.values[:, :1], found.quantiles[:, 0]], axis=1)
    return [str(stamp)[:10] for stamp in found.stamps], numbers


def wait_for_table(page, expected):
    for _ in range(300):
        stamps, values = read_table(page)
        if stamps == expected[0] and np.allclose(values, expected[1], **NEAR):
            return
        page.wait_for_timeout(100)
    assert stamps == expected[0]
    np.testing.assert_allclose(values, expected[1], **NEAR)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (folder / name).write_bytes(text.encode())
    return folder


def test_a_file_has_the_forecast_that_python_gives(open_page, files):
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    for name in FILES:
        expected = forecast_of(FORECASTER, files / name)
        give(page, name, (files / name).read_bytes())
        wait_for_text(page, "#own-note", f"{name}: it has ")
        wait_for_table(page, expected)
        assert page.locator("#wrong").is_hidden(), name


def test_other_encodings_and_a_packed_file_are_read(open_page, files):
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    expected, text = forecast_of(FORECASTER, files / "gaps.csv"), FILES["gaps.csv"]
    for name, data in (
        ("a.csv.gz", gzip.compress(text.encode())),
        ("b.csv", text.encode("utf-16")),
        ("c.csv", text.encode("utf-8-sig")),
        ("d.csv", text.encode("utf-16-le")),
    ):
        give(page, name, data)
        wait_for_text(page, "#own-note", f"{name}: it has 199 steps of 1 week from ")
        wait_for_table(page, expected)
    assert "the last 156 are read, 4 of them with a gap" in page.inner_text("#own-note")


def changed(old, new):
    text = write_weeks()
    assert old in text
    return text.replace(old, new)


WRONG = {
    'row 3: "hello" in column co2 is no number. Leave it empty': with_value(
        "2010-01-09", "hello"
    ),
    'row 4: "soon" in column ds is no time. Write it as 2024-01-31 13:00.': changed(
        "2010-01-16", "soon"
    ),
    'row 4: "2010/01/16" in column ds is written in another way than': changed(
        "2010-01-16", "2010/01/16"
    ),
    "rows 3 and 4 have the same time 2010-01-09. Keep one": changed(
        "2010-01-16", "2010-01-09"
    ),
    "row 4: 2010-01-17 in column ds is no whole number of steps": changed(
        "2010-01-16", "2010-01-17"
    ),
    "row 5 has 3 fields, but the first row has 2.": changed(
        "2010-01-23,", "2010-01-23,1,"
    ),
    "a quoted field in row 4 does not end": changed("2010-01-16,", '2010-01-16,"'),
    "30 steps up to the last value of co2, but the file looks back 156": "\n".join(
        write_weeks().splitlines()[:31]
    ),
    '"1e60" in column co2 is beyond 3.4e38': with_value("2010-01-16", "1e60"),
    "is empty": "\n\n",
    "has no row below its names": "ds,co2\n",
    "no column has dates (columns: co2, x)": "co2,x\n" + "3.5,4\n" * 200,
    'two columns are named "co2"': write_weeks("co2,co2"),
    "is no text in UTF-8": write_weeks().encode() + b"2014-01-01,\xff\n",
}


def test_what_cannot_be_read_is_one_line_and_no_forecast(open_page, tmp_path):
    page = open_page(FORECASTER)
    run = forecasting.load(FORECASTER)
    for said, content in WRONG.items():
        give(page, "good.csv", FILES["plain.csv"])
        wait_for_text(page, "#chart-text", "52 steps from 2013-11-02")
        data = content if isinstance(content, bytes) else content.encode()
        give(page, "bad.csv", data)
        wait_for_text(page, "#wrong", said)
        assert "bad.csv" in page.inner_text("#wrong")
        assert_no_forecast(page)
        assert page.inner_text("#own-note") == ""
        page.wait_for_timeout(150)  # no older work is shown after it
        assert_no_forecast(page)
        (tmp_path / "bad.csv").write_bytes(data)  # nor does Python read it
        with pytest.raises(PolyheadError):
            run.predict(str(tmp_path / "bad.csv"), engine="tflite")
    for name in ("a.xlsx", "a.parquet"):
        give(page, name, b"PK")
        wait_for_text(page, "#wrong", name)


def test_the_user_chooses_among_columns(open_page, files):
    page = open_page(FORECASTER)
    rows = FILES["plain.csv"].splitlines()[1:]
    lines = [f"{r.split(',')[0]},7,{r.split(',')[1]}" for r in rows]
    give(page, "mine.csv", "\n".join(["When,first,second", *lines]))
    wait_for_text(page, "#own-note", "Column first is read as co2.")
    assert page.input_value("#own-time") == "When"
    broken = "\n".join(
        ["When,first,second", lines[0].replace(",7,", ",x7,"), *lines[1:]]
    )
    give(page, "mine.csv", broken)
    wait_for_text(page, "#wrong", 'row 2: "x7" in column first is no number')
    page.get_by_label("co2", exact=True).select_option("second")
    wait_for_table(page, forecast_of(FORECASTER, files / "plain.csv"))
    assert "is read as" not in page.inner_text("#own-note")
    page.get_by_label("Time", exact=True).select_option("second")
    wait_for_text(page, "#wrong", "in column second is no time")
    assert_no_forecast(page)
    page.get_by_label("Time", exact=True).select_option("When")
    wait_for_table(page, forecast_of(FORECASTER, files / "plain.csv"))
    page.get_by_role("button", name="Back to the example").click()
    wait_for_text(page, "#chart-text", "from 2002-01-05")
    assert page.locator("#choices").is_hidden()
    assert page.input_value("#own") == page.inner_text("#own-note") == ""


DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent("dragover", options));
  return document.body.dispatchEvent(new DragEvent("drop", options));
}"""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const options = { clipboardData: data, bubbles: true, cancelable: true };
  const field = document.getElementById("history");
  return field.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def test_a_file_may_be_dropped_and_a_table_pasted(open_page, files):
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    expected = forecast_of(FORECASTER, files / "gaps.csv")
    assert not page.evaluate(DROP, ["dropped.csv", FILES["gaps.csv"]])
    wait_for_text(page, "#own-note", "dropped.csv: it has 199 steps")
    wait_for_table(page, expected)
    page.get_by_role("button", name="Back to the example").click()
    wait_for_text(page, "#chart-text", "from 2002-01-05")
    assert not page.evaluate(PASTE, FILES["gaps.csv"])
    wait_for_text(page, "#own-note", "What you pasted: it has 199 steps")
    wait_for_table(page, expected)
    assert page.evaluate(PASTE, "370.1\n371.2")  # numbers go into the field
    text = DROP.replace(
        "data.items.add(new File([text], name))", "data.setData(name, text)"
    )
    assert page.evaluate(text, ["text/plain", "370.1"])  # and so does a dropped text


def test_numbers_stay_as_they_were_typed(open_page):
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    example = page.input_value("#history").split("\n")
    assert example[0] == "367.8" and max(map(len, example)) <= 5
    give(page, "plain.csv", FILES["plain.csv"])
    wait_for_text(page, "#own-note", "plain.csv")
    assert page.input_value("#history").split("\n") == [
        f"{float(value):g}" for value in VALUES[-156:]
    ]
    script = """async (values) => {
      const { formatExact } = await import("/numbers.js");
      return values.map((value) => formatExact(Math.fround(value)));
    }"""
    values = [367.8, 0.1, 5, 1e-7, 123456789, 3.4e38, -371.49396, 16777217, 0]
    found = page.evaluate(script, values)
    assert [float(text) for text in found] == [
        float(str(np.float32(value))) for value in values
    ]
    assert found[:3] == ["367.8", "0.1", "5"]


def test_a_day_that_may_be_a_month_is_asked_for(open_page):
    page = open_page(FORECASTER)
    rows = "\n".join(f"01/02/20{year:02},3" for year in range(10, 90))
    give(page, "a.csv", f"ds,co2\n{rows}")
    wait_for_text(
        page, "#wrong", "can be read as 2010-01-02 and as 2010-02-01. Write it"
    )


# Several series, covariates and months, in runs of their own.


def train(folder, lines, **options):
    (folder / "train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = forecasting.Config(
        train=str(folder / "train.csv"),
        run=str(folder / "run"),
        epochs=1,
        model="linear",
        **options,
    )
    run = forecasting.train(config, quiet=True)
    run.export(formats=["tflite"], variants=["int8"])
    return run


def test_series_covariates_and_names_of_a_file(open_page, tmp_path):
    hours = np.datetime64("2024-01-01T00") + np.arange(260)
    skies = ("نور", "rain")
    lines = ["when,shop,load,sky,workday"]
    for shop in ("north", "south"):
        for i, hour in enumerate(hours.tolist()):
            load = "" if i >= 250 else f"{i % 24 + 5 * (shop == 'south')}.5"
            lines.append(f"{hour},{shop},{load},{skies[i // 12 % 2]},{hour.weekday()}")
    run = train(
        tmp_path,
        [line for line in lines if ",," not in line],
        target=("load",),
        past_covariates=("sky",),
        future_covariates=("workday",),
        categorical=("sky",),
        look_back=48,
        horizon=10,
    )
    path = tmp_path / "new.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    north, south = run.predict(str(path), engine="tflite")
    page = open_page(run.path)
    give(page, "new.csv", path.read_bytes())
    for name, found in (("north", north), ("south", south)):
        page.get_by_label("Series", exact=True).select_option(name)
        wait_for_text(page, "#own-note", f'series "{name}" has 250 steps of 1 hour')
        numbers = np.concatenate([found.values[:, :1], found.quantiles[:, 0]], axis=1)
        stamps = [str(stamp).replace("T", " ")[:16] for stamp in found.stamps]
        wait_for_table(page, (stamps, numbers))
    assert "نور" in page.input_value("#history")
    names = page.locator("#examples option").all_inner_texts()
    assert any("south" in name for name in names)
    short = "\n".join(line for line in lines if ",," not in line)
    give(page, "short.csv", short)
    wait_for_text(page, "#wrong", "workday at 2024-01-11 10:00 has no known value")
    assert_no_forecast(page)
    renamed = path.read_text(encoding="utf-8").replace("sky,workday", "sun,workday", 1)
    give(page, "renamed.csv", renamed)
    wait_for_text(page, "#wrong", 'no column is named "sky"')
    page.get_by_label("sky", exact=True).select_option("sun")
    wait_for_text(page, "#own-note", "renamed.csv")
    page.wait_for_selector("#chart path.forecast", state="attached")
    assert page.locator("#wrong").is_hidden()


def test_months_end_where_python_ends_them(open_page, tmp_path):
    months = np.datetime64("2010-01") + np.arange(120)
    ends = (months + 1).astype("M8[D]") - 1
    lines = ["date,y", *(f"{day},{i % 12}.25" for i, day in enumerate(ends))]
    run = train(tmp_path, lines, look_back=24, horizon=12)
    page = open_page(run.path)
    for cut in (120, 110, 98):
        name = f"{cut}.csv"
        (tmp_path / name).write_text("\n".join(lines[: cut + 1]) + "\n")
        expected = forecast_of(run.path, tmp_path / name)
        give(page, name, (tmp_path / name).read_bytes())
        wait_for_text(page, "#own-note", name)
        wait_for_table(page, expected)
    facts = json.loads(page.evaluate("fetch('facts.json').then((r) => r.text())"))
    assert facts["time"] == "date" and facts["gap"] == 1

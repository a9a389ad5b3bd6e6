"""Forecasting where the data are unlike most: clocks, lengths, columns, flat pasts."""

import numpy as np
import pandas as pd
import pytest
from wave_tools import hours, make_config, make_waves, write_long, write_wide

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.forecasting import train
from polyhead.apps.forecasting.answers import show_stamps
from polyhead.apps.forecasting.comparison import format_table
from polyhead.apps.forecasting.conformal import calibrate, conformal_offsets
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.networks.clock import cycle_phase
from polyhead.apps.forecasting.networks.model import build_model
from polyhead.apps.forecasting.predicting import read_source
from polyhead.apps.forecasting.series.frequency import Frequency, calendar_cycles
from polyhead.apps.forecasting.series.windows import Windows
from polyhead.apps.forecasting.serving import Serving
from polyhead.apps.forecasting.settings import fit_lengths, resolve


def make_small(path, run=None, **changes):
    """A configuration of a linear model that trains in a second or two."""
    changes = {"model": "linear", "epochs": 1, "horizon": 6, "look_back": 12} | changes
    return make_config(path, run, **changes)


def prepare(config):
    """The resolved configuration, and the windows of its data."""
    dataset = load_data(config)
    config = fit_lengths(resolve(config), dataset.season)
    return config, Windows(dataset, config.look_back, config.horizon)


# Clocks.


def test_a_new_file_by_another_clock_is_set_to_that_of_training(tmp_path):
    values, stamps = make_waves(300), hours(300)
    offsets = ["+01:00"] * 150 + ["+02:00"] * 150  # so training reads UTC
    local = [
        f"{stamp + np.timedelta64(int(offset[2]), 'h')}{offset}"
        for stamp, offset in zip(stamps, offsets, strict=True)
    ]
    whole = write_wide(tmp_path / "a.csv", values, stamps=local)
    run = train(make_small(whole, tmp_path / "run"), quiet=True)
    (wanted,) = run.predict()
    last = write_wide(tmp_path / "b.csv", values[-40:], stamps=local[-40:])
    (found,) = run.predict(last)
    assert run.notes == ["time stamps are those of +00:00, the clock of training"]
    assert (found.stamps == wanted.stamps).all()
    np.testing.assert_array_equal(found.values, wanted.values)


def test_a_day_that_is_no_whole_number_of_steps_has_its_clock_in_the_cycle():
    def phase(days, seconds, frequency):
        found = cycle_phase(
            np.array([days], "int32"),
            np.array([seconds], "int32"),
            frequency,
            frequency.season,
        )
        return np.asarray(found)[0].tolist()

    noon = phase([19_000, 19_007, 19_014], [43_200] * 3, Frequency("second", 420))
    assert noon == [103] * 3
    day_and_half = Frequency("second", 36 * 3600)  # Mondays are on day 4 of 7
    assert phase([4, 11, 18, 4], [0, 0, 0, 43_200], day_and_half) == [0, 0, 0, 0]
    assert phase([10, 17], [0, 43_200], day_and_half) == [4, 4]
    assert phase([0, 0, 1], [0, 3600, 3600], Frequency("second", 3600)) == [0, 1, 1]


def test_a_step_of_a_year_has_no_year_to_tell_of():
    assert calendar_cycles(Frequency("month", 12), 5000) == []
    assert calendar_cycles(Frequency("month", 3), 5000) == ["year"]


def test_stamps_are_written_alike():
    stamps = hours(3, "2024-01-25T23")
    shown = [["2024-01-25 23:00:00", "2024-01-26 00:00:00", "2024-01-26 01:00:00"]]
    assert show_stamps([stamps]) == shown
    days = stamps[1:2]
    assert show_stamps([days, days]) == [["2024-01-26"]] * 2


# Parts.


@pytest.mark.parametrize("part", ["test", "validation"])
@pytest.mark.parametrize(
    ("names", "time"), [(["y0", "other"], "date"), (["y0", "y1"], "Date")]
)
def test_a_part_without_a_column_of_training(tmp_path, part, names, time):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    stamps = hours(300)[200:]
    other = write_wide(tmp_path / "b.csv", make_waves(100), names, stamps, time)
    missing = "y1" if time == "date" else "date"
    with pytest.raises(PolyheadError, match=f"b.csv: no column '{missing}', which .*a"):
        load_data(make_small(path, **{part: other}))


def test_the_parts_of_training_are_those_of_evaluation(tmp_path):
    values = make_waves(1000, 1)
    path = write_long(tmp_path / "a.csv", {"long": values, "short": values[:150]})
    lines = (tmp_path / "a.csv").read_text().splitlines()
    later = [
        f"{name},{stamp},1.0"
        for name, length in (("long", 1000), ("short", 150))
        for stamp in hours(length + 50)[length:]
    ]
    test = tmp_path / "b.csv"
    test.write_text("\n".join([lines[0], *later]) + "\n")
    config = make_small(path, test=str(test), horizon=None, look_back=None)
    dataset = load_data(config)
    filled = fit_lengths(resolve(config), dataset.season)
    assert filled.horizon == 24
    again = load_data(filled)
    for part, ends in dataset.ends.items():
        assert ends.tolist() == again.ends[part].tolist()
    assert dataset.ends["train"].tolist() == [900, 126]


def test_a_part_without_a_target_says_so(tmp_path):
    values = make_waves(200, 1)
    values[160:] = np.nan
    path = write_wide(tmp_path / "a.csv", values)
    _, windows = prepare(make_small(path, split="120,40,40"))
    with pytest.raises(PolyheadError, match="the test part has no value of a target"):
        windows.find("test")


def test_no_training_rows_are_not_called_constant(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(20))
    test = write_wide(tmp_path / "b.csv", make_waves(80), stamps=hours(100)[20:])
    with pytest.raises(PolyheadError, match="no window fits"):
        train(make_small(path, tmp_path / "run", test=test, horizon=24), quiet=True)


def test_a_mistyped_year_in_a_later_file_is_no_gap(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    far = hours(50, "2204-01-10T00")
    test = write_wide(tmp_path / "b.csv", make_waves(50), stamps=far)
    with pytest.raises(PolyheadError, match="b.csv: begins at 2204-01-10.* correct"):
        load_data(make_small(path, test=test))


# Columns.


def test_a_column_that_is_named_is_not_guessed(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200), ["series", "z"])
    columns = load_data(make_small(path, target=("series",))).columns
    assert columns.targets == ("series",) and columns.series is None


def test_tables_of_pandas():
    table = pd.DataFrame({"date": hours(3), "y": pd.array([1, None, 3], "Int64")})
    assert read_source(table).columns["y"] == [1, None, 3]
    table.columns = ["y", "y"]
    with pytest.raises(PolyheadError, match="two columns are named 'y'"):
        read_source(table)


def test_a_category_in_other_letters_is_another_one(tmp_path):
    lines = ["date,y,colour"]
    for place, stamp in enumerate(hours(200)):
        lines.append(f"{stamp},{place % 7},{('red', 'blue')[place % 2]}")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    changes = {"target": ("y",), "future_covariates": ("colour",)}
    config = make_small(str(path), tmp_path / "run", categorical=("colour",), **changes)
    run = train(config, quiet=True)
    ahead = tmp_path / "b.csv"
    rows = [f"{stamp},RED" for stamp in hours(206)[200:]]
    ahead.write_text("\n".join(["date,colour", *rows]) + "\n")
    with pytest.raises(PolyheadError, match="row 2: 'RED' in column 'colour' is none"):
        run.predict(str(path), future=str(ahead))


# Models and measures.


def test_one_number_is_calibrated_all_the_way(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    config, windows = prepare(make_small(path, loss="mse"))
    model = build_model(config, windows.dataset)
    calibrate(model, windows, 0)
    window = windows.take(windows.find("validation"))
    parts = Serving(model).predict_parts(window.inputs)
    mean, scale = np.asarray(model.mean)[:2], np.asarray(model.scale)[:2]
    truth = (window.truth - mean) / scale
    wanted = conformal_offsets(truth, parts["base"], parts["scale"], [0.1, 0.5, 0.9])
    np.testing.assert_allclose(np.asarray(model.offsets), wanted, rtol=1e-5)


def test_a_look_back_of_one_step(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    run = train(make_small(path, tmp_path / "run", look_back=1), quiet=True)
    assert np.isfinite(run.metrics["baselines"]["linear"]["mae"])


def test_an_encoder_and_decoder_with_nothing_known_ahead(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    changes = {"model": "encoder-decoder", "calendar": False}
    config, windows = prepare(make_small(path, **changes))
    model = build_model(config, windows.dataset)
    window = windows.take(windows.find("test")[:3])
    assert model.forecast(window.inputs)["forecast"].shape == (3, 6, 2)


def test_what_was_not_measured_has_no_error(tmp_path):
    values = make_waves(300, 1)
    path = write_long(tmp_path / "a.csv", {"long": values, "short": values[:24]})
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    short = run.metrics["test"]["by_series"]["short"]
    assert set(short.values()) == {None}
    floor = run.metrics["baselines"]["last-value"]["by_series"]["short"]
    assert set(floor.values()) == {None}
    assert run.metrics["test"]["mae"] > 0


def test_a_baseline_without_an_error_is_not_beaten():
    scores = {"mse": 0.1, "mae": 0.1, "windows": 5}
    exact = {"mse": 0.0, "mae": 0.0}
    metrics = {"test": scores, "baselines": {"seasonal-naive": exact}, "protocol": ""}
    text = format_table(metrics)
    assert "seasonal-naive makes no error here: use seasonal-naive" in text


def test_a_backtest_without_an_origin(tmp_path):
    values = make_waves(200, 1)
    values[160:166] = np.nan  # all of the first origin's horizon
    path = write_wide(tmp_path / "a.csv", values)
    changes = {"split": "120,40,40"}
    run = train(make_small(path, tmp_path / "run", **changes), quiet=True)
    with pytest.raises(UsageError, match="--stride 100: no origin has a truth"):
        run.backtest(100)

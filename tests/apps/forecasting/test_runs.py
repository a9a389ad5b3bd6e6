"""Laws of small runs: what is trained on, measured on, and refused."""

import json
import re

import numpy as np
import pytest
from wave_tools import hours, make_config, make_waves, write_long, write_wide

from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.forecasting import Config, baselines, settings
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.run import Run
from polyhead.apps.forecasting.series.statistics import spreads, standardisation
from polyhead.apps.forecasting.series.windows import Windows
from polyhead.apps.forecasting.settings import resolve
from polyhead.apps.forecasting.training import train


def days(count, first="2024-01-01", step=1):
    return np.datetime64(first, "s") + step * np.arange(count) * np.timedelta64(1, "D")


# Baselines and statistics.


def test_the_season_may_be_longer_than_the_look_back(tmp_path):
    weeks = days(260, step=7)
    wave = 50 + 10 * np.sin(2 * np.pi * np.arange(260) / 52)[:, None]
    config = make_config(write_wide(tmp_path / "a.csv", wave, stamps=weeks))
    windows = Windows(load_data(config), 12, 60)
    batch = windows.take(windows.find("train"))
    found = baselines.seasonal_naive(windows, windows.dataset.season)(batch)
    late = batch.places >= 52  # a whole season lies before
    assert late.any() and not late.all()
    np.testing.assert_allclose(found[late], batch.truth[late], atol=1e-3)
    first = batch.inputs["history"][~late][:, -1:]
    unknown = 52 - batch.places[~late]  # steps of no season before
    for row, count in enumerate(unknown):
        assert (found[~late][row, :count] == first[row]).all()


def test_a_series_shorter_than_the_horizon_trains_nothing(tmp_path):
    series = {"long": make_waves(300, 1), "short": make_waves(5, 1) * 1000}
    later = {"long": make_waves(400, 1)[300:], "short": make_waves(25, 1)[5:]}
    train = write_long(tmp_path / "a.csv", series)
    text = (tmp_path / "a.csv").read_text().splitlines()[:1]
    starts = {"long": 300, "short": 5}
    for name, values in later.items():
        stamps = hours(starts[name] + len(values))[starts[name] :]
        rows = zip(stamps, values[:, 0], strict=True)
        text += [f"{name},{stamp},{value:.6f}" for stamp, value in rows]
    (tmp_path / "b.csv").write_text("\n".join(text) + "\n")
    dataset = load_data(make_config(train, test=str(tmp_path / "b.csv")))
    assert dataset.ends["train"].tolist() == [300 - 30, 0]
    assert standardisation(dataset)[1] == pytest.approx(spreads(dataset)[0], rel=1e-6)


def test_a_series_that_rests_in_training_has_the_spread_of_the_others(tmp_path):
    series = {str(n): 1e4 * make_waves(200, 1, n) for n in range(3)}
    still = np.full((200, 1), 7.0)
    still[150:] = 1e6
    path = write_long(tmp_path / "a.csv", series | {"still": still})
    found = spreads(load_data(make_config(path)))[:, 0]
    assert found[3] == np.median(found[:3]) > 1e4


# The frequency of other files.


def make_small(path, run, **changes):
    """A configuration of a linear model that trains in a second or two."""
    changes = {"model": "linear", "epochs": 1, "horizon": 6, "look_back": 12} | changes
    return make_config(path, run, **changes)


@pytest.mark.parametrize(("step", "row"), [(2, 3), (0.5, 3)])
def test_test_rows_of_another_frequency(tmp_path, step, row):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    gap = np.timedelta64(int(step * 3600), "s")
    stamps = hours(201)[-1] + np.arange(100) * gap
    later = write_wide(tmp_path / "b.csv", make_waves(100), stamps=stamps)
    message = rf"b.csv: row {row}: its steps are .*, but .*a.csv has steps of h: bring"
    with pytest.raises(PolyheadError, match=message):
        load_data(make_small(path, tmp_path / "run", test=later))
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    with pytest.raises(PolyheadError, match=message):
        run.evaluate(test=later)
    with pytest.raises(PolyheadError, match=f"row {row}: .* trained on steps of h:"):
        run.predict(later)


def weekdays(count):
    found = days(2 * count)
    return found[(found.astype("datetime64[D]").astype(int) + 3) % 7 < 5][:count]


@pytest.mark.parametrize(
    ("frequency", "stamps"), [("D", weekdays(150)), ("12h", days(150))]
)
def test_a_given_frequency_is_that_of_the_training_file(tmp_path, frequency, stamps):
    path = write_wide(tmp_path / "a.csv", make_waves(150), stamps=stamps)
    config = make_small(path, tmp_path / "run", frequency=frequency)
    run = train(config, quiet=True)
    found = Run(run.path).predict(path)
    np.testing.assert_array_equal(found[0].values, run.predict()[0].values)
    # The baselines have numbers too, though no window is without a gap.
    assert np.isfinite(run.metrics["baselines"]["linear"]["mae"])


def test_a_future_of_five_business_days(tmp_path):
    stamps = weekdays(155)
    values = make_waves(155)
    path = write_wide(tmp_path / "a.csv", values[:150], ["y", "x"], stamps[:150])
    changes = {"target": ("y",), "future_covariates": ("x",), "horizon": 5}
    run = train(make_small(path, tmp_path / "run", **changes), quiet=True)
    ahead = write_wide(tmp_path / "b.csv", values[150:, 1:], ["x"], stamps[150:])
    (found,) = run.predict(path, future=ahead)
    assert (found.stamps == stamps[150:]).all()


def test_later_rows_take_the_place_of_the_test_file_alone(tmp_path):
    values = make_waves(300)
    train_file, test_file, later = (
        write_wide(tmp_path / name, values[a:b], stamps=hours(300)[a:b])
        for name, a, b in (("a.csv", 0, 200), ("b.csv", 200, 250), ("c.csv", 250, 300))
    )
    config = make_small(train_file, None, test=test_file)
    own, dataset = load_data(config), load_data(config, later)
    for part in ("train", "validation"):
        assert dataset.ends[part] == own.ends[part]
    assert [int(edge[0]) for edge in dataset.bounds("test")] == [250, 300]
    np.testing.assert_allclose(dataset.series[0].values, values, rtol=1e-5)
    assert dataset.report["steps"] == {"train": 180, "validation": 20, "test": 50}
    assert dataset.report["sources"]["test"] == later
    with pytest.raises(PolyheadError, match="a.csv: begins at .* give rows that foll"):
        load_data(config, train_file)
    few = write_wide(tmp_path / "d.csv", values[:5], stamps=hours(305)[300:])
    with pytest.raises(PolyheadError, match="d.csv: no window fits: the test part"):
        Windows(load_data(config, few), 12, 6).find("test")


# Categories.


def write_kinds(path, numbers, kinds, stamps=None):
    stamps = hours(len(numbers)) if stamps is None else stamps
    rows = zip(stamps, numbers, kinds, strict=True)
    lines = [f"{stamp},{number:.6f},{kind}" for stamp, number, kind in rows]
    path.write_text("\n".join(["date,y,kind", *lines]) + "\n", encoding="utf-8")
    return str(path)


def test_categories_are_those_of_the_training_rows(tmp_path):
    kinds = ["b", "d"] * 150
    kinds[290] = "c"
    path = write_kinds(tmp_path / "a.csv", make_waves(300)[:, 0], kinds)
    config = make_small(
        path, None, target=("y",), future_covariates=("kind",), categorical=("kind",)
    )
    dataset = load_data(config)
    assert dataset.categories == {"kind": ["b", "d"]}
    values = dataset.series[0].values[:, 1]
    assert np.isnan(values[290])
    assert (np.delete(values, 290) == np.delete(np.arange(300) % 2, 290)).all()


def test_a_future_in_another_time_zone(tmp_path):
    values = make_waves(306, 2)
    stamps = np.array([f"{stamp}+00:00" for stamp in hours(306)])
    path = write_wide(tmp_path / "a.csv", values[:300], ["y", "x"], stamps[:300])
    changes = {"target": ("y",), "future_covariates": ("x",)}
    run = train(make_small(path, tmp_path / "run", **changes), quiet=True)
    ahead = write_wide(tmp_path / "b.csv", values[300:, 1:], ["x"], stamps[300:])
    (wanted,) = run.predict(path, future=ahead)
    other = np.array([f"{stamp}+02:00" for stamp in hours(308)[302:]])
    ahead = write_wide(tmp_path / "c.csv", values[300:, 1:], ["x"], other)
    (found,) = run.predict(path, future=ahead)
    np.testing.assert_array_equal(found.values, wanted.values)
    early = np.array([stamp.replace("+00:00", "+02:00") for stamp in stamps[300:]])
    ahead = write_wide(tmp_path / "d.csv", values[300:, 1:], ["x"], early)
    with pytest.raises(PolyheadError, match=r"d.csv: .* are missing for .*T16:00:00"):
        run.predict(path, future=ahead)


def test_a_category_ahead_that_training_never_saw(tmp_path):
    values, kinds = make_waves(300), ["b", "d"] * 150
    path = write_kinds(tmp_path / "a.csv", values[:, 0], kinds)
    config = make_small(
        path,
        tmp_path / "run",
        target=("y",),
        future_covariates=("kind",),
        categorical=("kind",),
    )
    run = train(config, quiet=True)
    lines = ["date,kind", *(f"{stamp},b" for stamp in hours(306)[300:])]
    ahead = tmp_path / "ahead.csv"
    ahead.write_text("\n".join(lines) + "\n")
    assert len(run.predict(path, future=ahead)[0].values) == 6
    ahead.write_text("\n".join([*lines[:3], lines[3][:-1] + "new", *lines[4:]]) + "\n")
    message = r"ahead.csv: row 4: 'new' in column 'kind' is none of .* on: b, d: give"
    with pytest.raises(PolyheadError, match=message):
        run.predict(path, future=ahead)


def test_only_the_covariates_that_are_missing_are_named(tmp_path):
    values = make_waves(306, 3)
    names, future = ["y", "p", "q"], ("p", "q")
    path = write_wide(tmp_path / "a.csv", values[:300], names)
    config = make_small(path, tmp_path / "run", target=("y",), future_covariates=future)
    run = train(config, quiet=True)
    values[303, 2] = np.nan
    ahead = write_wide(tmp_path / "b.csv", values[300:, 1:], future, hours(306)[300:])
    with pytest.raises(PolyheadError, match=r"covariates \(q\) are missing for 2024-"):
        run.predict(path, future=ahead)
    new = write_wide(tmp_path / "new.csv", make_waves(300, 2), ["y", "p"])
    more = make_small(
        new,
        tmp_path / "more",
        target=("y",),
        init_from=str(run.path),
        horizon=None,
        look_back=None,
    )
    with pytest.raises(UsageError, match="0 past and 2 known-future covariates, not 0"):
        train(more, quiet=True)


# One of several.


def test_the_series_that_are_long_enough_are_forecast(tmp_path, capsys):
    series = {"a": make_waves(200, 1), "b": make_waves(11, 1), "c": make_waves(90, 1)}
    path = write_long(tmp_path / "a.csv", series)
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    assert main(["predict", str(run.path), path, "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert [row["series"] for row in json.loads(printed.out)] == ["a", "c"]
    assert printed.err == (
        f"note: {path}: series b: fewer than 12 steps with a target, not forecast\n"
    )
    short = write_long(tmp_path / "b.csv", {"b": make_waves(11, 1)})
    with pytest.raises(PolyheadError, match="series 'b': 11 steps with a target"):
        run.predict(short)


# Settings, and a run without its data.


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden_dim", 0),
        ("num_layers", 0),
        ("num_heads", 0),
        ("patch_length", 0),
        ("dropout", 1.5),
        ("learning_rate", -1.0),
        ("weight_decay", -1.0),
        ("patience", -1),
        ("ema", 1.0),
    ],
)
def test_settings_that_cannot_be(setting, value):
    with pytest.raises(UsageError, match=f"{setting} is {value}: it must be from"):
        resolve(Config(**{setting: value}))


def test_heads_part_the_vectors():
    changes = {"hidden_dim": 8, "num_heads": 3}
    with pytest.raises(UsageError, match="hidden_dim 8 is no multiple of num_heads 3"):
        resolve(Config(model="patch", **changes))
    with pytest.raises(UsageError, match=r"6 in 2 heads \(num_heads\) gives 3 to each"):
        resolve(Config(model="patch", hidden_dim=6, num_heads=2))
    assert resolve(Config(**changes)).num_heads == 3  # its heads part the look-back


def test_auto_says_what_it_chose_and_can_be_begun_with(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(settings, "CANDIDATES", ("linear", "patch"))
    values = make_waves(200)
    values[20, 0] = np.nan
    path = write_wide(tmp_path / "a.csv", values)
    train(make_small(path, tmp_path / "run", model="auto"))
    said = capsys.readouterr().err
    assert re.search(
        r"^auto: (linear|patch), validation MAE \S+ \((linear|patch) \S+\)$", said, re.M
    )
    moved = tmp_path / "b.csv"
    (tmp_path / "a.csv").rename(moved)
    run = Run(tmp_path / "run")
    assert run.metrics["data"]["missing_values"] == {"y0": 1}
    card = (tmp_path / "run" / "README.md").read_text()
    assert "Missing in the data: 1 values of y0." in card
    assert run.explain(str(moved))["covariates"] == {}  # its own data are gone
    older = resolve(Config(train=str(moved), init_from=str(run.path)))
    assert older.model == run.metrics["train"]["model"]


def test_the_encoder_decoder_is_a_candidate_where_the_future_is_known():
    known = Config(model="auto", future_covariates=("x",))
    assert "encoder-decoder" in settings.candidates(known)
    assert "encoder-decoder" not in settings.candidates(Config(model="auto"))

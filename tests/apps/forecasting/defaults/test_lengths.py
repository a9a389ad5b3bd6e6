"""Lengths that nobody chose shrink to the data; those that somebody chose stay."""

import numpy as np
import pytest
from wave_tools import days, hours, write_long, write_wide

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK, Config
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.defaults.lengths import fit_lengths
from polyhead.apps.forecasting.series.windows import Windows
from polyhead.apps.forecasting.steps import fit_config


def months(count):
    stamps = np.datetime64("2010-01", "M") + np.arange(count)
    return stamps.astype("datetime64[s]")


def years(count):
    return (np.datetime64("1950", "Y") + np.arange(count)).astype("datetime64[s]")


GRIDS = {"months": months, "days": days, "years": years, "hours": hours}
GRIDS["weeks"] = lambda count: days(count, step=7)
SEASONS = {"months": 12, "days": 7, "years": 9, "hours": 24, "weeks": 52}


def make_table(path, kind, count):
    time = np.arange(count)
    values = 100 + 0.2 * time + 10 * np.sin(2 * np.pi * time / SEASONS[kind])
    values += np.random.default_rng(count).normal(0, 1, count)
    return write_wide(path, values[:, None], stamps=GRIDS[kind](count))


def fit(config):
    """The settings as the data fill them, the data, and windows of each split."""
    dataset = load_data(config)
    config = fit_config(resolve(TASK, config), None, dataset)
    windows = Windows(dataset, config.look_back, config.horizon)
    return config, dataset, {s: len(windows.find(s)) for s in dataset.ends}


@pytest.mark.parametrize(
    ("kind", "count", "horizon", "look_back"),
    [
        ("months", 60, 12, 12),
        ("days", 60, 7, 14),
        ("weeks", 156, 24, 46),
        ("years", 30, 6, 7),
        ("months", 24, 4, 7),
        ("hours", 100, 12, 24),
        ("days", 20, 3, 6),
        ("months", 12, 2, 4),
    ],
)
def test_short_series_train_with_lengths_that_fit(
    tmp_path, kind, count, horizon, look_back
):
    config = Config(train=make_table(tmp_path / "a.csv", kind, count))
    config, dataset, windows = fit(config)
    assert (config.horizon, config.look_back) == (horizon, look_back)
    assert windows["train"] >= min(config.horizon, 32)
    (note,) = (w for w in dataset.report["warnings"] if "are few" in w)
    assert f"{count} steps a series are few" in note
    assert f"look-back {look_back} (usual " in note and "--look-back" in note
    usual = {"years": 6, "days": 7, "months": 12, "hours": 24, "weeks": 48}[kind]
    assert (f"horizon {horizon} (usual {usual})" in note) == (horizon < usual)


def test_long_series_keep_the_usual_lengths_and_shares(tmp_path):
    config = Config(train=make_table(tmp_path / "a.csv", "months", 144))
    config, dataset, _ = fit(config)
    assert (config.horizon, config.look_back, config.cycle) == (12, 48, 12)
    assert [int(end[0]) for end in dataset.ends.values()] == [100, 116, 144]
    assert not any("are few" in w for w in dataset.report["warnings"])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"horizon": 9}, {"horizon": 9, "look_back": 12}),
        ({"horizon": 3}, {"horizon": 3}),
        ({"look_back": 24}, {"look_back": 24, "horizon": 6}),
        ({"look_back": 48}, {"look_back": 48, "horizon": 3}),
        ({"look_back": 24, "horizon": 12}, {"look_back": 24, "horizon": 12}),
        ({"split": "44,8,8"}, {"horizon": 6}),
        ({"split": "0.8,0.1,0.1"}, {"horizon": 6}),
        ({"split": "0.9,0.1"}, {"horizon": 6}),
        ({"split": "44,8,8", "horizon": 8}, {"horizon": 8}),
    ],
)
def test_what_was_chosen_stays_and_the_rest_adapts(tmp_path, given, wanted):
    path = make_table(tmp_path / "a.csv", "months", 60)
    config, dataset, windows = fit(Config(train=path, **given))
    assert {name: getattr(config, name) for name in wanted} == wanted
    assert min(windows.values()) >= 1
    if given.get("split") == "44,8,8":
        assert [int(end[0]) for end in dataset.ends.values()] == [44, 52, 60]


@pytest.mark.parametrize(
    "given",
    [
        {"horizon": 30},
        {"look_back": 58},
        {"look_back": 40, "horizon": 12},
        {"split": "44,8,8", "horizon": 9},
        {"split": "44,8,8", "look_back": 44},
    ],
)
def test_what_cannot_fit_is_refused_as_ever(tmp_path, given):
    path = make_table(tmp_path / "a.csv", "months", 60)
    with pytest.raises(PolyheadError, match="no window fits: .* make them shorter"):
        fit(Config(train=path, **given))


@pytest.mark.parametrize("count", range(2, 24))
def test_a_handful_of_rows_fits_or_is_refused(tmp_path, count):
    path = make_table(tmp_path / "a.csv", "days", count)
    if count < 4:
        with pytest.raises(PolyheadError, match=str(tmp_path)):
            fit(Config(train=path))
    else:
        _, _, windows = fit(Config(train=path))
        assert min(windows.values()) >= 1


def test_parts_that_are_files_decide_the_horizon(tmp_path):
    lines = open(make_table(tmp_path / "all.csv", "months", 90)).read().splitlines()
    paths = {}
    for name, (begin, end) in {"a": (0, 70), "b": (70, 75), "c": (75, 90)}.items():
        paths[name] = str(tmp_path / f"{name}.csv")
        text = "\n".join([lines[0], *lines[1 + begin : 1 + end]])
        open(paths[name], "w").write(text + "\n")
    files = {"train": paths["a"], "validation": paths["b"], "test": paths["c"]}
    config, dataset, _ = fit(Config(**files))
    assert config.horizon == 4  # a third of a year, in the 5 months of validation
    assert dataset.ends["train"].tolist() == [70]
    whole = write_rows(tmp_path / "bc.csv", lines[:1] + lines[71:])
    config, _, _ = fit(Config(train=paths["a"], test=whole))
    assert config.horizon == 12


def write_rows(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_most_of_many_short_series_have_windows(tmp_path):
    rng = np.random.default_rng(0)
    shops = {f"s{n}": rng.normal(100, 10, (24, 1)) for n in range(9)}
    shops["old"] = rng.normal(100, 10, (400, 1))
    config = Config(train=write_long(tmp_path / "a.csv", shops))
    config, dataset, windows = fit(config)
    assert (config.horizon, config.look_back) == (4, 7)
    trained = Windows(dataset, config.look_back, config.horizon).find("train")
    assert len(np.unique(trained[:, 0])) == 10


def test_a_week_in_hourly_values_sets_look_back_cycle_and_season(tmp_path):
    time = np.arange(8 * 168)
    values = np.sin(2 * np.pi * time / 24) * np.where(time // 24 % 7 > 4, 0.2, 1.0)
    path = write_wide(tmp_path / "a.csv", values[:, None], stamps=hours(len(time)))
    config, dataset, _ = fit(Config(train=path))
    assert (config.look_back, config.cycle, config.horizon) == (168, 168, 24)
    assert config.clock == "day,week" and dataset.report["seasons"] == [24, 168]
    assert dataset.season == dataset.error_season == 24  # of MASE as well
    given = Config(train=path, look_back=36, cycle=24, mase_season=168)
    config, dataset, _ = fit(given)
    assert (config.look_back, config.cycle) == (36, 24)
    assert (dataset.season, dataset.error_season) == (24, 168)


def test_a_week_of_minutes_is_learned_but_not_looked_back_upon(tmp_path):
    time = np.arange(4 * 2016)
    values = np.sin(2 * np.pi * time / 288) * np.where(time // 288 % 7 > 4, 0.2, 1.0)
    stamps = hours(1)[0] + 300 * time.astype("timedelta64[s]")
    path = write_wide(tmp_path / "a.csv", values[:, None], stamps=stamps)
    config, _, _ = fit(Config(train=path))
    assert (config.look_back, config.cycle) == (1024, 2016)


@pytest.mark.parametrize(
    ("kind", "count"),
    [("months", 60), ("weeks", 156), ("weeks", 290), ("days", 12), ("hours", 300)],
)
def test_resolved_lengths_are_resolved_again_to_themselves(tmp_path, kind, count):
    path = make_table(tmp_path / "a.csv", kind, count)
    config, dataset, _ = fit(Config(train=path))
    again = load_data(config)
    assert fit_lengths(config, again) == config
    for split, ends in dataset.ends.items():
        assert ends.tolist() == again.ends[split].tolist()

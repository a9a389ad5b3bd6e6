"""The linear map, on laws that it can know."""

import numpy as np
import pytest
from wave_tools import hours, make_config, write_wide

from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scoring.ridge import linear
from polyhead.apps.forecasting.series.windows import Windows

NOISE = np.random.default_rng(0).normal(0, 1, (500, 3))


def errors(tmp_path, columns, **changes):
    """Mean absolute errors of each target, with and without the known future."""
    lines = [",".join(["date", *columns])]
    for stamp, *row in zip(hours(500), *columns.values(), strict=True):
        lines.append(",".join(map(str, [stamp, *row])))
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = []
    for future in (changes["future_covariates"], ()):
        part = changes | {"future_covariates": future}
        if not future:
            part |= {"categorical": ()}
        windows = Windows(load_data(make_config(str(path), **part)), 24, 6)
        window = windows.take(windows.find("test"))
        gap = np.abs(linear(windows)(window) - window.truth)
        found.append(gap.mean(axis=(0, 1)))
    return found


def test_a_number_that_is_known_ahead_is_used(tmp_path):
    wind, load = NOISE[:, 0], NOISE[:, 1]
    columns = {"y": 20 + 5 * wind - load, "wind": wind, "load": load}
    changes = {"target": ("y",), "future_covariates": ("wind", "load")}
    with_future, without = errors(tmp_path, columns, **changes)
    assert with_future[0] < 0.05 < 2 < without[0]


def test_each_target_has_its_own_effect(tmp_path):
    wind = NOISE[:, 0]
    columns = {"up": 20 + 5 * wind, "down": 300 - 50 * wind, "wind": wind}
    changes = {"target": ("up", "down"), "future_covariates": ("wind",)}
    with_future, without = errors(tmp_path, columns, **changes)
    assert (with_future < 0.05 * without).all()


def test_a_name_that_is_known_ahead_is_used(tmp_path):
    days = np.array(["work", "feast", "rest"])[
        1 * (NOISE[:, 0] > 0) + (NOISE[:, 1] > 1)
    ]
    effect = {"work": 5.0, "feast": -3.0, "rest": 40.0}
    y = np.array([effect[day] for day in days]) + 0.01 * NOISE[:, 2]
    changes = {"target": ("y",), "future_covariates": ("day",)}
    changes["categorical"] = ("day",)
    with_future, without = errors(tmp_path, {"y": y, "day": days}, **changes)
    assert with_future[0] < 0.1 * without[0]


@pytest.mark.parametrize("place", [0, 1])
def test_gaps_and_flat_histories_have_numbers(tmp_path, place):
    values = np.stack([20 + NOISE[:, 0], NOISE[:, 1]], axis=1)
    values[100:140, place] = np.nan
    values[480:, place] = values[470, place]
    path = write_wide(tmp_path / "a.csv", values, ["y", "x"])
    config = make_config(path, target=("y",), future_covariates=("x",))
    windows = Windows(load_data(config), 24, 6)
    window = windows.take(windows.find("test"))
    assert np.isfinite(linear(windows)(window)).all()


def test_tiny_numbers_are_as_good_as_others(tmp_path):
    wave = np.sin(np.arange(500) / 5)
    found = []
    for size in (1.0, 1e-30):
        lines = [
            f"{stamp},{size * v!r}"
            for stamp, v in zip(hours(500), wave.tolist(), strict=True)
        ]
        path = tmp_path / "a.csv"
        path.write_text("\n".join(["date,y", *lines]) + "\n")
        windows = Windows(load_data(make_config(str(path))), 24, 6)
        window = windows.take(windows.find("test"))
        gap = np.abs(linear(windows)(window) - window.truth.astype(float))
        found.append(gap.mean() / size)
    assert found[1] == pytest.approx(found[0], rel=0.1, abs=1e-4)

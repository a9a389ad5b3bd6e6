"""Which cycles of the calendar are found in made-up series, and which are not."""

import numpy as np
import pytest

from polyhead.apps.forecasting.defaults.seasons import find_cycles
from polyhead.apps.forecasting.series.frequency import (
    Frequency,
    cycle_steps,
    list_seasons,
    parse_frequency,
)

HOUR, DAY = Frequency("second", 3600), Frequency("second", 86_400)


def make_load(steps, daily=24, noise=3.0, weekend=0.4, seed=0):
    """`(steps, 1)`: a day's wave that is lower on every sixth and seventh day."""
    time = np.arange(steps)
    wave = 30.0 + 20.0 * np.sin(2 * np.pi * time / daily)
    wave = wave * np.where(time // daily % 7 > 4, weekend, 1.0)
    return (wave + np.random.default_rng(seed).normal(0, noise, steps))[:, None]


def drift(steps, size=1.0, seed=1):
    return np.random.default_rng(seed).normal(0, size, (steps, 1)).cumsum(axis=0)


@pytest.mark.parametrize("minutes", [15, 30, 60, 120])
def test_the_week_of_a_load_is_found_at_any_step_of_a_day(minutes):
    daily = 24 * 60 // minutes
    frequency = parse_frequency(f"{minutes}min")
    values = make_load(6 * 7 * daily, daily)
    assert find_cycles(frequency, [values]) == ["day", "week"]
    assert list_seasons(frequency, ["day", "week"]) == [daily, 7 * daily]
    # And no week where all days are alike.
    alike = make_load(6 * 7 * daily, daily, weekend=1.0)
    assert find_cycles(frequency, [alike]) == ["day"]


def test_a_drift_hides_no_week_and_makes_none():
    values = make_load(10 * 168) + drift(10 * 168)
    last_week = np.abs(values[168:] - values[:-168]).mean()
    assert last_week > np.abs(values[24:] - values[:-24]).mean()  # for the drift
    assert find_cycles(HOUR, [values]) == ["day", "week"]
    assert find_cycles(HOUR, [drift(2000)]) == []
    assert find_cycles(HOUR, [np.arange(2000.0)[:, None]]) == []
    assert find_cycles(HOUR, [np.ones((2000, 1))]) == []


def test_two_weeks_of_noise_are_no_week():
    rng = np.random.default_rng(2)
    found = [find_cycles(HOUR, [rng.normal(0, 1, (350, 1))]) for _ in range(50)]
    assert found == [[]] * 50
    assert find_cycles(HOUR, [make_load(300)]) == ["day"]  # less than two weeks
    assert find_cycles(HOUR, [np.full((700, 1), np.nan)]) == []


def test_of_many_series_the_middle_one_counts_and_of_targets_the_mean():
    load, alike = make_load(1200), make_load(1200, weekend=1.0)
    assert find_cycles(HOUR, [load, load, alike]) == ["day", "week"]
    assert find_cycles(HOUR, [load, alike, alike]) == ["day"]
    both = np.concatenate([load, drift(1200)], axis=1)
    assert find_cycles(HOUR, [both]) == ["day", "week"]
    holes = load.copy()
    holes[::5] = np.nan
    assert find_cycles(HOUR, [holes]) == ["day", "week"]


def test_years_of_days_and_of_months():
    time = np.arange(1500.0)[:, None]
    noise = np.random.default_rng(3).normal(0, 3, time.shape)
    year = 20 * np.sin(2 * np.pi * time / 365.25) + noise
    assert find_cycles(DAY, [year]) == ["year"]
    assert find_cycles(DAY, [year[:600]]) == []
    assert find_cycles(DAY, [year + 12.0 * (time % 7 > 4)]) == ["week", "year"]
    assert find_cycles(DAY, [0.1 * time + noise]) == []
    months = 10 * np.sin(2 * np.pi * time[:60] / 12) + 0.2 * time[:60]
    assert find_cycles(Frequency("month", 1), [months]) == ["year"]


@pytest.mark.parametrize(
    ("frequency", "steps", "seasons"),
    [
        ("15min", {"day": 96, "week": 672, "year": 35_040}, [96, 672]),
        ("h", {"day": 24, "week": 168, "year": 8760}, [24, 168]),
        ("7h", {"week": 24}, [3]),
        ("D", {"week": 7, "year": 365}, [7, 365]),
        ("B", {"week": 5, "year": 261}, [5, 261]),
        ("W", {"year": 52}, [52]),
        ("MS", {"year": 12}, [12]),
        ("QS", {"year": 4}, [4]),
        ("YS", {}, [1]),
    ],
)
def test_steps_of_the_cycles(frequency, steps, seasons):
    frequency = parse_frequency(frequency)
    assert cycle_steps(frequency) == steps
    assert list_seasons(frequency, list(steps)) == seasons
    assert list_seasons(frequency, []) == seasons[:1]

"""Horizon, look-back and cycle: what nobody has chosen is fitted to the data."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..config import Config
from ..series.dataset import Dataset

LONGEST_HORIZON, LONGEST_LOOK_BACK = 48, 1_024  # that nobody has chosen
ENOUGH = 32  # training windows of a series; for fewer, the look-back is shortened


def choose_horizon(
    config: Config, season: int, rows: int, held: Sequence[int], undecided: int
) -> int:
    """The steps that are forecast: as configured, or a season, or a part of one.

    Args:
        rows: of the typical series, before the parts that are `held` out of it.
        held: steps of those parts, which somebody has chosen.
        undecided: how many parts are still to be cut from the rows.
    """
    if config.horizon:
        return config.horizon
    # A window in each part; in training a history, and as many windows as steps ahead.
    shares = undecided + (2 if config.look_back else 3)
    room = min((rows - (config.look_back or 0)) // shares, *held, usual_horizon(season))
    return usual_horizon(season) // -(-usual_horizon(season) // max(1, room))


def usual_horizon(season: int) -> int:
    """The steps that are forecast where there are rows enough."""
    return min(max(season, 6), LONGEST_HORIZON)


def fit_parts(config: Config, horizon: int, ends: dict) -> dict:
    """Ends of splits that nobody has chosen: a window fits in each, if it can at all.

    `ends` are those of the usual shares, which are kept as far as training has windows
    enough then.
    """
    train, validation, last = ends.values()
    windows = min(horizon, ENOUGH)
    spare = last - (config.look_back or horizon) - horizon - windows + 1
    fits = last >= 3 * horizon + (config.look_back or 1)

    def resize(size, share):
        most = np.maximum(share * spare // 3, horizon)
        return np.where(fits, np.clip(size, horizon, most), size)

    test, held = resize(last - validation, 2), resize(validation - train, 1)
    return {"train": last - test - held, "validation": last - test, "test": last}


def fit_lengths(config: Config, dataset: Dataset) -> Config:
    """Fills horizon, look-back, cycle and clock."""
    # A cycle of 365 days would know no weekday.
    cycle = max(s for s in dataset.seasons if s % dataset.season == 0)
    horizon = config.horizon or dataset.horizon
    clock = ",".join(dataset.cycles) if config.clock is None else config.clock
    return replace(
        config,
        horizon=horizon,
        look_back=config.look_back or _choose_look_back(dataset, horizon, cycle),
        cycle=config.cycle or cycle,
        clock=clock,
    )


def _usual_look_back(dataset: Dataset, horizon: int, cycle: int) -> int:
    return min(max(4 * dataset.season, 2 * horizon, cycle), LONGEST_LOOK_BACK)


def _choose_look_back(dataset: Dataset, horizon: int, cycle: int) -> int:
    """The usual one, or a shorter one with which training has windows enough."""
    room = typical(dataset.ends["train"]) - horizon
    most = max(1, room + 1 - min(max(room // 2, 1), ENOUGH))
    usual = _usual_look_back(dataset, horizon, cycle)
    if most >= usual:
        return usual
    # Whole seasons, if there is one.
    return most - most % dataset.season if most >= dataset.season else most


def known_cycles(config: Config) -> tuple[str, ...]:
    """The cycles that a run found in its data; older runs looked for none."""
    return tuple(config.clock.split(",")) if config.clock else ()


def typical(lengths: np.ndarray) -> int:
    """The length of the middle one of several series."""
    return int(np.median(lengths))


def explain_lengths(config: Config, dataset: Dataset) -> list[str]:
    """Notes on what the data decided otherwise than usual; see `fit_lengths`."""
    notes, filled = [], fit_lengths(config, dataset)
    frequency, horizon = dataset.frequency, filled.horizon or 1
    usual = {
        "horizon": usual_horizon(frequency.season),
        "look-back": _usual_look_back(dataset, horizon, filled.cycle or 1),
    }
    chosen = {"horizon": filled.horizon, "look-back": filled.look_back}
    asked = {"horizon": config.horizon, "look-back": config.look_back}
    short = [name for name in usual if chosen[name] != usual[name] and not asked[name]]
    if short:
        rows = typical(list(dataset.ends.values())[-1])
        bounds = {split: dataset.bounds(split) for split in dataset.ends}
        sizes = [f"{split} {typical(b - a):,}" for split, (a, b) in bounds.items()]
        told = " and ".join(f"{n} {chosen[n]} (usual {usual[n]})" for n in short)
        notes.append(
            f"{rows:,} steps a series are few: {told}; steps of {', '.join(sizes)}: "
            "--horizon, --look-back and --split choose otherwise"
        )
    return notes

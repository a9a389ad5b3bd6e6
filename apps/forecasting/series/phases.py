"""Hours, weekdays and months at which a target never had a value in training."""

from collections.abc import Sequence

import numpy as np

from . import Silent
from .dataset import Dataset

# Of each cycle of the calendar: how many phases it has, and what they are.
PHASES = {"day": (24, "hour"), "week": (7, "weekday"), "year": (12, "month")}
# So seldom are steps without a value at a phase chance.
CHANCE = 1e-3


def find_silent(dataset: Dataset) -> Silent:
    """The phases at which a target never has a value in the training rows.

    A shop that is closed on Sundays has no value on Sundays. Only the cycles that the
    rows cover twice count, and only where so many empty steps cannot be chance.
    """
    found = []
    parts = dataset.training_values()
    pairs = zip(dataset.series, parts, strict=True)
    stamps = np.concatenate([s.stamps(dataset.frequency, len(p)) for s, p in pairs])
    values = np.concatenate(parts)
    if not len(values):
        return []
    for cycle in dataset.calendar_cycles:
        count, unit = PHASES[cycle]
        phase = phases_of(stamps, unit)
        steps = np.bincount(phase, minlength=count)
        for place, target in enumerate(dataset.columns.targets):
            is_known = ~np.isnan(values[:, place])
            known = np.bincount(phase[is_known], minlength=count)
            empty = (known == 0) & ((1.0 - is_known.mean()) ** steps < CHANCE)
            found += [[target, unit, int(at)] for at in np.flatnonzero(empty)]
    return found


def phases_of(stamps: np.ndarray, unit: str) -> np.ndarray:
    """The hour, the weekday (0 for Monday) or the month (0 for January) of stamps."""
    days = stamps.astype("datetime64[D]")
    if unit == "hour":
        return (stamps - days).astype("timedelta64[h]").astype(np.int64)
    if unit == "weekday":
        return (days.astype(np.int64) + 3) % 7
    return stamps.astype("datetime64[M]").astype(np.int64) % 12


def is_silent(stamps: np.ndarray, targets: Sequence[str], silent: Silent) -> np.ndarray:
    """Which `stamps (N,)` fall on a silent phase of each target, `(N, T)`."""
    found = np.zeros((len(stamps), len(targets)), bool)
    for target, unit, number in silent:
        found[:, targets.index(target)] |= phases_of(stamps, unit) == number
    return found

"""Which cycles of the calendar the values follow: the day, the week, the year."""

from collections.abc import Sequence

import numpy as np

from ..series.frequency import Frequency, cycle_steps
from ..series.statistics import mean_known

# So much closer are values a cycle apart than values beside it. In few cycles, chance
# alone can bring them nearer.
CLOSER, CHANCE = 0.1, 0.5
FEWEST_CYCLES = 2  # in training


def find_cycles(frequency: Frequency, parts: Sequence[np.ndarray]) -> list[str]:
    """The cycles that the values of training follow.

    `parts` are the targets of each series, `(steps, T)`. In a week, values seven days
    apart are closer than those six or eight days apart; in a day or a year, closer than
    those half a cycle less or more. That holds as well where a level drifts.
    """
    found = []
    for name, steps in cycle_steps(frequency).items():
        long = [part for part in parts if len(part) >= FEWEST_CYCLES * steps]
        if not long:
            continue
        beside = max(1, steps // 7 if name == "week" else steps // 2)
        # A half of the series may be unlike, and one target of several may have none.
        ratio = np.median([_compare(part, steps, beside) for part in long], axis=0)
        cycles = max(map(len, long)) / steps
        if ratio.mean() < 1.0 - max(CLOSER, CHANCE / cycles):
            found.append(name)
    return found


def _compare(values: np.ndarray, steps: int, beside: int) -> np.ndarray:
    """Differences a cycle apart over those beside it, of each target `(T,)`."""
    values = values.astype(np.float64)

    def differ(lag):
        return mean_known(np.abs(values[lag:] - values[:-lag]))

    around = differ(steps - beside)
    if len(values) > steps + 2 * beside:
        around = (around + differ(steps + beside)) / 2.0
    return np.where(around > 0, differ(steps) / np.where(around > 0, around, 1.0), 1.0)

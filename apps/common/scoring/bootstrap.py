"""Resamples of the rows, from which the intervals come."""

from collections.abc import Iterator, Sequence

import numpy as np

SEED = 12345  # sacreBLEU's own
_CELLS = 4_000_000  # of the table of draws held at once


def resample(
    tables: Sequence[np.ndarray], draws: int, seed: int = SEED
) -> list[np.ndarray]:
    """Sums each table over the same resampled rows.

    The resamples are those of sacreBLEU for the same seed, but rows are counted
    instead of copied, which needs a thousandth of its memory.

    Args:
        tables: each `(rows, counts)`.
        draws: number of resamples, each of as many rows as there are.
        seed: of the draws; NumPy's global state is left alone.

    Returns:
        For each table the sums `(draws, counts)`.
    """
    together = np.hstack(tables)
    times = _draw(len(together), draws, seed)
    sums = np.vstack([part @ together for part in times])
    ends = np.cumsum([table.shape[1] for table in tables])[:-1]
    return np.split(sums, ends, axis=1)


def _draw(rows: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn, float64 `(some draws, rows)` at a time."""
    rng = np.random.default_rng(seed)
    size = max(1, _CELLS // rows)
    for start in range(0, draws, size):
        part = min(size, draws - start)
        drawn = rng.choice(rows, size=(part, rows), replace=True)
        drawn += np.arange(part)[:, None] * rows
        times = np.bincount(drawn.ravel(), minlength=part * rows)
        yield times.reshape(part, rows).astype(np.float64)


def interval(values: np.ndarray) -> list[float]:
    """Where the middle 95% lie, by the ranks that sacreBLEU takes."""
    values = np.sort(values)
    cut = len(values) // 40
    return [float(values[cut]), float(values[len(values) - 1 - cut])]

"""Where training, validation and test end in each series."""

from itertools import pairwise

import numpy as np

from ...common.errors import PolyheadError, UsageError
from ..config import Config
from ..series.dataset import SPLITS
from .lengths import choose_horizon, fit_parts, typical

SHARES = "0.7,0.1,0.2"  # of a series that comes as one file
VALIDATION_SHARE = 0.1  # of the training rows, where test data are given apart

Ends = dict[str, np.ndarray]  # split -> a step of each series


def find_ends(
    config: Config, lengths: Ends, ahead: np.ndarray, season: int, source: str
) -> tuple[Ends, int]:
    """Ends of the splits, and the horizon for which they are cut.

    The steps `ahead`, at the end of each series, are in none.
    """
    total = lengths["train"]

    def choose(rows, held=(), undecided=0):
        sizes = [typical(size) for size in held]
        return choose_horizon(config, season, typical(rows), sizes, undecided)

    if len(lengths) == 1:
        ends = _divide(config.split or SHARES, total, ahead, source)
        if config.split:
            sizes = [b - a for a, b in pairwise(ends.values())]
            return ends, choose(ends["train"], sizes)
        horizon = choose(total - ahead, undecided=2)
        return fit_parts(config, horizon, ends), horizon
    if config.split:
        raise UsageError("--split parts one file; leave out --validation and --test")
    last = list(lengths)[-1]
    lengths = lengths | {last: lengths[last] - ahead}
    held = [lengths[split] for split in SPLITS[1:] if split in lengths]
    horizon = choose(total, held, undecided=int("validation" not in lengths))
    if "validation" in lengths:
        ends = {"train": total, "validation": total + lengths["validation"]}
    else:  # at least one window has to fit
        size = np.maximum((total * VALIDATION_SHARE).astype(int), horizon)
        ends = {"train": np.maximum(total - size, 0), "validation": total}
    if "test" in lengths:
        ends["test"] = ends["validation"] + lengths["test"]
    return ends, horizon


def _divide(text: str, total: np.ndarray, ahead: np.ndarray, source: str) -> Ends:
    """Ends of the splits: rows, or shares with the rest of rounding in validation."""
    try:
        sizes = [float(word) for word in text.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) not in (2, 3) or not all(size > 0 for size in sizes):
        raise UsageError(
            f"--split {text!r}: give train, validation and test as rows "
            "(8640,2880,2880) or as shares (0.7,0.1,0.2)"
        )
    if max(sizes) < 1:
        if sum(sizes) > 1 + 1e-9:
            raise UsageError(f"--split {text!r}: the shares are more than 1")
        total = total - ahead
        train = (total * sizes[0] + 1e-9).astype(int)
        test = (total * sum(sizes[2:]) + 1e-9).astype(int)
        used = (total * sum(sizes) + 1e-9).astype(int)
        ends = {"train": train, "validation": used - test}
        return ends | ({"test": used} if len(sizes) == 3 else {})
    if any(size != int(size) for size in sizes):
        raise UsageError(f"--split {text!r}: either rows or shares, not both")
    if sum(sizes) > total.min():
        raise PolyheadError(
            f"{source}: {total.min():,} rows, but --split asks for {int(sum(sizes)):,}"
        )
    sums = np.cumsum(sizes).astype(int)
    return {s: np.full(len(total), end) for s, end in zip(SPLITS, sums, strict=False)}

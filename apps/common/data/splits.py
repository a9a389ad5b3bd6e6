"""Splits: the one that measures a run, and validation rows taken from training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

FEWEST_HELD_OUT, MOST_HELD_OUT = 20, 0.2  # rows, and a share of all


def held_out(data: Any) -> tuple[str, Any]:
    """The split that measures a run: test, or validation where there is none."""
    if data.test is not None:
        return "test", data.test
    return "validation", data.validation


def fit_fraction(rows: int, usual: float) -> float:
    """The share of the training rows that validation takes where nobody chose one.

    Of few rows it is more than usual, as two rows decide nothing: enough for 20 rows,
    but at most a fifth.

    Example:

    >>> from polyhead.apps.common.data.splits import fit_fraction
    >>> fit_fraction(10_000, 0.05), fit_fraction(200, 0.05), fit_fraction(50, 0.05)
    (0.05, 0.1, 0.2)
    """
    return max(usual, min(FEWEST_HELD_OUT / max(rows, 1), MOST_HELD_OUT))


def number_texts(texts: Sequence[str]) -> np.ndarray:
    """A number for every text, the same for equal texts."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(t, len(numbers)) for t in texts], np.int64)


def sample_rows(rows: int, most: int, seed: int) -> np.ndarray:
    """All row numbers, or a seeded sample of `most` of them, in order."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def stratified_split(
    texts: Sequence[str], labels: np.ndarray, fraction: float, seed: int
) -> np.ndarray:
    """Chooses rows for validation.

    Equal texts stay on one side. Each class gives its share to within one row (as far
    as repeated texts allow) and keeps at least one text for training. A row with
    several labels counts for the rarest of them. `labels` are int `(rows,)` or bool
    `(rows, labels)`. Returns bool `(rows,)`, True for validation.
    """
    groups = number_texts(texts)
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    strata = _strata(labels)[first]  # a group has the class of its first row
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(sizes))
    order = order[np.argsort(strata[order], kind="stable")]
    chosen = np.zeros(len(sizes), dtype=bool)
    names, starts = np.unique(strata[order], return_index=True)
    members = np.split(order, starts[1:])
    rows = np.array([sizes[group].sum() for group in members])
    splittable = np.array([len(group) > 1 for group in members])
    targets = _shares(np.where(splittable, rows, 0), fraction, generator)
    for group, target in zip(members, targets, strict=True):
        left = int(target)
        for member in group:
            if left == 0:
                break
            if sizes[member] <= left:
                chosen[member] = True
                left -= sizes[member]
    mask = chosen[groups]
    _give_back(mask, groups, labels)
    return mask


def _strata(labels: np.ndarray) -> np.ndarray:
    if labels.ndim == 1:
        return labels
    rarity = np.where(labels, labels.sum(axis=0), len(labels) + 1)
    return np.where(labels.any(axis=1), rarity.argmin(axis=1), -1)


def _shares(
    rows: np.ndarray, fraction: float, generator: np.random.Generator
) -> np.ndarray:
    """`fraction` of each number of rows: the largest remainders are rounded up."""
    exact = rows * fraction
    shares = np.floor(exact).astype(np.int64)
    total = max(1, round(rows.sum() * fraction))
    order = generator.permutation(len(rows))  # equal remainders are chosen at random
    order = order[np.argsort(-(exact - shares)[order], kind="stable")]
    order = order[rows[order] > 0][: max(0, total - shares.sum())]
    shares[order] += 1
    return shares


def _give_back(mask: np.ndarray, groups: np.ndarray, labels: np.ndarray) -> None:
    """Returns texts to training until no class is only in validation."""
    if labels.ndim == 1:
        lost = np.setdiff1d(labels[mask], labels[~mask])
        holders = [np.flatnonzero(labels == label) for label in lost]
    else:
        lost = np.flatnonzero(labels[mask].any(axis=0) & ~labels[~mask].any(axis=0))
        holders = [np.flatnonzero(labels[:, label]) for label in lost]
    for rows in holders:
        mask[groups == groups[rows[0]]] = False

"""The splits of a run that was trained before, found again in its series."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...common.data.known_rows import BEFORE, KnownRows, remember, restore
from ...common.data.row_hashes import Rows, fingerprint_rows, hash_rows, keys_of
from ...common.errors import PolyheadError
from .dataset import SPLITS, Dataset
from .frames import Frame
from .frequency import Frequency
from .series import Series


class FoundEnds(NamedTuple):
    """Where the splits of a run end in its series today."""

    series: list[Series]  # without the rows before the run's first
    ends: dict[str, np.ndarray]  # split -> the step, of each series, where it ends
    differences: tuple[str, ...]  # from the data that the run was trained on
    is_whole: bool  # whether all rows of the run are there, as they were


def known_as(
    series: Series,
    frequency: Frequency,
    start: int = 0,
    end: int | None = None,
    columns: int | None = None,
) -> Rows:
    """The steps of a series as a run remembers them: stamps, and what they hold."""
    unit = "us" if frequency.unit == "microsecond" else "s"
    numbers = series.stamps(frequency)[start:end].astype(f"datetime64[{unit}]")
    keys = [f"{series.name}\0{stamp}" for stamp in numbers.astype(np.int64).tolist()]
    values = series.values[start:end, :columns]
    return Rows(keys, [row.tobytes() for row in values])


def remember_series(dataset: Dataset, init_from: str | None) -> KnownRows:
    """What a run that begins to train on `dataset` remembers of it."""
    parts = {split: rows_of(dataset, split) for split in dataset.ends}
    older = KnownRows.load(init_from) if init_from else None
    return remember(parts, None, older)


def rows_of(dataset: Dataset, split: str, columns: int | None = None) -> Rows:
    """The steps of a split as a run remembers them, one series after the other.

    With `columns`, only so many columns of values count, the targets first.
    """
    bounds = zip(dataset.series, *dataset.bounds(split), strict=True)
    frequency = dataset.frequency
    return join_rows([known_as(s, frequency, a, b, columns) for s, a, b in bounds])


def fingerprint_split(dataset: Dataset, split: str) -> str:
    """See `fingerprint_rows`; of the targets alone, whatever the covariates are."""
    count = len(dataset.columns.targets)
    return fingerprint_rows(rows_of(dataset, split, count))


def join_rows(rows: Sequence[Rows]) -> Rows:
    """The rows of several series, one series after the other."""
    keys = [key for one in rows for key in one.keys]
    return Rows(keys, [answer for one in rows for answer in one.answers])


def restore_ends(
    known: KnownRows, series: Sequence[Series], frequency: Frequency, source: str
) -> FoundEnds:
    """Finds the splits of a run again, by the time stamps of their rows."""
    rows = [known_as(one, frequency) for one in series]
    keys = [keys_of(hash_rows(known.salt, one)) for one in rows]
    splits = [name for name in SPLITS if name in known.parts]
    ends: dict[str, np.ndarray] = {}
    places = _places_of(known, keys, splits)
    first = np.array([found[0] if len(found) else 0 for found in places])
    before = first.copy()
    for split in splits:
        before = ends[split] = np.maximum(before, _ends_of(known, keys, [split]))
    if not (ends["train"] > first).any():
        raise PolyheadError(
            f"{source}: no row of the run's training is there any more: give the data "
            "that the run was trained on"
        )
    restored = restore(known, join_rows(rows), splits)
    later = [
        replace(one, start=one.stamps(frequency)[at], values=one.values[at:])
        for one, at in zip(series, first.tolist(), strict=True)
    ]
    moved = {split: end - first for split, end in ends.items()}
    told = tuple(restored.describe(source, "value"))
    return FoundEnds(later, moved, told, restored.is_whole)


def trained_ends(
    known: KnownRows,
    series: Sequence[Series],
    frequency: Frequency,
    names: Sequence[str] = ("train", BEFORE),
) -> np.ndarray:
    """The step, of each series, after the last one that was trained on.

    `names` are the parts that count as training.
    """
    rows = [known_as(one, frequency) for one in series]
    keys = [keys_of(hash_rows(known.salt, one)) for one in rows]
    return _ends_of(known, keys, names)


def count_trained(
    known: KnownRows, series: Sequence[Series], frequency: Frequency
) -> int:
    """How many steps were trained on."""
    rows = [known_as(one, frequency) for one in series]
    return sum(int(known.was_trained_on(one.keys).sum()) for one in rows)


def _places_of(
    known: KnownRows, keys: Sequence[np.ndarray], names: Sequence[str]
) -> list[np.ndarray]:
    """The steps of each series that are in some parts; `keys` are of each series."""
    parts = [known.parts[name] for name in names if name in known.parts]
    kept = np.unique(keys_of(np.concatenate(parts)))
    return [np.flatnonzero(np.isin(of_series, kept)) for of_series in keys]


def _ends_of(
    known: KnownRows, keys: Sequence[np.ndarray], names: Sequence[str]
) -> np.ndarray:
    """The step, of each series, after the last one in some parts; 0 without any."""
    found = _places_of(known, keys, names)
    return np.array([places[-1] + 1 if len(places) else 0 for places in found])


def cut_series(series: Sequence[Series], ends: np.ndarray) -> list[Series]:
    """The series up to a step of each."""
    pairs = zip(series, ends.tolist(), strict=True)
    return [replace(one, values=one.values[:end]) for one, end in pairs]


def follow(
    frames: Sequence[Frame],
    series: Sequence[Series],
    trained: np.ndarray,
    frequency: Frequency,
    source: str,
) -> tuple[list[Frame], list[str]]:
    """The rows of a file that follow those of a run, and a note on the others.

    Args:
        frames: the rows of each series of the file.
        series: those of the run.
        trained: the step, of each series, where the training ends.
    """
    first, last, learned = {}, {}, {}
    for one, end in zip(series, trained.tolist(), strict=True):
        stamps = one.stamps(frequency)
        first[one.name], last[one.name] = stamps[0], stamps[-1]
        learned[one.name] = stamps[: max(end, 1)][-1]
    kept, of_training, of_run, total = [], 0, 0, 0
    for frame in frames:
        total += len(frame.rows)
        if frame.name not in last:  # which is refused where they are joined
            kept.append(frame)
            continue
        begun = frame.stamps >= first[frame.name]
        of_training += int((begun & (frame.stamps <= learned[frame.name])).sum())
        is_new = frame.stamps > last[frame.name]
        of_run += int((~is_new).sum())
        if is_new.any():
            parts = frame.stamps[is_new], frame.values[is_new], frame.rows[is_new]
            kept.append(Frame(frame.name, *parts, frame.zone, frame.notes))
    counts = (
        f"{source}: {of_training:,} of its {total:,} rows were trained on, and "
        f"{of_run - of_training:,} more do not follow the run's rows"
    )
    if not kept:
        raise PolyheadError(f"{counts}: give rows that follow those of the run")
    return kept, [f"{counts}; these are left out" if of_run else counts]

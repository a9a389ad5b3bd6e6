"""From tables to a data set: series, their splits in time, and what is reported."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..common.data.formats.numbers import describe_reading
from ..common.data.known_parts import unknown_rows
from ..common.data.known_rows import Known, KnownRows
from ..common.errors import PolyheadError
from .config import Config
from .defaults.lengths import explain_lengths, known_cycles
from .defaults.parts import Ends, find_ends
from .defaults.seasons import find_cycles
from .series.columns import check_header, find_columns
from .series.dataset import Dataset
from .series.frames import frames_of, learn_categories
from .series.frequency import find_frequency, parse_frequency
from .series.known import cut_series, follow, restore_ends, trained_ends
from .series.phases import find_silent
from .series.report import describe, find_rounded, notes_on
from .series.series import constant_columns, join_series, usual_gap
from .series.sources import read_rows, read_tables

LATER = "later"  # rows that are scored instead of the test split


def load_data(config: Config, known: Known | None = None, later: Any = None) -> Dataset:
    """Reads and checks the data that a Config names.

    Time stamps without a row and empty fields are missing values; they are counted,
    never filled. Training data alone are divided by `split`; with test data, the last
    tenth of the training rows is for validation. A category that is not in the
    training rows has no trained weights, so it counts as missing.

    `known` is what is known of the run if it was trained before: its splits end where
    they ended then, and newer rows are in none of them. `later` is a file of rows after
    all others, which replaces the test split.
    """
    tables = read_tables(config)
    if later is not None:
        tables[LATER] = read_rows(later)
    sources = {split: table.source for split, table in tables.items()}
    source = sources["train"]
    notes = list[str]()
    if known:
        columns, categories = known.assets.columns, known.assets.categories
        check_header(tables["train"], columns, columns.values, "the run has")
    else:
        columns, notes = find_columns(config, tables["train"])
        categories = learn_categories(tables["train"], config.categorical)
    for split, table in tables.items():
        if split != "train":
            check_header(table, columns, columns.values, f"{source} has")
    frequency = known.assets.frequency if known else None
    zone = known.assets.zone if known else None
    first = frames_of(tables["train"], columns, categories, frequency, zone)
    if frequency is None and config.frequency:
        frequency = parse_frequency(config.frequency)
    frequency = frequency or find_frequency([one.stamps for one in first], source)
    gap, zone = usual_gap(first, frequency), zone or first[0].zone
    frames = {
        split: frames_of(table, columns, categories, frequency, zone)
        for split, table in tables.items()
        if split != "train"
    }
    frames = {"train": first} | frames
    added = frames.pop(LATER, None)
    series, lengths = join_series(frames, tables, frequency, gap)
    begins = None
    found, horizon = None, config.horizon or 0
    if known and known.rows:
        found = restore_ends(known.rows, series, frequency, source)
        series, ends = found.series, found.ends
    else:
        ahead = _count_ahead(series, lengths, len(columns.targets))
        ends, horizon = find_ends(config, lengths, ahead, frequency.season, source)
        notes += _tell_ahead(series, ahead, ends, sources)
        notes += _suggest_future(series, columns.targets, source)
        if config.init_from:
            ends, told = _spare_trained(config.init_from, ends, series, frequency)
            notes += told
    if added is not None:
        if found:  # what the run does not know is of use only in the file `later`
            series = cut_series(series, list(ends.values())[-1])
        added, told = follow(added, series, ends["train"], frequency, sources[LATER])
        notes += told
        rows = {LATER: added}
        series, lengths = join_series(rows, tables, frequency, gap, before=series)
        notes += notes_on(series)
        total = np.array([len(one) for one in series])
        ahead = _count_ahead(series, lengths, len(columns.targets))
        begins, ends["test"] = total - lengths[LATER], total - ahead
        notes += _tell_ahead(series, ahead, ends, sources)
        sources["test"] = sources.pop(LATER)
    if categories and not known:
        series, categories = _forget_unseen(series, ends["train"], columns, categories)
    dataset = Dataset(columns, categories, frequency, series, ends, {}, gap, begins)
    if found and later is None:
        dataset = replace(
            dataset, differences=found.differences, is_whole=found.is_whole
        )
    silent = known.assets.silent if known else find_silent(dataset)
    dataset = replace(
        dataset,
        silent=silent,
        horizon=horizon,
        cycles=_find_cycles(config, dataset, known),
        mase_season=config.mase_season,
    )
    if not known:
        notes += explain_lengths(config, dataset)
    rounded = find_rounded(frames["train"], columns, categories)
    _refuse_constant(dataset, source, rounded)
    if config.non_negative:
        _refuse_negative(dataset, source)
    report = describe(dataset, sources, rounded)
    numbers = [name for name in columns.values if name not in categories]
    how = {s: describe_reading(table, numbers) for s, table in tables.items()}
    report["notes"] = notes = [*how.pop(LATER, []), *notes]
    notes = [*sum(how.values(), []), *notes, *dataset.differences]
    report["warnings"] = [*notes, *report["warnings"]]
    return replace(dataset, report=report)


def _count_ahead(series, lengths: Ends, targets: int) -> np.ndarray:
    """How many steps at the end of each series have no target yet."""
    total = np.array([len(one) for one in series])
    known = np.array([one.known_steps(targets) for one in series])
    last = list(lengths.values())[-1]
    return np.where(known > total - last, total - known, 0)


def _tell_ahead(series, ahead: np.ndarray, ends: Ends, sources: Mapping) -> list[str]:
    """A note on the steps without a target, unless the user has put them in a split."""
    split, end = list(ends.items())[-1]
    known = np.array([len(one) for one in series]) - ahead
    if not ahead.any() or (end > known).any():
        return []
    steps = f"{'up to ' * (len(np.unique(ahead)) > 1)}{ahead.max():,}"
    source = sources.get(split) or sources["train"]
    told = f"{source}: {steps} steps at the end have no target: they count as the "
    return [f"{told}future, and are in no split"]


def _suggest_future(series, targets: Sequence[str], source: str) -> list[str]:
    """A note where targets end before others do, which may be known ahead."""
    ends = [
        [int(np.flatnonzero(x).max(initial=-1)) for x in ~np.isnan(one.values.T)]
        for one in series
    ]
    missing = np.array([[max(row) - end for end in row] for row in ends])
    missing = missing[:, : len(targets)]  # (series, targets), steps at the end
    early = [name for name, x in zip(targets, missing.T, strict=True) if x.min() > 1]
    late = [name for name, x in zip(targets, missing.T, strict=True) if not x.any()]
    if not early or not late:
        return []
    return [
        f"{source}: the last {missing.max()} steps have no {', '.join(early)}: if "
        f"{', '.join(late)} is known ahead, say so with --future-covariates "
        f"{' '.join(late)}"
    ]


def _spare_trained(run: str, ends: Ends, series, frequency) -> tuple[Ends, list[str]]:
    """Splits of which validation and test have no row that `run` was trained on."""
    older = KnownRows.load(run)
    if older is None:
        return ends, [unknown_rows(run)]
    trained = trained_ends(older, series, frequency)
    if (trained <= ends["train"]).all():
        return ends, []
    # The rows after those are shared as the rows after training were to be.
    train, last = ends["train"], list(ends.values())[-1]
    begin, rest = np.maximum(train, trained), np.maximum(last - train, 1)
    moved = {
        split: begin + (np.maximum(last - begin, 0) * (end - train)) // rest
        for split, end in ends.items()
    }
    return moved, [
        f"training reaches as far as that of {run} did, from which it begins"
    ]


def _forget_unseen(series, ends: np.ndarray, columns, categories: dict) -> tuple:
    """Keeps the categories of the training rows; values of others become NaN."""
    arrays, kept = [one.values.copy() for one in series], {}
    for name, known in categories.items():
        place = columns.values.index(name)
        parts = [a[:end, place] for a, end in zip(arrays, ends, strict=True)]
        seen = np.unique(np.concatenate(parts))
        seen = seen[~np.isnan(seen)].astype(int)
        kept[name] = [known[number] for number in seen]
        numbers = np.full(len(known) + 1, np.nan, np.float32)  # the last for missing
        numbers[seen] = np.arange(len(seen))
        for values in arrays:
            old = np.nan_to_num(values[:, place], nan=len(known)).astype(int)
            values[:, place] = numbers[old]
    pairs = zip(series, arrays, strict=True)
    return [replace(one, values=values) for one, values in pairs], kept


def _refuse_constant(dataset: Dataset, source: str, rounded: Mapping) -> None:
    """Refuses a target that has one value in all of the training rows."""
    names = dataset.columns.targets
    parts = [part[:, : len(names)] for part in dataset.training_values() if len(part)]
    if not parts:  # which `Windows.find` reports
        return
    constant = set.intersection(*(set(constant_columns(p, names)) for p in parts))
    others = [name for name in names if name not in constant]
    remedy = "give a column that does"
    if others:
        remedy = f"name the others with --target {' '.join(others[:3])}"
        remedy += " ..." if len(others) > 3 else ""
    for name in names:
        if name in constant and name in rounded:
            raise PolyheadError(f"{source}: {rounded[name]}")
        if name in constant:
            raise PolyheadError(
                f"{source}: column '{name}' never changes in the training rows, so "
                f"there is nothing to learn: {remedy}"
            )


def _refuse_negative(dataset: Dataset, source: str) -> None:
    """Refuses a negative target where no forecast may be negative."""
    names = dataset.columns.targets
    for series, values in zip(dataset.series, dataset.training_values(), strict=True):
        steps, places = np.nonzero(values[:, : len(names)] < 0)
        if len(steps):
            value, name = values[steps[0], places[0]], names[places[0]]
            of = f" of series '{series.name}'" if series.name else ""
            stamp = series.stamps(dataset.frequency, steps[0] + 1)[-1]
            raise PolyheadError(
                f"{source}: {value:g} in column '{name}'{of} at {stamp} is below 0: "
                "correct it, or train without --non-negative"
            )


def _find_cycles(config: Config, dataset: Dataset, known: Known | None) -> tuple:
    if known or config.clock is not None:
        return known_cycles(config)
    targets = len(dataset.columns.targets)
    parts = [values[:, :targets] for values in dataset.training_values()]
    return tuple(find_cycles(dataset.frequency, parts))

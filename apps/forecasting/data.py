"""From tables to a data set: series, their splits in time, and what is reported."""

from dataclasses import replace

import numpy as np

from ..common.data.tables import Table
from ..common.errors import PolyheadError, UsageError
from .config import Config, choose_horizon
from .series.dataset import SPLITS, Dataset
from .series.frames import (
    Columns,
    Frame,
    check_header,
    find_columns,
    frames_of,
    learn_categories,
)
from .series.frequency import Frequency, find_frequency, parse_frequency
from .series.report import describe
from .series.series import Series, append, constant_columns, make_series
from .series.spacing import check_spacing, usual_gap
from .sources import read_rows, read_tables

SHARES = "0.7,0.1,0.2"  # of a series that comes as one file
VALIDATION_SHARE = 0.1  # of the training rows, where test data are given apart
LATER = "later"  # rows that are scored instead of the test split

Ends = dict[str, np.ndarray]  # split -> a step of each series


def load_data(config: Config, later: str | None = None) -> Dataset:
    """Reads and checks the data that a Config names.

    Time stamps without a row and empty fields are missing values; they are counted,
    never filled. Where only training data are given, they are divided by `split`; with
    test data alone, the last tenth of the training rows is for validation. The
    categories of a column are those of its training rows: another has no trained
    weights, so it counts as missing.

    Args:
        config: names the data.
        later: a file of rows after all others, to be the test split instead of the
            one that the Config names.

    Raises:
        PolyheadError: the data cannot be used; the message names file, row and remedy.
        UsageError: the Config names no source, or what it names does not fit.
    """
    tables = read_tables(config)
    if later is not None:
        tables[LATER] = read_rows(later)
    source = tables["train"].source
    columns = find_columns(config, tables["train"])
    for name in config.categorical:
        if name not in columns.past + columns.future:
            raise UsageError(
                f"--categorical {name}: name it with --past-covariates or "
                "--future-covariates too; a target is a number"
            )
    categories = learn_categories(tables["train"], config.categorical)
    for split, table in tables.items():
        if split != "train":
            check_header(table, columns, columns.values, f"{source} has")
    frames = {
        split: frames_of(table, columns, categories) for split, table in tables.items()
    }
    if config.frequency:
        frequency = parse_frequency(config.frequency)
    else:
        frequency = find_frequency([f.stamps for f in frames["train"]], source)
    gap = usual_gap(frames["train"], frequency)
    series, lengths = _join(frames, tables, frequency, gap)
    added = lengths.pop(LATER, None)
    horizon = choose_horizon(config, frequency.season)
    ends = _find_ends(config, lengths, horizon, source)
    begins = None
    if added is not None:
        total = np.array([len(one) for one in series])
        begins, ends["test"] = total - added, total
    series, categories = _forget_unseen(series, ends["train"], columns, categories)
    dataset = Dataset(columns, categories, frequency, series, ends, {}, gap, begins)
    _refuse_constant(dataset, source)
    sources = {split: table.source for split, table in tables.items()}
    if later is not None:
        sources["test"] = sources.pop(LATER)
    return replace(dataset, report=describe(dataset, sources))


def _forget_unseen(
    series: list[Series],
    ends: np.ndarray,
    columns: Columns,
    categories: dict[str, list[str]],
) -> tuple[list[Series], dict[str, list[str]]]:
    """Keeps the categories of the training rows; values of others become NaN."""
    series, kept = list(series), {}
    for name, known in categories.items():
        place = columns.values.index(name)
        parts = [s.values[:end, place] for s, end in zip(series, ends, strict=True)]
        seen = np.unique(np.concatenate(parts))
        seen = seen[~np.isnan(seen)].astype(int)
        kept[name] = [known[number] for number in seen]
        numbers = np.full(len(known) + 1, np.nan, np.float32)  # the last for missing
        numbers[seen] = np.arange(len(seen))
        for row, one in enumerate(series):
            values = one.values.copy()
            old = np.nan_to_num(values[:, place], nan=len(known)).astype(int)
            values[:, place] = numbers[old]
            series[row] = replace(one, values=values)
    return series, kept


def _refuse_constant(dataset: Dataset, source: str) -> None:
    """Refuses a target that has one value in all of the training rows."""
    names = dataset.columns.targets
    parts = [part[:, : len(names)] for part in dataset.training_values() if len(part)]
    if not parts:  # which `Windows.find` reports
        return
    constant = set.intersection(*(set(constant_columns(p, names)) for p in parts))
    if constant:
        name = next(name for name in names if name in constant)
        others = [other for other in names if other not in constant]
        remedy = "give a column that does"
        if others:
            remedy = f"name the others with --target {' '.join(others[:3])}"
            remedy += " ..." if len(others) > 3 else ""
        raise PolyheadError(
            f"{source}: column '{name}' never changes in the training rows, so there "
            f"is nothing to learn: {remedy}"
        )


def _join(
    frames: dict[str, list[Frame]],
    tables: dict[str, Table],
    frequency: Frequency,
    gap: int,
) -> tuple[list[Series], Ends]:
    """One series of each name, and the steps that each split adds to it."""
    first = tables["train"].source
    joined = {
        frame.name: make_series(frame, frequency, first) for frame in frames["train"]
    }
    lengths = {"train": np.array([len(series) for series in joined.values()])}
    for split in (*SPLITS[1:], LATER):
        if split not in frames:
            continue
        source = tables[split].source
        check_spacing(frames[split], frequency, gap, source, f"{first} has")
        before = {name: len(series) for name, series in joined.items()}
        for frame in frames[split]:
            if frame.name not in joined:
                raise PolyheadError(
                    f"{source}: row {frame.rows[0]}: series '{frame.name}' is not in "
                    f"{first}; remove it, or give its past"
                )
            series = make_series(frame, frequency, source)
            joined[frame.name] = append(joined[frame.name], series, frequency, source)
        lengths[split] = np.array([len(s) - before[n] for n, s in joined.items()])
    return list(joined.values()), lengths


def _find_ends(config: Config, lengths: Ends, horizon: int, source: str) -> Ends:
    total = lengths["train"]
    if len(lengths) == 1:
        return _divide(config.split or SHARES, total, source)
    if config.split:
        raise UsageError("--split parts one file; leave out --validation and --test")
    ends = {"train": total}
    if "validation" in lengths:
        ends["validation"] = total + lengths["validation"]
    else:
        # At least one window has to fit.
        held = np.maximum((total * VALIDATION_SHARE).astype(int), horizon)
        ends = {"train": np.maximum(total - held, 0), "validation": total}
    if "test" in lengths:
        ends["test"] = ends["validation"] + lengths["test"]
    return ends


def _divide(text: str, total: np.ndarray, source: str) -> Ends:
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

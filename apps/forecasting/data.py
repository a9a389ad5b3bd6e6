"""From tables to a data set: series, their splits in time, and what is reported."""

from dataclasses import replace

import numpy as np

from ..common.errors import PolyheadError, UsageError
from .config import Config, choose_horizon
from .series.dataset import SPLITS, Dataset
from .series.frames import check_header, find_columns, frames_of, learn_categories
from .series.frequency import find_frequency, parse_frequency
from .series.report import describe
from .series.series import constant_columns, join_series, usual_gap
from .series.sources import read_rows, read_tables

SHARES = "0.7,0.1,0.2"  # of a series that comes as one file
VALIDATION_SHARE = 0.1  # of the training rows, where test data are given apart
LATER = "later"  # rows that are scored instead of the test split

Ends = dict[str, np.ndarray]  # split -> a step of each series


def load_data(config: Config, later: str | None = None) -> Dataset:
    """Reads and checks the data that a Config names.

    Time stamps without a row and empty fields are missing values; they are counted,
    never filled. Training data alone are divided by `split`; with test data, the last
    tenth of the training rows is for validation. A category that is not in the
    training rows has no trained weights, so it counts as missing. `later` is a file of
    rows after all others, which replaces the test split.
    """
    tables = read_tables(config)
    if later is not None:
        tables[LATER] = read_rows(later)
    sources = {split: table.source for split, table in tables.items()}
    source = sources["train"]
    columns = find_columns(config, tables["train"])
    categories = learn_categories(tables["train"], config.categorical)
    for split, table in tables.items():
        if split != "train":
            check_header(table, columns, columns.values, f"{source} has")
    frames = {s: frames_of(t, columns, categories) for s, t in tables.items()}
    if config.frequency:
        frequency = parse_frequency(config.frequency)
    else:
        frequency = find_frequency([f.stamps for f in frames["train"]], source)
    gap = usual_gap(frames["train"], frequency)
    series, lengths = join_series(frames, tables, frequency, gap)
    added, begins = lengths.pop(LATER, None), None
    horizon = choose_horizon(config, frequency.season)
    ends = _find_ends(config, lengths, horizon, source)
    if added is not None:
        ends["test"] = np.array([len(one) for one in series])
        begins = ends["test"] - added
        sources["test"] = sources.pop(LATER)
    if categories:
        series, categories = _forget_unseen(series, ends["train"], columns, categories)
    dataset = Dataset(columns, categories, frequency, series, ends, {}, gap, begins)
    _refuse_constant(dataset, source)
    return replace(dataset, report=describe(dataset, sources))


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


def _refuse_constant(dataset: Dataset, source: str) -> None:
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
        if name in constant:
            raise PolyheadError(
                f"{source}: column '{name}' never changes in the training rows, so "
                f"there is nothing to learn: {remedy}"
            )


def _find_ends(config: Config, lengths: Ends, horizon: int, source: str) -> Ends:
    total = lengths["train"]
    if len(lengths) == 1:
        return _divide(config.split or SHARES, total, source)
    if config.split:
        raise UsageError("--split parts one file; leave out --validation and --test")
    if "validation" in lengths:
        ends = {"train": total, "validation": total + lengths["validation"]}
    else:  # at least one window has to fit
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

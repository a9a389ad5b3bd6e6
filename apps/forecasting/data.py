"""From a table to series, their parts in time, and what was found in them."""

from dataclasses import dataclass, replace

import numpy as np

from ..common.data.tables import Table, read_table
from ..common.errors import PolyheadError, UsageError
from .config import Config, choose_horizon
from .data_report import describe
from .series.frames import (
    Columns,
    check_header,
    find_columns,
    frames_of,
    learn_categories,
)
from .series.frequency import (
    DAY,
    Frequency,
    calendar_cycles,
    find_frequency,
    parse_frequency,
)
from .series.series import Series, append, constant_columns, make_series
from .series.spacing import check_spacing, usual_gap
from .sources import read_tables

SHARES = (0.7, 0.1, 0.2)  # of a series that comes as one file
VALIDATION_SHARE = 0.1  # of the training part, where test data are given apart
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """What a run trains and is measured on.

    Args:
        columns: which column is what.
        categories: the known values of each categorical column.
        frequency: the step of all series.
        series: their values in all parts together.
        ends: part to the step, of each series, where it ends.
        report: what was found.
        usual_gap: steps from a training row to the next; see `spacing.usual_gap`.
        test_begins: where the test part of each series begins, if not where
            validation ends.
    """

    columns: Columns
    categories: dict[str, list[str]]
    frequency: Frequency
    series: list[Series]
    ends: dict[str, np.ndarray]
    report: dict
    usual_gap: int = 1
    test_begins: np.ndarray | None = None

    @property
    def season(self) -> int:
        return self.frequency.season

    @property
    def calendar_cycles(self) -> list[str]:
        """What the clock may tell of; see `frequency.calendar_cycles`."""
        longest = max(
            (series.stamps(self.frequency, max(end, 1))[-1] - series.start)
            for series, end in zip(self.series, self.ends["train"], strict=True)
        )
        return calendar_cycles(self.frequency, longest.astype(int) / DAY)

    @property
    def held_out(self) -> str:
        """The part that measures a run."""
        return "test" if "test" in self.ends else "validation"

    def bounds(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """First step of a part, and the one after its last, of each series."""
        order = [name for name in PARTS if name in self.ends]
        place = order.index(part)
        ends = self.ends[part]
        if part == "test" and self.test_begins is not None:
            return self.test_begins, ends
        return (self.ends[order[place - 1]] if place else np.zeros_like(ends)), ends


def load_data(config: Config, later: str | None = None) -> Dataset:
    """Reads and checks the data that a Config names.

    Time stamps without a row and empty fields are missing values; they are counted,
    never filled. Where no parts are given, the last tenth of a series is for
    validation, or with no test data either, shares of `split`. The categories of a
    column are those of its training rows: another has no trained weights, so it counts
    as missing.

    Args:
        config: names the data.
        later: a file of rows after all others, to be the test part instead of the one
            that the Config names.

    Raises:
        PolyheadError: the data cannot be used; the message names file, row and remedy.
        UsageError: the Config names no source, or what it names does not fit.
    """
    tables = read_tables(config)
    if later is not None:
        tables["later"] = read_table(later, [], keep_all=True)
    columns = find_columns(config, tables["train"])
    known = set(columns.past + columns.future)
    strangers = [name for name in config.categorical if name not in known]
    if strangers:
        raise UsageError(
            f"--categorical {strangers[0]}: name it with --past-covariates or "
            "--future-covariates too; a target is a number"
        )
    categories = learn_categories(tables["train"], config.categorical)
    for part, table in tables.items():
        if part != "train":
            trained = f"{tables['train'].source} has"
            check_header(table, columns, columns.values, trained)
    frames = {
        part: frames_of(table, columns, categories) for part, table in tables.items()
    }
    source = tables["train"].source
    if config.frequency:
        frequency = parse_frequency(config.frequency)
    else:
        frequency = find_frequency([f.stamps for f in frames["train"]], source)
    gap = usual_gap(frames["train"], frequency)
    series, lengths = _join(frames, tables, frequency, gap)
    added = lengths.pop("later", None)
    horizon = choose_horizon(config, frequency.season)
    ends = _find_ends(config, lengths, horizon, source)
    begins = None
    if added is not None:
        total = np.array([len(part) for part in series])
        begins, ends["test"] = total - added, total
    series, categories = _forget_unseen(series, ends["train"], columns, categories)
    dataset = Dataset(columns, categories, frequency, series, ends, {}, gap, begins)
    _refuse_constant(dataset, source)
    return replace(dataset, report=describe(dataset, tables))


def _forget_unseen(series, ends, columns: Columns, categories):
    """Only the categories that training rows have; the others' values become NaN."""
    series, kept = list(series), {}
    for name, known in categories.items():
        place = columns.values.index(name)
        parts = [s.values[:end, place] for s, end in zip(series, ends, strict=True)]
        seen = np.unique(np.concatenate(parts))
        seen = seen[~np.isnan(seen)].astype(int)
        kept[name] = [known[number] for number in seen]
        numbers = np.full(len(known) + 1, np.nan, np.float32)  # the last for missing
        numbers[seen] = np.arange(len(seen))
        for row, part in enumerate(series):
            values = part.values.copy()
            old = np.nan_to_num(values[:, place], nan=len(known)).astype(int)
            values[:, place] = numbers[old]
            series[row] = replace(part, values=values)
    return series, kept


def _refuse_constant(dataset: Dataset, source: str) -> None:
    names = dataset.columns.targets
    if not dataset.ends["train"].any():  # which `Windows.find` tells
        return
    constant = set(names)
    for series, end in zip(dataset.series, dataset.ends["train"], strict=True):
        if not end:  # nothing of it is trained on
            continue
        constant &= set(constant_columns(series.values[:end, : len(names)], names))
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


def _join(frames, tables: dict[str, Table], frequency: Frequency, gap: int):
    """One series of each name, and the steps that each part adds to it."""
    trained = f"{tables['train'].source} has"
    joined = {
        frame.name: make_series(frame, frequency, tables["train"].source)
        for frame in frames["train"]
    }
    lengths = {"train": np.array([len(series) for series in joined.values()])}
    for part in (*PARTS[1:], "later"):
        if part not in frames:
            continue
        source = tables[part].source
        check_spacing(frames[part], frequency, gap, source, trained)
        before = {name: len(series) for name, series in joined.items()}
        for frame in frames[part]:
            if frame.name not in joined:
                raise PolyheadError(
                    f"{source}: row {frame.rows[0]}: series '{frame.name}' is not in "
                    f"{tables['train'].source}; remove it, or give its past"
                )
            following = make_series(frame, frequency, source)
            joined[frame.name] = append(
                joined[frame.name], following, frequency, source
            )
        lengths[part] = np.array([len(s) - before[n] for n, s in joined.items()])
    return list(joined.values()), lengths


def _find_ends(config: Config, lengths, horizon: int, source) -> dict[str, np.ndarray]:
    total = lengths["train"]
    if len(lengths) == 1:
        return _split(config.split or ",".join(map(str, SHARES)), total, source)
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


def _split(text: str, total: np.ndarray, source: str) -> dict[str, np.ndarray]:
    """Ends of the parts: rows, or shares with the rest of rounding in validation."""
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
        test = (total * (sizes[2] if len(sizes) == 3 else 0) + 1e-9).astype(int)
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
    return {
        part: np.full(len(total), end)
        for part, end in zip(PARTS[: len(sums)], sums, strict=True)
    }

"""How a trained forecaster answers. Imports no Keras."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from polyhead.runtime.rounding import shorten, write_shortest

from ..common.answers import write_answers
from ..common.errors import PolyheadError, UsageError
from ..common.export.folder import find_exported, find_tflite
from ..common.run.run import Run, check_engine, locked
from ..common.task import Answering
from .scoring.comparison import format_metrics
from .series import name_silent
from .series.dataset import Assets, Dataset, load_assets
from .series.newest import Newest, Source, make_inputs, read_source
from .series.phases import is_silent
from .series.report import format_report
from .series.windows import Windows


@dataclass(frozen=True)
class Forecast:
    """What is forecast of one series."""

    series: str  # its name; empty where there is one series only
    stamps: np.ndarray  # (H,) time stamps of the steps
    targets: tuple[str, ...]  # names of the columns
    values: np.ndarray  # (H, T) in the data's units; NaN where `run.notes` says why
    levels: tuple[float, ...]  # of the quantiles
    quantiles: np.ndarray | None  # (H, T, Q)
    zone: str | None = None  # the stamps' offset from UTC, such as "+02:00", if known


def predict(run, source=None, future=None, engine: str = "keras") -> list[Forecast]:
    """Forecasts the steps after the newest history of each series.

    Args:
        source: a file, or a pandas DataFrame, a list of dicts or a dict of columns,
            with the columns of the training data; the run's own data where absent.
        future: the known-future covariates of the steps ahead, likewise; they may
            also stand in `source`, in rows without targets.
        engine: "keras", "savedmodel" or "tflite".

    Returns:
        A `Forecast` for each series that has a whole history; `notes` names the
        others, and says why a target has no forecast.

    Raises:
        PolyheadError: what is given does not suffice; says what is missing.
    """
    check_engine(engine)
    newest = read_newest(run, source, future)
    run.notes = newest.notes
    outputs = answer(run, newest.inputs, engine)
    values = outputs["forecast"]
    quantiles = outputs["quantiles"] if run.quantiles else [None] * len(values)
    targets, levels = run.columns.targets, tuple(run.quantiles)
    run.notes += _explain_missing(run, newest, values)
    ahead = zip(newest.names, newest.stamps, newest.zones, strict=True)
    rows = zip(ahead, values, quantiles, strict=True)
    return [Forecast(n, at, targets, v, levels, q, z) for (n, at, z), v, q in rows]


def _explain_missing(run: Run, newest: Newest, values: np.ndarray) -> list[str]:
    """Why targets of series have no forecast."""
    from polyhead.runtime.forecaster import explain_missing

    targets, silent = run.columns.targets, run.assets.silent
    histories = newest.inputs["history"][:, :, : len(targets)]
    notes = []
    rows = zip(newest.names, histories, newest.stamps, values, strict=True)
    for name, history, stamps, found in rows:
        of = f"series '{name}': " if name else ""
        at = is_silent(stamps, targets, silent)
        told = explain_missing(targets, history, found, name_silent(silent), at)
        notes += [of + line for line in told]
    return notes


def read_newest(run: Run, source: Any = None, future: Any = None) -> Newest:
    """The newest histories of a table, or of the run's own data; see `predict`."""
    if future is not None and not run.columns.future:
        raise UsageError(
            f"{run.path}: the run knows no future covariates: leave --future out"
        )
    if source is None:
        dataset = run.load_data("name a file with --file").dataset
        name = dataset.report["sources"]["train"]
        given = Source(name, dataset.series)
        rounded = [f"{name}: {text}" for text in dataset.report["rounded"]]
    else:
        given, rounded = read_source(run.assets, source), []
    ahead = None if future is None else read_source(run.assets, future, future=True)
    newest = make_inputs(run.assets, given, ahead)
    return newest._replace(notes=newest.notes + rounded)


def answer(run: Run, inputs: dict, engine: str = "keras") -> dict[str, np.ndarray]:
    """Forecasts of arrays by Keras or by an exported file; see `Serving`."""
    check_engine(engine)
    if engine == "keras":
        return run.serving.predict(inputs)
    if engine == "savedmodel":
        from ..common.export.savedmodel import SavedModelPredictor

        return SavedModelPredictor(find_exported(run.path, "savedmodel"))(**inputs)
    from polyhead import runtime

    forecaster = runtime.load(find_tflite(run.path))
    _refuse_other_columns(run, forecaster)
    model = forecaster.model
    rows = [
        model(**{name: array[row : row + 1] for name, array in inputs.items()})
        for row in range(len(inputs["history"]))
    ]
    return {name: np.concatenate([r[name] for r in rows]) for name in rows[0]}


def _refuse_other_columns(run: Run, file: Any) -> None:
    """Refuses a file of which columns.json or config.json says something else."""
    columns, frequency = run.columns, run.frequency
    pairs = {
        "history": (columns.values, file.history),
        "future": (columns.future, file.future),
        "targets": (columns.targets, file.targets),
        "quantiles": (tuple(run.quantiles), file.levels),
        "frequency": ((frequency.unit, frequency.step), file.frequency),
    }
    for name, (known, other) in pairs.items():
        if known != other:
            source = "config.json" if name == "quantiles" else "columns.json"
            raise PolyheadError(
                f"{run.path / source}: the {name} {_list(known)}, but "
                f"{file.model.path} has {_list(other)}: restore {source}, or export "
                f"{run.path} again"
            )


def _list(names: Sequence) -> str:
    return ", ".join(map(str, names)) or "(none)"


def windows(run: Run | Assets, dataset: Dataset) -> Windows:
    """Cuts the windows that this run forecasts."""
    return Windows(dataset, run.look_back, run.horizon)


def backtest(run: Run, stride: int | None = None, test: Any = None) -> dict:
    """Forecasts from one origin after the other; the model is not trained again.

    Args:
        stride: steps between origins; the horizon where absent, so that each step is
            forecast once.
        test: a file of rows instead of the run's own test data, as in `evaluate`; then
            nothing is written.

    Returns:
        `origins`, a list of dicts of the origin's time stamp, its number of series and
        the mean absolute error, in standard deviations of training, of the run and of
        the baselines; `mean` of each. Also writes backtest.csv, a row a forecast value,
        and plots/backtest.png.
    """
    from .kept import load_later
    from .scoring.backtest import backtest

    windows = run.load_data() if test is None else load_later(run, test)
    return backtest(run, windows, stride)


def format_answers(run: Run, inputs: Any, forecasts: list[Forecast], style: str) -> str:
    """What `predict` prints; CSV has a row a step, and a column a quantile."""

    def lines():
        header, rows = _tabulate(run.columns, forecasts, _round, "-")
        cells = [header, *rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            padded = [c.rjust(width) for c, width in zip(row, widths, strict=True)]
            yield "  ".join(padded).rstrip()

    table = partial(_tabulate, run.columns, forecasts, write_shortest, "")
    return write_answers(style, lines, partial(_to_records, forecasts), table)


def _round(number: float) -> str:
    """Five digits, or all of a whole number: 100000001 is not 1e+08."""
    return f"{number:.0f}" if 1e4 <= abs(number) < 1e15 else f"{number:.5g}"


def _tabulate(columns, forecasts, form, missing):
    """Header and rows: a row a step, a column for each target and quantile."""
    names = [] if columns.series is None else [columns.series]
    header = [columns.time, *names]
    for target in columns.targets:
        header += [target, *(f"{target}_q{level:g}" for level in forecasts[0].levels)]
    rows = []
    for forecast, stamps in _with_stamps(forecasts):
        for step, stamp in enumerate(stamps):
            numbers = forecast.values[step][:, None]  # (T, 1), then (T, 1 + Q)
            if forecast.quantiles is not None:
                numbers = np.concatenate([numbers, forecast.quantiles[step]], axis=1)
            cells = [
                missing if np.isnan(number) else form(number)
                for number in numbers.ravel()
            ]
            rows.append([stamp, *([forecast.series] if names else []), *cells])
    return header, rows


def _to_records(forecasts):
    for forecast, stamps in _with_stamps(forecasts):
        record = {"series": forecast.series} if forecast.series else {}
        targets = {}
        for place, target in enumerate(forecast.targets):
            targets[target] = {"forecast": _shorten(forecast.values[:, place])}
            if forecast.quantiles is not None:
                columns = forecast.quantiles[:, place].T  # (Q, H)
                named = zip(forecast.levels, map(_shorten, columns), strict=True)
                targets[target]["quantiles"] = {f"{q:g}": column for q, column in named}
        yield record | {"stamps": stamps, "targets": targets}


def _shorten(values: np.ndarray) -> list[float | None]:
    """Numbers in as few digits as tell float32 apart; None for NaN."""
    return [None if np.isnan(v) else shorten(v) for v in values]


def _with_stamps(forecasts):
    zone = next((f.zone for f in forecasts if f.zone), "")
    shown = show_stamps([f.stamps for f in forecasts], zone)
    return zip(forecasts, shown, strict=True)


def show_stamps(series: Sequence[np.ndarray], zone: str = "") -> list[list[str]]:
    """Stamps of some series, written alike: without a time where all are midnights."""
    times = np.stack(series)
    if times.dtype == "M8[us]" and (times == times.astype("M8[ms]")).all():
        times = times.astype("M8[ms]")
    texts = [[str(stamp).replace("T", " ") + zone for stamp in row] for row in times]
    if all(text.endswith(" 00:00:00") for stamps in texts for text in stamps):
        return [[text.removesuffix(" 00:00:00") for text in stamps] for stamps in texts]
    return texts


ANSWERING = Answering(
    run=Run,
    load_assets=load_assets,
    predict=predict,
    format_answers=format_answers,
    format_metrics=format_metrics,
    format_report=format_report,
    methods={
        "answer": answer,
        "windows": windows,
        "backtest": locked(backtest, "backtesting"),
    },
)

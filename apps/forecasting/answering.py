"""How a trained forecaster answers. Imports no Keras."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..common.answers import write_answers
from ..common.errors import UsageError
from ..common.export.folder import find_exported, find_tflite
from ..common.run.run import Run, check_engine
from ..common.task import Answering
from .data import load_data
from .scoring.comparison import format_metrics
from .series.dataset import Assets, Dataset, load_assets
from .series.newest import Newest, Source, make_inputs, read_source
from .series.report import format_report
from .series.windows import Windows


@dataclass(frozen=True)
class Forecast:
    """What is forecast of one series."""

    series: str  # its name; empty where there is one series only
    stamps: np.ndarray  # (H,) time stamps of the steps
    targets: tuple[str, ...]  # names of the columns
    values: np.ndarray  # (H, T) in the data's units
    levels: tuple[float, ...]  # of the quantiles
    quantiles: np.ndarray | None  # (H, T, Q)


def predict(run, source=None, future=None, engine: str = "keras") -> list[Forecast]:
    """Forecasts the steps after the newest history of each series.

    Args:
        source: a file, or a pandas DataFrame, with the columns of the training data;
            the run's own data where absent.
        future: the known-future covariates of the steps ahead, likewise; they may
            also stand in `source`, in rows without targets.
        engine: "keras", "savedmodel" or "tflite".

    Returns:
        A `Forecast` for each series that has a whole history; `notes` names the
        others.

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
    rows = zip(newest.names, newest.stamps, values, quantiles, strict=True)
    return [Forecast(n, stamps, targets, v, levels, q) for n, stamps, v, q in rows]


def read_newest(run: Run, source: Any = None, future: Any = None) -> Newest:
    """The newest histories of a table, or of the run's own data; see `predict`."""
    if future is not None and not run.columns.future:
        raise UsageError(
            f"{run.path}: the run knows no future covariates: leave --future out"
        )
    if source is None:
        dataset = load_data(run.config)
        given = Source(dataset.report["sources"]["train"], dataset.series)
    else:
        given = read_source(run.assets, source)
    ahead = None if future is None else read_source(run.assets, future, future=True)
    return make_inputs(run.assets, given, ahead)


def answer(run: Run, inputs: dict, engine: str = "keras") -> dict[str, np.ndarray]:
    """Forecasts of arrays by Keras or by an exported file; see `Serving`."""
    check_engine(engine)
    if engine == "keras":
        return run.serving.predict(inputs)
    if engine == "savedmodel":
        from ..common.export.savedmodel import SavedModelPredictor

        return SavedModelPredictor(find_exported(run.path, "savedmodel"))(**inputs)
    from polyhead import runtime

    model = runtime.load(find_tflite(run.path)).model
    rows = [
        model(**{name: array[row : row + 1] for name, array in inputs.items()})
        for row in range(len(inputs["history"]))
    ]
    return {name: np.concatenate([r[name] for r in rows]) for name in rows[0]}


def windows(run: Run | Assets, dataset: Dataset) -> Windows:
    """Cuts the windows that this run forecasts."""
    return Windows(dataset, run.look_back, run.horizon)


def backtest(run: Run, stride: int | None = None) -> dict:
    """Forecasts from one origin after the other; the model is not trained again.

    Args:
        stride: steps between origins; the horizon where absent, so that each step is
            forecast once.

    Returns:
        `origins`, a list of dicts of the origin's time stamp, its number of series and
        the mean absolute error, in standard deviations of training, of the run and of
        the baselines; `mean` of each. Also writes backtest.csv, a row a forecast value,
        and plots/backtest.png.
    """
    from .scoring.backtest import backtest

    return backtest(run, windows(run, load_data(run.config)), stride)


def format_answers(run: Run, inputs: Any, forecasts: list[Forecast], style: str) -> str:
    """What `predict` prints; CSV has a row a step, and a column a quantile."""

    def lines():
        header, rows = _tabulate(run.columns, forecasts, "{:.5g}")
        cells = [header, *rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            padded = [c.rjust(width) for c, width in zip(row, widths, strict=True)]
            yield "  ".join(padded).rstrip()

    table = partial(_tabulate, run.columns, forecasts, "{:.9g}")
    return write_answers(style, lines, partial(_to_records, forecasts), table)


def _tabulate(columns, forecasts, form):
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
            cells = [form.format(number) for number in numbers.ravel()]
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


def _shorten(values: np.ndarray) -> list[float]:
    """Numbers to nine digits, which tell all float32 apart."""
    return [float(f"{value:.9g}") for value in values]


def _with_stamps(forecasts):
    return zip(forecasts, show_stamps([f.stamps for f in forecasts]), strict=True)


def show_stamps(series: Sequence[np.ndarray]) -> list[list[str]]:
    """Stamps of some series, written alike: without a time where all are midnights."""
    texts = [[str(stamp).replace("T", " ") for stamp in stamps] for stamps in series]
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
    methods={"answer": answer, "windows": windows, "backtest": backtest},
)

"""Rolling origin: forecasts as they would have been made, one after the other."""

import csv
from pathlib import Path

import numpy as np

from ..common.alignment import align
from ..common.errors import UsageError
from ..common.figures import BLUE, hide_frame, new_figure, save_figure
from ..common.files import replacing
from .evaluate import make_baselines
from .plots import COLOURS


def backtest(run, dataset, stride: int | None = None) -> dict:
    """Forecasts from origins `stride` steps apart; the model is not trained again.

    Args:
        run: the forecaster.
        dataset: its data; origins lie in the part that measures it.
        stride: steps between origins; the horizon where absent, so that each step is
            forecast once.

    Returns:
        `origins`, a list of dicts of the origin's time stamp, its number of series and
        the mean absolute error, in standard deviations of training, of the run and of
        the baselines; `mean` of each. Also writes backtest.csv, a row a forecast value,
        and plots/backtest.png.
    """
    windows = run.windows(dataset)
    part = dataset.held_out
    found = windows.find(part)
    stride = stride or windows.horizon
    begins, _ = dataset.bounds(part)
    chosen = found[(found[:, 1] - begins[found[:, 0]]) % stride == 0]
    if not len(chosen):
        raise UsageError(f"--stride {stride}: no origin has a truth: give another")
    baselines = make_baselines(windows, run.config.seed)
    errors: dict[str, dict[str, list[float]]] = {}
    with replacing(run.path / "backtest.csv") as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_header(run))
            for window in windows.batches(chosen):
                outputs = run.answer(window.inputs)
                stamps = windows.stamps(window)
                _write(writer, run, dataset, window, outputs, stamps)
                forecasts = {"this run": outputs["forecast"]} | {
                    name: forecast(window) for name, forecast in baselines.items()
                }
                for name, values in forecasts.items():
                    gaps = np.abs(values - window.truth) / window.spread
                    for origin, gap in zip(stamps[:, 0], gaps, strict=True):
                        errors.setdefault(str(origin), {}).setdefault(name, []).append(
                            float(np.nanmean(gap))
                        )
    origins = [
        {"origin": origin, "series": len(by_name["this run"])}
        | {name: float(np.mean(values)) for name, values in by_name.items()}
        for origin, by_name in sorted(errors.items())
    ]
    names = ["this run", *baselines]
    mean = {name: float(np.mean([row[name] for row in origins])) for name in names}
    plot_backtest(run.path / "plots" / "backtest.png", origins, names)
    return {"stride": stride, "origins": origins, "mean": mean}


def _header(run):
    quantiles = [f"q{level:g}" for level in run.quantiles]
    return ["origin", "series", "stamp", "target", "truth", "forecast", *quantiles]


def _write(writer, run, dataset, window, outputs, stamps):
    for row, number in enumerate(window.series):
        for step, stamp in enumerate(stamps[row]):
            for place, target in enumerate(run.columns.targets):
                quantiles = []
                if run.quantiles:
                    quantiles = outputs["quantiles"][row, step, place].tolist()
                truth = window.truth[row, step, place]
                values = [outputs["forecast"][row, step, place], *quantiles]
                writer.writerow(
                    [
                        stamps[row, 0],
                        dataset.series[number].name,
                        stamp,
                        target,
                        "" if np.isnan(truth) else f"{truth:.9g}",
                        *(f"{value:.9g}" for value in values),
                    ]
                )


def plot_backtest(path: Path, origins: list[dict], names: list[str]) -> None:
    """Draws the error of each origin, beside the baselines."""
    path.parent.mkdir(exist_ok=True)
    figure, axes = new_figure(8, 3.6)
    times = np.array([row["origin"] for row in origins], "datetime64[s]")
    for name in names:
        colour = COLOURS.get(name, BLUE)
        values = [row[name] for row in origins]
        marker = "o" if len(origins) <= 60 else None
        axes.plot(times, values, marker=marker, ms=3, lw=1.2, color=colour, label=name)
    axes.set_ylim(bottom=0)
    axes.set_title("Error by origin, standard deviations", size=10)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)
    figure.autofmt_xdate(rotation=30)
    hide_frame(axes)
    save_figure(figure, path)


def format_backtest(report: dict) -> str:
    """The origins as a table for the terminal."""
    names = list(report["mean"])
    rows = [["origin", *names]]
    for row in report["origins"]:
        stamp = row["origin"].replace("T", " ")
        rows.append([stamp, *(f"{row[name]:.4f}" for name in names)])
    rows.append(["mean", *(f"{report['mean'][name]:.4f}" for name in names)])
    lines = align(rows)
    lines.append(
        "mean absolute error of standardised values, no refit, an origin every "
        f"{report['stride']} steps"
    )
    return "\n".join(lines)

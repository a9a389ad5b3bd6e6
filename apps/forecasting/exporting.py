"""The forecaster's export: what is written, and the windows that verify it."""

from collections.abc import Sequence

import numpy as np

from ..common.export.export import Exportable
from ..common.export.metadata import Metadata
from ..common.export.verification import TOLERANCE, Form, Metric
from .series.windows import Windows, spaced
from .serving import Serving

MAX_EXAMPLES = 500  # windows that verify an export


def make_exportable(run, windows: Windows, formats: Sequence[str]) -> Exportable:
    """The forecaster, and held-out windows on which its files are verified."""
    serving, split = run.serving, windows.dataset.held_out
    chosen = windows.find(split)
    window = windows.take(spaced(chosen, MAX_EXAMPLES))
    scales = {"forecast": window.spread, "quantiles": window.spread[..., None]}
    form = Form(serving, window.inputs, serving.predict(window.inputs), scales=scales)
    return Exportable(
        weights=serving.weights,
        tables={},
        savedmodel=form,
        tflite=form,
        metric=make_metric(window.truth, window.spread),
        metadata=describe(serving, windows),
        examples={"split": split, "rows": len(window.truth), "of": len(chosen)},
    )


def describe(serving: Serving, windows: Windows) -> Metadata:
    """Description, tensors and facts of the .tflite files."""
    columns, frequency = windows.dataset.columns, windows.dataset.frequency
    quantiles = serving.model.settings["quantiles"]
    history, future = ", ".join(columns.values), ", ".join(columns.future)
    targets, levels = ", ".join(columns.targets), ", ".join(f"{q:g}" for q in quantiles)
    inputs = {
        "history": f"The newest steps of {history}, oldest first; NaN for missing.",
        "start": "Days since 1970-01-01, and second of the day, of the first forecast "
        "step.",
        "future": f"The steps ahead of {future}.",
    }
    outputs = {"forecast": f"The steps ahead of {targets}."}
    outputs["quantiles"] = f"Their quantiles {levels}."
    facts = {
        "answers": "forecast",
        "history": list(columns.values),
        "future": list(columns.future),
        "targets": list(columns.targets),
        "quantiles": quantiles,
        "frequency": [frequency.unit, frequency.step],
        "categories": windows.dataset.categories,
    }
    description = f"Forecasting: {targets}, in steps of {frequency}."
    return Metadata(description, inputs, outputs, facts=facts)


def make_metric(truth: np.ndarray, spread: np.ndarray) -> Metric:
    """Mean absolute error of standardised values; smaller is better."""

    def score(outputs):
        return np.nanmean(np.abs(outputs["forecast"] - truth) / spread)

    def differs(outputs, expected):
        gap = np.abs(outputs["forecast"] - expected["forecast"]) / spread
        return ~(gap <= TOLERANCE).all(axis=(1, 2))

    return Metric("mae", score, differs, points=-100.0)

"""The forecaster's export: what is written, and the windows that verify it."""

import numpy as np

from ..common.export import Exportable
from ..common.verification import TOLERANCE, Form, Metric
from .evaluate import spaced
from .serving import Serving
from .windows import Windows

MAX_EXAMPLES = 500  # windows that verify an export


def make_exportable(serving: Serving, windows: Windows, part: str) -> Exportable:
    """The forecaster, and held-out windows on which its files are verified.

    Args:
        serving: the forecaster.
        windows: the run's data.
        part: which of it: "test" or "validation".
    """
    found = windows.find(part)
    window = windows.take(spaced(found, MAX_EXAMPLES))
    scales = {"forecast": window.spread, "quantiles": window.spread[..., None]}
    form = Form(serving, window.inputs, serving.predict(window.inputs), scales=scales)
    columns = windows.dataset.columns
    return Exportable(
        weights=serving.weights,
        tables={},
        savedmodel=form,
        savedmodel_signature=serving.signature(),
        tflite=form,
        metric=make_metric(window.truth, window.spread),
        examples={
            "split": part,
            "rows": len(window.truth),
            "of": len(found),
            "history": list(columns.values),
            "future": list(columns.future),
            "forecast": list(columns.targets),
            "quantiles": serving.model.settings["quantiles"],
            "step": str(windows.dataset.frequency),
        },
    )


def make_metric(truth: np.ndarray, spread: np.ndarray) -> Metric:
    """Mean absolute error of standardised values; smaller is better."""

    def score(outputs):
        return np.nanmean(np.abs(outputs["forecast"] - truth) / spread)

    def differs(outputs, expected):
        gap = np.abs(outputs["forecast"] - expected["forecast"]) / spread
        return ~(gap <= TOLERANCE).all(axis=(1, 2))

    return Metric("mae", score, differs, points=-100.0)

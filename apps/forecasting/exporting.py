"""The forecaster's export: what is written, and the windows that verify it."""

from collections.abc import Sequence

import numpy as np

from ..common.data.kept import Kept
from ..common.export.export import Exportable
from ..common.export.metadata import Metadata
from ..common.export.verification import TOLERANCE, Form, Metric
from .kept import window_of
from .series import name_silent
from .series.dataset import Assets
from .serving import Serving

LEAST_FAN = 0.05  # of the spread: of a narrower fan rounding may be a large part


def make_exportable(run, kept: Kept, formats: Sequence[str]) -> Exportable:
    """The forecaster, and held-out windows on which its files are verified."""
    serving, window = run.serving, window_of(kept)
    scales = {"forecast": window.spread, "quantiles": window.spread[..., None]}
    form = Form(serving, window.inputs, serving.predict(window.inputs), scales=scales)
    return Exportable(
        weights=serving.weights,
        tables={},
        savedmodel=form,
        tflite=form,
        metric=make_metric(window.truth, window.spread),
        metadata=describe(serving, run.assets),
        examples=kept.facts,
    )


def describe(serving: Serving, assets: Assets) -> Metadata:
    """Description, tensors and facts of the .tflite files."""
    columns, frequency = assets.columns, assets.frequency
    quantiles = serving.model.settings["quantiles"]
    history, future = ", ".join(columns.values), ", ".join(columns.future)
    targets, levels = ", ".join(columns.targets), ", ".join(f"{q:g}" for q in quantiles)
    inputs = {
        "history": f"The newest steps of {history}, oldest first; NaN for missing.",
        "start": "Days since 1970-01-01, and second of the day, of the first forecast "
        "step.",
        "future": f"The steps ahead of {future}.",
    }
    # In this order since 0.1.0: clients may read them by their places.
    outputs = {
        "quantiles": f"The quantiles {levels} of the forecast.",
        "forecast": f"The steps ahead of {targets}; NaN for one without a history.",
    }
    facts = {
        "answers": "forecast",
        "history": list(columns.values),
        "future": list(columns.future),
        "targets": list(columns.targets),
        "quantiles": quantiles,
        "frequency": [frequency.unit, frequency.step],
        "categories": assets.categories,
        "silent": name_silent(assets.silent),
    }
    description = f"Forecasting: {targets}, in steps of {frequency}."
    return Metadata(description, inputs, outputs, facts=facts)


def make_metric(truth: np.ndarray, spread: np.ndarray) -> Metric:
    """Mean absolute error of standardised values; smaller is better."""

    def score(outputs):
        return np.nanmean(np.abs(outputs["forecast"] - truth) / spread)

    def differs(outputs, expected):
        found, wanted = outputs["forecast"], expected["forecast"]
        same = np.abs(found - wanted) / spread <= TOLERANCE
        same |= np.isnan(found) & np.isnan(wanted)  # neither has a forecast
        return ~same.all(axis=(1, 2))

    def liken(outputs, expected):
        """Forecasts beside the spread of the values, and fans beside their width."""
        found, wanted = outputs["forecast"], expected["forecast"]
        gaps = [share(found - wanted, np.broadcast_to(spread, wanted.shape))]
        if "quantiles" in expected:
            both = outputs, expected
            fans = [x["quantiles"] - x["forecast"][..., None] for x in both]
            width = np.maximum(np.abs(fans[1]), LEAST_FAN * spread[..., None])
            gaps.append(share(fans[0] - fans[1], width))
        return 100 * (1 - max(gaps))

    likeness = {"likeness": liken}
    return Metric("mae", score, differs, points=-100.0, likeness=likeness)


def share(gap: np.ndarray, size: np.ndarray) -> float:
    """How large the gaps are, as a share of the sizes; 0 where there is nothing."""
    total = np.nansum(np.abs(np.where(np.isnan(gap), np.nan, size)))
    return float(np.nansum(np.abs(gap)) / total) if total > 0 else 0.0

"""Quantiles that hold what they say on data the model has not seen."""

import numpy as np

from ..common.data.splits import sample_rows
from .networks.quantiles import POINT
from .series.windows import Windows
from .serving import Serving

MAX_WINDOWS = 2_000  # neighbours tell the same
MAX_NUMBERS = 100_000_000  # that are held at once, of windows with many columns
# Stretches of validation rows, each as long as the horizon, that are believed half: one
# drift in a single long stretch says nothing of the next.
DOUBT = 2.0


def conformal_offsets(truth, base, scale, quantiles) -> np.ndarray:
    """How far each quantile has to move so that its share of the truth is below it.

    Split conformal prediction for each step, target and quantile, on residuals over the
    spread of the history, so that a calm history moves less than a wild one.

    Args:
        truth: `(N, H, T)`, NaN where missing.
        base: `(N, H, T, Q)` what the model says.
        scale: `(N, 1, T)` spread of each history.
        quantiles: `(Q,)` their levels.

    Returns:
        `(H, T, Q)` in units of the scale; 0 where there is no truth.

    Example:

    >>> import numpy as np
    >>> truth = np.arange(99.0).reshape(99, 1, 1)
    >>> offsets = conformal_offsets(truth, np.zeros((99, 1, 1, 1)), np.ones((99, 1, 1)),
    ...                             [0.9])
    >>> offsets.ravel().tolist()
    [89.0]

    Reference:
        Romano et al., Conformalized Quantile Regression,
        https://arxiv.org/abs/1905.03222
    """
    residuals = (truth[..., None] - base) / scale[..., None]
    residuals = np.sort(residuals, axis=0)  # NaN goes last
    counts = (~np.isnan(residuals)).sum(axis=0)  # (H, T, Q)
    levels = np.asarray(quantiles, np.float64)
    # The k-th smallest of n has k / (n + 1) of what is to come below it.
    ranks = np.where(
        levels >= 0.5,
        np.ceil((counts + 1) * levels),
        np.floor((counts + 1) * levels),
    )
    places = np.clip(ranks - 1, 0, np.maximum(counts - 1, 0)).astype(int)
    found = np.take_along_axis(residuals, places[None], axis=0)[0]
    return np.nan_to_num(found).astype(np.float32)


def calibrate(model, windows: Windows, seed: int) -> None:
    """Sets the offsets of a model's quantiles by what validation shows.

    The fewer stretches of the horizon's length the validation rows have, the less of
    the way it goes: n of them count as `n / (n + 2)`. A model that gives one number has
    no interval of its own to begin with, and goes all the way.

    Args:
        model: a `Forecaster` in float32.
        windows: its data.
        seed: of the sample of windows, where there are many.
    """
    s = model.settings
    if not s["quantiles"]:
        return
    chosen = windows.find("validation")
    size = s["horizon"] * s["num_targets"] * len(s["quantiles"])
    count = min(MAX_WINDOWS, max(100, MAX_NUMBERS // size))
    window = windows.take(chosen[sample_rows(len(chosen), count, seed)])
    parts = Serving(model).predict_parts(window.inputs)
    targets = s["num_targets"]
    mean, scale = (np.asarray(v)[:targets] for v in (model.mean, model.scale))
    truth = (window.truth - mean) / scale
    offsets = conformal_offsets(truth, parts["base"], parts["scale"], s["quantiles"])
    stretches = count_stretches(chosen, s["horizon"])
    share = 1.0 if s["levels"] == [POINT] else stretches / (stretches + DOUBT)
    model.offsets.assign(offsets * share)


def count_stretches(chosen: np.ndarray, horizon: int) -> float:
    """How many stretches of the horizon's length windows `(N, 2)` lie in.

    Example:

    >>> count_stretches(np.array([[0, 96], [0, 97], [1, 96]]), horizon=2)
    2.5
    """
    series = len(np.unique(chosen[:, 0]))
    return (len(chosen) + series * (horizon - 1)) / horizon

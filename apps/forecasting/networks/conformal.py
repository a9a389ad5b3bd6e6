"""Calibration: quantiles that hold on data which the model has not seen."""

import numpy as np

from ...common.data.splits import sample_rows
from ..series.windows import Window, Windows
from ..serving import Serving
from .fan import ALIKE, Fan
from .model import Forecaster
from .quantiles import POINT

MAX_WINDOWS = 2_000  # neighbouring windows are alike
MAX_NUMBERS = 100_000_000  # held at once, where windows have many columns
# So many horizon-length blocks of validation rows would move the quantiles half of the
# way: the drift of one block says little about the next.
DOUBT = 2.0


def conformal_offsets(truth, base, scale, quantiles) -> np.ndarray:
    """How far each quantile has to move so that its share of the truth is below it.

    Split conformal prediction for each step, target and quantile: `truth (N, H, T)`,
    NaN where missing, and `base (N, H, T, Q)` of the model give `(H, T, Q)` in units of
    `scale (N, 1, T)`, the spread of each history, so that a calm history moves less
    than a wild one; 0 where there is no truth.

    >>> truth, base = np.arange(99.0).reshape(99, 1, 1), np.zeros((99, 1, 1, 1))
    >>> conformal_offsets(truth, base, np.ones((99, 1, 1)), [0.9]).tolist()
    [[[89.0]]]

    Reference:
        Romano et al., Conformalized Quantile Regression,
        https://arxiv.org/abs/1905.03222
    """
    residuals = (truth[..., None] - base) / scale[..., None]
    residuals = np.sort(residuals, axis=0)  # NaN goes last
    counts = (~np.isnan(residuals)).sum(axis=0)  # (H, T, Q)
    levels = np.asarray(quantiles, np.float64)
    # A share of k / (n + 1) of new values is below the k-th smallest of n.
    ranks = (counts + 1) * levels
    ranks = np.where(levels >= 0.5, np.ceil(ranks), np.floor(ranks))
    places = np.clip(ranks - 1, 0, np.maximum(counts - 1, 0)).astype(int)
    offsets = np.take_along_axis(residuals, places[None], axis=0)[0]
    return np.nan_to_num(offsets).astype(np.float32)


def calibrate(model: Forecaster, windows: Windows, seed: int) -> None:
    """Sets the offsets of a model's quantiles, from its errors on validation data.

    See `shares` for how far they move. A model that gives one number has no interval of
    its own, so its offsets are as they were found. The median is the forecast, and has
    none. `seed` draws the sample of windows, where there are many.
    """
    s, size = model.settings, int(np.prod(model.offsets.shape))
    if not size:
        return
    chosen = windows.find("validation")
    count = min(MAX_WINDOWS, max(100, MAX_NUMBERS // size))
    window = windows.take(chosen[sample_rows(len(chosen), count, seed)])
    parts = Serving(model).predict_parts(window.inputs)
    mean, scale = (np.asarray(v)[: s["num_targets"]] for v in (model.mean, model.scale))
    truth = (window.truth - mean) / scale
    offsets = conformal_offsets(truth, parts["base"], parts["scale"], s["quantiles"])
    if s["levels"] != [POINT]:
        blocks = count_blocks(chosen, s["horizon"])
        known = (~np.isnan(window.truth)).mean(axis=0)  # (H, T)
        offsets = offsets * shares(blocks * known[..., None], s["quantiles"])
    model.offsets.assign(np.where(np.array(s["quantiles"]) == 0.5, 0.0, offsets))
    widen_fan(model, window)


def widen_fan(model: Forecaster, window: Window) -> None:
    """Widens the fan of few values until it is that of each window's whole history.

    The network gives each history its own fan, so one spread for all is not enough.
    """
    history = window.inputs["history"].copy()
    past = history[:, :, : window.truth.shape[2]]
    later = np.cumsum(~np.isnan(past)[:, ::-1], axis=1)[:, ::-1]
    past[later != 1] = np.nan  # but for the last value, and what is missing after it
    whole, one = (
        Serving(model).predict(inputs)["quantiles"]
        for inputs in (window.inputs, window.inputs | {"history": history})
    )
    whole, one = (np.ptp(values, axis=3) for values in (whole, one))
    known = (one > 0) & np.isfinite(whole)
    ratio = np.where(known, whole / np.where(known, one, 1.0), 1.0)
    more = np.clip(ratio.max(axis=(0, 1)), 1.0, ALIKE)  # (T,)
    fan = model.settings["fan"]
    if fan:
        wider = {k: (more * fan[k]).tolist() for k in ("widest", "ratio")}
        model.settings["fan"] = fan | wider
        model.fan = Fan(**model.settings["fan"])


def shares(blocks, quantiles) -> np.ndarray:
    """How much of its offset each quantile moves, by the independent errors seen.

    Errors of overlapping windows are nearly one error, so the blocks as long as the
    horizon count. With n of them, offsets shrink by n / (n + 2). The quantile q needs
    at least one error beyond it, of n + 1 with the next one: with fewer, its offset
    would be the largest error of validation, and is left out.

    >>> shares(np.array([8.0, 18.0])[:, None], [0.1, 0.5, 0.95]).tolist()
    [[0.0, 0.8, 0.0], [0.9, 0.9, 0.0]]
    """
    levels = np.asarray(quantiles, np.float64)
    tails = np.minimum(levels, 1.0 - levels)
    enough = (blocks + 1.0) * tails >= 1.0 - 1e-9
    return np.where(enough, blocks / (blocks + DOUBT), 0.0)


def count_blocks(chosen: np.ndarray, horizon: int) -> float:
    """How many blocks as long as the horizon the windows `(N, 2)` cover.

    >>> count_blocks(np.array([[0, 96], [0, 97], [1, 96]]), horizon=2)
    2.5
    """
    series = len(np.unique(chosen[:, 0]))
    return (len(chosen) + series * (horizon - 1)) / horizon

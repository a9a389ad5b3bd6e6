"""ETS and Theta, fitted to each series alone, where statsforecast is installed.

A fit takes up to some seconds and answers one window, so a seeded sample of the windows
is answered, one target of each, until the time is up.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..series.filling import fill_forward
from ..series.windows import Window, Windows

SECONDS = 60.0  # that all fits together may take
MOST_WINDOWS = 100
MOST_STEPS = 1_000  # of a history, the latest


@dataclass(frozen=True)
class Sample:
    """Windows, one target of each, and what each model forecasts for them."""

    windows: np.ndarray  # (N, 2) as in `Windows.find`
    targets: np.ndarray  # (N,) numbers of the targets
    forecasts: dict[str, np.ndarray]  # name -> (N, H)

    def take(self, windows: Windows) -> Window:
        """The sampled windows, their truth NaN but for the sampled target."""
        window = windows.take(self.windows)
        sampled = np.arange(windows.num_targets) == self.targets[:, None, None]
        return replace(window, truth=np.where(sampled, window.truth, np.nan))

    def clip(self) -> "Sample":
        """The sample, with no forecast below 0."""
        found = {name: np.maximum(x, 0.0) for name, x in self.forecasts.items()}
        return replace(self, forecasts=found)


def load_models() -> dict[str, Callable]:
    """The models by their names; none where statsforecast is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from statsforecast.models import AutoETS, AutoTheta
        except ImportError:
            return {}
    return {"ets": AutoETS, "theta": AutoTheta}


def forecast_sample(
    windows: Windows, seed: int, tell: Callable[[str], None] = lambda line: None
) -> Sample | None:
    """Forecasts a sample of the held-out windows; None without time or statsforecast.

    Each model is fitted to all of a series before the forecast, up to `MOST_STEPS`, its
    missing values filled forward. A history that a model refuses, such as one of four
    steps, has its last value repeated.
    """
    started = time.monotonic()
    models = load_models()
    if not models:
        return None
    chosen, targets = _draw(windows, seed)
    tell(f"fitting ETS and Theta to up to {len(chosen)} windows, {SECONDS:g} s at most")
    rows: dict[str, list[np.ndarray]] = {name: [] for name in models}
    longest = 0.0
    for (series, place), target in zip(chosen, targets, strict=True):
        begun = time.monotonic()
        if begun - started + longest > SECONDS:
            break
        history = _history(windows, series, place, target)
        for name, model in models.items():
            season = windows.dataset.season
            rows[name].append(_forecast(model, history, season, windows.horizon))
        longest = max(longest, time.monotonic() - begun)
    count = len(rows["ets"])
    forecasts = {name: np.array(values) for name, values in rows.items()}
    return Sample(chosen[:count], targets[:count], forecasts) if count else None


def _draw(windows: Windows, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Held-out windows `(N, 2)` in a drawn order, and a target of each `(N,)`."""
    rng = np.random.default_rng(seed)
    found = windows.find(windows.dataset.held_out)
    chosen = found[rng.permutation(len(found))[:MOST_WINDOWS]]
    window = windows.take(chosen)
    has_truth = ~np.isnan(window.truth).all(axis=1)  # (N, T)
    has_history = ~np.isnan(window.past).all(axis=1)
    good = has_truth & has_history
    # A drawn one of the targets that have both.
    targets = np.where(good, rng.random(good.shape), -1.0).argmax(axis=1)
    kept = good.any(axis=1)
    return chosen[kept], targets[kept]


def _history(windows: Windows, series: int, place: int, target: int) -> np.ndarray:
    """The values of a target before a forecast, without gaps, float64 `(steps,)`."""
    first = max(0, place - max(MOST_STEPS, windows.look_back))
    values = windows.dataset.series[series].values[first:place, target]
    begin = np.flatnonzero(~np.isnan(values))[0]
    return fill_forward(values[None, begin:, None])[0, :, 0].astype(np.float64)


def _forecast(
    model: Callable, history: np.ndarray, season: int, horizon: int
) -> np.ndarray:
    """What a model, fitted to a history, forecasts: `(H,)`."""
    last = np.full(horizon, history[-1])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = model(season_length=season).forecast(y=history, h=horizon)["mean"]
        except Exception:  # it refuses a history by errors of many kinds
            return last
    return found if np.isfinite(found).all() else last

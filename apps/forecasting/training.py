"""Training a forecaster: batches, loss, optimizer, validation, choice of a model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..common.errors import UsageError
from ..common.quiet import Terminal
from ..common.run import trainer
from ..common.run.loop import write_history
from ..common.run.saving import copy_matching_weights, load_model
from ..common.run.schedules import make_adamw
from ..common.run.trainer import Fitted, Training, Validation, say
from ..common.task import Steps
from .config import LEARNING_RATES, Config, candidates
from .networks.conformal import calibrate
from .networks.losses import ForecastLoss
from .networks.model import Forecaster, build_model
from .series.windows import EpochBatches, Windows

SMALLEST_BATCH, LARGEST_BATCH = 16, 256
FEWEST_STEPS = 32  # of an epoch, where there are enough windows


def make_training(
    config: Config, assets: Any, windows: Windows, model: Forecaster
) -> Training:
    """The compiled model and its epochs' batches."""
    chosen = windows.find("train")
    batch_size = config.batch_size or choose_batch_size(len(chosen))

    def make_epoch(epoch):
        return EpochBatches(windows, chosen, batch_size, config.seed, epoch)

    steps = len(make_epoch(0))
    rate = config.learning_rate or LEARNING_RATES[config.model]
    optimizer = make_adamw(config, rate, steps, steps * config.epochs)
    loss = ForecastLoss(config.loss, model.settings["levels"])
    model.compile(optimizer, loss=loss)
    facts = {"model": config.model}
    return Training(model, make_epoch, steps, len(chosen), "windows", facts=facts)


def choose_batch_size(count: int) -> int:
    """Windows a batch: few where there are few, so that an epoch has steps enough."""
    size = 2 ** int(np.log2(count / FEWEST_STEPS + 1))
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, size))


def make_validation(config: Config, assets: Any, windows: Windows) -> Validation:
    """Measures a model on the validation windows, in standardised units."""
    chosen = windows.find("validation")

    def score(model) -> dict[str, float]:
        sums = np.zeros(3)
        for window in windows.batches(chosen):
            outputs = np.asarray(model.predict_on_batch(window.inputs))
            error = (window.truth - outputs[..., model.middle]) / window.spread
            is_known = ~np.isnan(error)
            error = np.where(is_known, error, 0.0)
            sums += [np.abs(error).sum(), (error * error).sum(), is_known.sum()]
        return {"mae": sums[0] / sums[2], "mse": sums[1] / sums[2]}

    monitor = "mse" if config.loss == "mse" else "mae"
    shown = ("val_mae", "val_mse")
    return Validation(score, monitor, larger_is_better=False, shown=shown)


def fit(
    steps: Steps,
    config: Config,
    assets: Any,
    windows: Windows,
    path: Path,
    terminal: Terminal | None,
) -> Fitted:
    """Trains the model, or with "auto" each candidate, of which the best is kept."""
    if config.model != "auto":
        return trainer.fit(steps, config, assets, windows, path, terminal)
    every = []
    for candidate in candidates(config):
        say(terminal, f"model {candidate.model}")
        folder = f"checkpoint/{candidate.model}"
        every.append(
            trainer.fit(steps, candidate, assets, windows, path, terminal, folder)
        )
    scores = {one.config.model: float(one.state.best_score or 0) for one in every}
    best = min(every, key=lambda one: scores[one.config.model])
    write_history(path / "history.csv", best.state.history)
    monitor = make_validation(config, assets, windows).monitor
    name = best.config.model
    others = ", ".join(f"{k} {v:.4g}" for k, v in scores.items() if k != name)
    chosen = f"validation {monitor.upper()} {scores[name]:.4g} ({others})"
    say(terminal, f"auto: {name}, {chosen}")
    facts = best.facts | {
        "seconds": round(sum(one.state.seconds for one in every), 1),
        "chosen_by": f"validation {monitor}",
        "candidates": {k: round(v, 5) for k, v in scores.items()},
    }
    return replace(best, facts=facts)


def estimate(steps: Steps, config: Config, assets: Any, windows: Windows) -> dict:
    """What `--dry-run` says of the training: with "auto", of all candidates."""
    every = [
        trainer.estimate(steps, candidate, assets, windows)
        for candidate in candidates(config)
    ]
    minutes = sum(one["estimated_minutes_at_most"] for one in every)
    return {
        "windows": len(windows.find("train")),
        "parameters": max(one["parameters"] for one in every),
        "estimated_minutes_at_most": round(minutes, 1),
    }


def finish(config: Config, assets: Any, windows: Windows, trained) -> keras.Model:
    """The model in float32, its quantiles calibrated on the validation windows."""
    model = build_model(config, windows.dataset)
    model.set_weights(trained.get_weights())
    calibrate(model, windows, config.seed)
    return model


def start_from(config: Config, assets: Any, model: Forecaster) -> None:
    """Takes over an older run's weights wherever their shapes agree.

    Raises:
        UsageError: one has covariates and the other has none.
    """
    path = Path(str(config.init_from))
    older = load_model(path / "model.keras")
    if len(model.weights) != len(older.weights):
        counts = [
            f"{m.settings['num_past']} past and {m.settings['num_future']} known-future"
            for m in (older, model)
        ]
        raise UsageError(
            f"{path}: its weights are of a model with {counts[0]} covariates, not "
            f"{counts[1]}: name the same ones, or train without init_from"
        )
    copy_matching_weights(model, older, path)

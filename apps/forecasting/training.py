"""Training a forecaster: batches, loss, optimizer, validation, choice of a model."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ..common.errors import UsageError
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


def make_training(config: Config, assets, windows: Windows, model) -> Training:
    """The compiled model and its epochs' batches."""
    chosen = windows.find("train")
    batch_size = config.batch_size or choose_batch_size(len(chosen))

    def make_epoch(epoch):
        return EpochBatches(windows, chosen, batch_size, config.seed, epoch)

    steps = len(make_epoch(0))
    rate = config.learning_rate or LEARNING_RATES[config.model]
    optimizer = make_adamw(config, rate, steps, steps * config.epochs)
    model.compile(optimizer, loss=ForecastLoss(config.loss, model.settings["levels"]))
    facts = {"model": config.model}
    return Training(model, make_epoch, steps, len(chosen), "windows", facts=facts)


def choose_batch_size(count: int) -> int:
    """Windows a batch: fewer of fewer windows, so that an epoch has enough steps."""
    size = 2 ** int(np.log2(count / FEWEST_STEPS + 1))
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, size))


def make_validation(config: Config, assets, windows: Windows) -> Validation:
    """Measures a model on the validation windows, in standardised units."""
    chosen = windows.find("validation")

    def score(model) -> dict[str, float]:
        sums = np.zeros(3)
        for window in windows.batches(chosen):
            outputs = np.asarray(model.predict_on_batch(window.inputs))
            errors = window.errors(outputs[..., model.middle])
            is_known = ~np.isnan(errors)
            errors = np.where(is_known, errors, 0.0)
            sums += [errors.sum(), (errors * errors).sum(), is_known.sum()]
        return {"mae": sums[0] / sums[2], "mse": sums[1] / sums[2]}

    return Validation(score, monitored(config), False, ("val_mae", "val_mse"))


def monitored(config: Config) -> str:
    """The measure on validation data that decides which epoch is best."""
    return "mse" if config.loss == "mse" else "mae"


def fit(steps: Steps, config: Config, assets, windows, path: Path, terminal) -> Fitted:
    """Trains the model, or with "auto" every candidate, of which the best is kept."""
    if config.model != "auto":
        return trainer.fit(steps, config, assets, windows, path, terminal)
    fitted: dict[str, Fitted] = {}
    for candidate in candidates(config):
        say(terminal, f"model {candidate.model}")
        folder = f"checkpoint/{candidate.model}"
        args = steps, candidate, assets, windows, path, terminal, folder
        fitted[candidate.model] = trainer.fit(*args)
    scores = {name: float(one.state.best_score or 0) for name, one in fitted.items()}
    name = min(scores, key=lambda name: scores[name])
    best, measure = fitted[name], monitored(config)
    write_history(path / "history.csv", best.state.history)
    others = ", ".join(f"{k} {v:.4g}" for k, v in scores.items() if k != name)
    chosen = f"validation {measure.upper()} {scores[name]:.4g} ({others})"
    say(terminal, f"auto: {name}, {chosen}")
    facts = best.facts | {
        "seconds": round(sum(one.state.seconds for one in fitted.values()), 1),
        "chosen_by": f"validation {measure}",
        "candidates": {name: round(score, 5) for name, score in scores.items()},
    }
    return replace(best, facts=facts)


def estimate(steps: Steps, config: Config, assets, windows: Windows) -> dict:
    """What `--dry-run` says of the training: with "auto", of all candidates."""
    facts = [trainer.estimate(steps, c, assets, windows) for c in candidates(config)]
    minutes = sum(each["estimated_minutes_at_most"] for each in facts)
    return {
        "windows": len(windows.find("train")),
        "parameters": max(each["parameters"] for each in facts),
        "estimated_minutes_at_most": round(minutes, 1),
    }


def finish(config: Config, assets, windows: Windows, trained) -> keras.Model:
    """The model in float32, its quantiles calibrated on the validation windows."""
    model = build_model(config, windows.dataset)
    model.set_weights(trained.get_weights())
    calibrate(model, windows, config.seed)
    return model


def start_from(config: Config, assets, model: Forecaster) -> None:
    """Takes over an older run's weights wherever their shapes agree."""
    path = Path(str(config.init_from))
    older = load_model(path / "model.keras")
    if len(model.weights) != len(older.weights):
        s, t = older.settings, model.settings
        raise UsageError(
            f"{path}: its weights are of a model with {s['num_past']} past and "
            f"{s['num_future']} known-future covariates, not {t['num_past']} past and "
            f"{t['num_future']} known-future: name the same ones, or train without "
            "init_from"
        )
    copy_matching_weights(model, older, path)

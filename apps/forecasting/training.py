"""Training a forecaster: batches, loss, optimizer, validation, choice of a model."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from ..common.errors import RETRAIN, UsageError
from ..common.files import expecting, read_json
from ..common.history import write_history
from ..common.run import trainer
from ..common.run.checkpoint import whole_epochs
from ..common.run.saving import copy_matching_weights, load_model
from ..common.run.schedules import make_adamw
from ..common.run.trainer import Fitted, Training, Validation, say
from ..common.task import Steps
from .config import LEARNING_RATES, Config, candidates, read_choice
from .networks.building import build_model
from .networks.conformal import calibrate
from .networks.losses import ForecastError, ForecastLoss
from .networks.model import Forecaster
from .series.windows import EpochBatches, Windows

SMALLEST_BATCH, LARGEST_BATCH = 16, 256
FEWEST_STEPS = 32  # of an epoch, where there are enough windows


def make_training(config: Config, assets, windows: Windows, model) -> Training:
    """The compiled model and its epochs' batches."""
    chosen = windows.find("train")
    make_epoch = partial(make_batches, config, windows, chosen)
    steps = len(make_epoch(0))
    rate = config.learning_rate or LEARNING_RATES[config.model]
    optimizer = make_adamw(config, rate, steps, steps * (config.epochs or 1))
    levels = model.settings["levels"]
    errors = [ForecastError(n, model.middle, len(levels)) for n in ("mae", "mse")]
    model.compile(optimizer, ForecastLoss(config.loss, levels), metrics=errors)
    return Training(
        model,
        make_epoch,
        steps,
        rows=len(chosen),
        unit="windows",
        facts={"model": config.model},
        fixed_length=True,
    )


def make_batches(config: Config, windows: Windows, chosen, epoch=0) -> EpochBatches:
    """The batches of an epoch of the `chosen` windows."""
    batch_size = config.batch_size or choose_batch_size(len(chosen))
    return EpochBatches(windows, chosen, batch_size, config.seed, epoch)


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

    shown, how = ("val_mae", "val_mse"), "before the quantiles were calibrated"
    return Validation(score, monitored(config), False, shown, how=how)


def monitored(config: Config) -> str:
    """The measure on validation data that decides which epoch is best."""
    return "mse" if config.loss == "mse" else "mae"


def fit(
    steps: Steps,
    config: Config,
    assets,
    windows,
    path: Path,
    terminal,
    older: Path | None = None,
    finish: bool = False,
) -> Fitted:
    """Trains the model, or with "auto" every candidate, of which the best is kept.

    With `older`, that run goes on, and only the model that it has chosen. With
    `finish`, an interrupted training ends, without the candidates that have no epoch.
    """
    if older:
        chosen = read_choice(config, older)
        begun = steps, chosen, assets, windows, path, terminal
        only = trainer.fit(*begun, older=older, finish=finish)
        metrics = read_json(older / "metrics.json", RETRAIN)
        with expecting(older / "metrics.json", RETRAIN):
            facts = metrics["train"]
            facts = {k: facts[k] for k in ("chosen_by", "candidates") if k in facts}
        if "candidates" in facts:
            facts["candidates"][chosen.model] = round(only.state.best_score or 0, 5)
        return replace(only, facts=only.facts | facts)
    if config.model != "auto":
        begun = steps, config, assets, windows, path, terminal
        return trainer.fit(*begun, finish=finish)
    fitted: dict[str, Fitted] = {}
    for candidate in candidates(config):
        folder = f"checkpoint/{candidate.model}"
        if finish and not (path / folder / "best.npz").exists():
            say(terminal, f"note: {candidate.model} has no whole epoch: it is left out")
            continue
        say(terminal, f"model {candidate.model}")
        args = steps, candidate, assets, windows, path, terminal, folder
        fitted[candidate.model] = trainer.fit(*args, finish=finish)
    if not fitted:
        whole_epochs(path / "checkpoint")  # which says that there is none
    scores = {name: float(one.state.best_score or 0) for name, one in fitted.items()}
    name = min(scores, key=lambda name: scores[name])
    best, measure = fitted[name], monitored(config)
    write_history(path / "history.csv", best.state.history)
    others = ", ".join(f"{k} {v:.4g}" for k, v in scores.items() if k != name)
    reason = f"validation {measure.upper()} {scores[name]:.4g}"
    say(terminal, f"auto: {name}, {reason}" + (f" ({others})" if others else ""))
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

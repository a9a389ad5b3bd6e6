"""Training a forecaster from its configuration."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..common.config import load_config, take_shape
from ..common.errors import UsageError
from ..common.files import write_json
from ..common.progress import ProgressBar
from ..common.quiet import quiet as quietly
from ..common.run_folder import check_run, prepare
from ..common.runs import load_model, save_run
from ..common.training import WarmUpDecay, be_deterministic, choose_precision
from ..common.training import train as fit
from .config import LEARNING_RATES, LOSSES, MODELS, PRESETS, Config
from .conformal import calibrate
from .data import Dataset, load_data
from .losses import ForecastLoss
from .model import build_model
from .run import TASK, Run, describe_columns, measure
from .windows import EpochBatches, Windows

SMALLEST_BATCH, LARGEST_BATCH = 16, 256
FEWEST_STEPS = 32  # of an epoch, where the windows suffice
MEASURED_STEPS = 8  # of training, for --dry-run's estimate
LONGEST_HORIZON = 48  # that is chosen without being asked for
CANDIDATES = ("periodic", "linear", "patch")  # of model "auto"
# What an old run's weights fix.
SHAPE_FIELDS = (
    "preset",
    "model",
    "look_back",
    "horizon",
    "quantiles",
    "cycle",
    "calendar",
    "hidden_dim",
    "num_layers",
    "num_heads",
    "patch_length",
)


def resolve(config: Config) -> Config:
    """Fills what the preset, or the older run to begin with, decides."""
    if config.init_from:
        check_run(config.init_from)
        old = load_config(Config, TASK, Path(config.init_from) / "config.json")
        config = take_shape(config, old, SHAPE_FIELDS)
    if config.preset not in PRESETS:
        raise UsageError(f"preset {config.preset!r}: one of {', '.join(PRESETS)}")
    if config.model not in (*MODELS, "auto"):
        raise UsageError(f"model {config.model!r}: one of {', '.join(MODELS)}, auto")
    if config.loss not in LOSSES:
        raise UsageError(f"loss {config.loss!r}: one of {', '.join(LOSSES)}")
    for level in config.quantiles:
        if not 0 < level < 1:
            raise UsageError(f"quantile {level:g}: it must lie between 0 and 1")
    for name in ("look_back", "horizon", "cycle", "epochs", "batch_size"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise UsageError(f"{name} is {value}; it must be 1 or more")
    preset = PRESETS[config.preset]
    missing: dict[str, Any] = {
        name: value for name, value in preset.items() if getattr(config, name) is None
    }
    return replace(config, **missing)


def fit_lengths(config: Config, season: int) -> Config:
    """Fills horizon, look-back and cycle from the season of the data."""
    horizon = config.horizon or min(max(season, 6), LONGEST_HORIZON)
    look_back = config.look_back or max(4 * season, 2 * horizon)
    cycle = config.cycle or season
    return replace(config, horizon=horizon, look_back=look_back, cycle=cycle)


def make_windows(config: Config, dataset: Dataset) -> Windows:
    """The windows of a configuration whose lengths are filled."""
    if config.look_back is None or config.horizon is None:
        raise ValueError("look_back and horizon are not filled; see fit_lengths")
    return Windows(dataset, config.look_back, config.horizon)


def train(
    config: Config,
    overwrite: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> Run | dict:
    """Trains a forecaster and measures it beside the baselines.

    Args:
        config: what to train, on what, and where to write.
        overwrite: replace a finished run in the folder.
        dry_run: read the data, time a few steps, write nothing.
        verbose: show the libraries' messages.
        quiet: show no progress.

    Returns:
        The finished `Run`, or with `dry_run` a report.

    Raises:
        PolyheadError: the data or the folder cannot be used.
        UsageError: the settings are wrong, or the folder has another run.
    """
    config = resolve(config)
    with quietly(verbose) as terminal:
        dataset = load_data(config)
        config = fit_lengths(config, dataset.season)
        windows = make_windows(config, dataset)
        for part in dataset.ends:
            windows.find(part)  # refuses data too short for a window
        if dry_run:
            return dataset.report | {"estimate": estimate(config, windows)}
        with prepare(TASK, config, overwrite) as folder:
            if folder.resumed and not quiet:
                print(f"resuming {folder.path}", file=terminal.err)
            warnings = [*dataset.report["warnings"], *_describe_left_out(windows)]
            for warning in warnings if not quiet else ():
                print(f"note: {warning}", file=terminal.err)
            _train(config, windows, folder.path, None if quiet else terminal)
            run = Run(folder.path)
            measure(run, dataset)
            folder.finish()
            # It served to resume; it is several times the model's size.
            shutil.rmtree(folder.path / "checkpoint", ignore_errors=True)
        return run


def _describe_left_out(windows: Windows) -> list[str]:
    names = windows.left_out()
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [
        f"series {', '.join(names[:3])}{more}: too short for a window of "
        f"{windows.look_back} and {windows.horizon} steps, not in training"
    ]


def _train(config, windows, path, terminal) -> None:
    """Trains and writes the run's files."""
    if config.deterministic:
        be_deterministic()
    names = CANDIDATES if config.model == "auto" else (config.model,)
    found = {}
    for name in names:
        chosen = replace(config, model=name)
        checkpoint = path / "checkpoint"
        if len(names) > 1:
            checkpoint = checkpoint / name
            if terminal is not None:
                print(f"model {name}", file=terminal.err)
        found[name] = (*_fit(chosen, windows, checkpoint, terminal), chosen)
    best = min(found, key=lambda name: found[name][1].best_score)
    model, state, chosen = found[best]
    seconds = sum(state.seconds for _, state, _ in found.values())
    chosen_windows = len(windows.find("train")) * len(state.history)
    facts = {
        "seconds": round(seconds, 1),
        "windows_per_second": round(chosen_windows / max(state.seconds, 1e-9), 1),
        "epochs": len(state.history),
        "best_epoch": state.best_epoch + 1,
        "model": best,
    }
    if len(names) > 1:
        monitor = monitored(config)
        scores = {name: part[1].best_score for name, part in found.items()}
        facts["chosen_by"] = f"validation {monitor}"
        facts["candidates"] = {k: round(v, 5) for k, v in scores.items()}
    final = to_float32(chosen, windows.dataset, model)
    calibrate(final, windows, config.seed)
    save_run(path, final, None, {"train": facts})
    write_json(path / "columns.json", describe_columns(windows.dataset))


def _fit(config, windows, checkpoint, terminal):
    model, make_epoch, steps = make_training(config, windows)
    monitor = monitored(config)
    callbacks = []
    if terminal is not None:
        shown = ["loss", "val_mae", "val_mse"]
        callbacks.append(ProgressBar(terminal.err, config.epochs, steps, shown))
    state = fit(
        model,
        make_epoch,
        config.epochs,
        make_score(windows),
        monitor,
        checkpoint,
        config.patience,
        larger_is_better=False,
        callbacks=callbacks,
    )
    return model, state


def monitored(config: Config) -> str:
    """The measure on validation data that decides which epoch is best."""
    return "mse" if config.loss == "mse" else "mae"


def make_training(config: Config, windows: Windows):
    """The compiled model, its epochs' batches, and their number an epoch."""
    keras.utils.set_random_seed(config.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(config.mixed_precision))
    try:
        model = build_model(config, windows.dataset)
    finally:
        keras.config.set_dtype_policy(policy)
    if config.init_from:
        start_from(model, Path(config.init_from))
    chosen = windows.find("train")
    batch_size = config.batch_size or choose_batch_size(len(chosen))

    def make_epoch(epoch):
        return EpochBatches(windows, chosen, batch_size, config.seed, epoch)

    steps = len(make_epoch(0))
    model.compile(
        keras.optimizers.AdamW(
            WarmUpDecay(
                config.learning_rate or LEARNING_RATES[config.model],
                steps,
                steps * config.epochs,
            ),
            weight_decay=config.weight_decay,
            clipnorm=1.0,
            use_ema=config.ema > 0,
            ema_momentum=config.ema or 0.99,
        ),
        loss=ForecastLoss(config.loss, model.settings["levels"]),
    )
    return model, make_epoch, steps


def choose_batch_size(count: int) -> int:
    """Windows a batch: few where there are few, so that an epoch has steps enough."""
    return int(
        min(
            LARGEST_BATCH,
            max(SMALLEST_BATCH, 2 ** int(np.log2(count / FEWEST_STEPS + 1))),
        )
    )


def make_score(windows: Windows):
    """Measures a model on the validation windows, in standardised units."""
    chosen = windows.find("validation")

    def score(model) -> dict[str, float]:
        sums = np.zeros(3)
        for window in windows.batches(chosen):
            found = np.asarray(model.predict_on_batch(window.inputs))[..., model.middle]
            error = (window.truth - found) / window.spread
            there = ~np.isnan(error)
            error = np.where(there, error, 0.0)
            sums += [np.abs(error).sum(), (error * error).sum(), there.sum()]
        return {"mae": sums[0] / sums[2], "mse": sums[1] / sums[2]}

    return score


def to_float32(config: Config, dataset: Dataset, trained) -> keras.Model:
    """The same model computing in float32, whatever it trained in."""
    model = build_model(config, dataset)
    model.set_weights(trained.get_weights())
    return model


def start_from(model: keras.Model, path: Path) -> None:
    """Takes over an older run's weights wherever their shapes agree."""
    old = load_model(path / "model.keras")
    for new_weight, old_weight in zip(model.weights, old.weights, strict=True):
        if new_weight.trainable and new_weight.shape == old_weight.shape:
            new_weight.assign(old_weight.value)


def estimate(config: Config, windows: Windows) -> dict:
    """Times a few steps of the training, which are then thrown away."""
    names = CANDIDATES if config.model == "auto" else (config.model,)
    minutes, parameters = 0.0, 0
    for name in names:
        chosen = replace(config, model=name)
        model, make_epoch, steps = make_training(chosen, windows)
        batches = make_epoch(0)
        warm, measured = batches[:2], batches[2 : 2 + MEASURED_STEPS] or batches[:1]
        for batch in warm:
            model.train_on_batch(*batch)
        started = time.perf_counter()
        for batch in measured:
            model.train_on_batch(*batch)
        step = (time.perf_counter() - started) / len(measured)
        minutes += step * steps * config.epochs / 60
        parameters = max(parameters, model.count_params())
    return {
        "windows": len(windows.find("train")),
        "parameters": parameters,
        "estimated_minutes_at_most": round(minutes, 1),
    }

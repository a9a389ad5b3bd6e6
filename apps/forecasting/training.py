"""Training a forecaster from its configuration."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ..common.alignment import list_some
from ..common.errors import UsageError
from ..common.files import write_json
from ..common.quiet import quiet as quietly
from ..common.run.folder import prepare
from ..common.run.loop import WarmUpDecay, be_deterministic, write_history
from ..common.run.loop import train as fit
from ..common.run.precision import choose_precision
from ..common.run.progress import ProgressBar
from ..common.run.saving import load_model, save_run
from .config import LEARNING_RATES, Config
from .conformal import calibrate
from .data import Dataset, load_data
from .evaluate import measure
from .networks.losses import ForecastLoss
from .networks.model import build_model
from .run import TASK, Run, describe_columns
from .series.windows import EpochBatches, Windows
from .settings import candidates, fit_lengths, resolve

SMALLEST_BATCH, LARGEST_BATCH = 16, 256
FEWEST_STEPS = 32  # of an epoch, where the windows suffice
MEASURED_STEPS = 8  # of training, for --dry-run's estimate


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
    return [
        f"series {list_some(names)}: too short for a window of "
        f"{windows.look_back} and {windows.horizon} steps, not in training"
    ]


def _train(config, windows, path, terminal) -> None:
    """Trains and writes the run's files."""
    if config.deterministic:
        be_deterministic()
    names = candidates(config)
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
        # That of a single one is there already.
        write_history(path / "history.csv", state.history)
        monitor = monitored(config)
        scores = {name: part[1].best_score for name, part in found.items()}
        facts["chosen_by"] = f"validation {monitor}"
        facts["candidates"] = {k: round(v, 5) for k, v in scores.items()}
        if terminal is not None:
            print(_describe_choice(scores, best, monitor), file=terminal.err)
    final = to_float32(chosen, windows.dataset, model)
    calibrate(final, windows, config.seed)
    save_run(path, final, None, {"train": facts})
    write_json(path / "columns.json", describe_columns(windows.dataset))


def _describe_choice(scores: dict[str, float], best: str, monitor: str) -> str:
    others = ", ".join(f"{k} {v:.4g}" for k, v in scores.items() if k != best)
    return f"auto: {best}, validation {monitor.upper()} {scores[best]:.4g} ({others})"


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
    """Takes over an older run's weights wherever their shapes agree.

    Raises:
        UsageError: one has covariates and the other has none.
    """
    old = load_model(path / "model.keras")
    if len(model.weights) != len(old.weights):
        counts = [
            f"{m.settings['num_past']} past and {m.settings['num_future']} known-future"
            for m in (old, model)
        ]
        raise UsageError(
            f"{path}: its weights are of a model with {counts[0]} covariates, not "
            f"{counts[1]}: name the same ones, or train without init_from"
        )
    for new_weight, old_weight in zip(model.weights, old.weights, strict=True):
        if new_weight.trainable and new_weight.shape == old_weight.shape:
            new_weight.assign(old_weight.value)


def estimate(config: Config, windows: Windows) -> dict:
    """Times a few steps of the training, which are then thrown away."""
    names = candidates(config)
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

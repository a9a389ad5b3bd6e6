"""Trains a run of any task: the order of the steps."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from ..quiet import Terminal
from ..quiet import quiet as capture_output
from ..task import Steps, Task
from . import loop
from .evaluation import measure
from .folder import prepare as prepare_folder
from .precision import choose_precision
from .progress import ProgressBar
from .run import Run
from .saving import copy_matching_weights, load_model, save_model
from .settings import resolve

# A dry run times this many steps or seconds of training, whichever ends first.
MEASURED_STEPS, MEASURED_SECONDS = 20, 20.0


@dataclass(frozen=True)
class Training:
    """A model, its batches, and facts about them."""

    model: keras.Model  # compiled and built
    make_epoch: Callable[[int], Sequence]  # an epoch's number to its batches
    steps: int  # batches of an epoch
    rows: int  # examples of an epoch
    unit: str = "examples"  # their name, for "..._per_second" in metrics.json
    tokens: int | None = None  # tokens of an epoch without padding; None without tokens
    count_tokens: Callable[[Any], int] | None = None  # of a batch, without padding
    facts: Mapping[str, Any] = field(default_factory=dict)  # "train" in metrics.json
    estimate: Mapping[str, Any] = field(default_factory=dict)  # for a dry run's report
    notes: Sequence[str] = ()  # lines that are shown before the training begins


@dataclass(frozen=True)
class Validation:
    """How to measure a model on validation data after each epoch."""

    score: Callable[[keras.Model], dict[str, float]]  # the measures of a model
    monitor: str  # the measure that decides which epoch is best
    larger_is_better: bool = True
    shown: Sequence[str] = ()  # measures in the line of an epoch, besides the loss
    # Further callbacks, from the terminal (None if progress is hidden) and the folder.
    callbacks: Callable[[Terminal | None, Path], Sequence[keras.callbacks.Callback]] = (
        lambda terminal, path: ()
    )


@dataclass(frozen=True)
class Fitted:
    """A model after `fit`."""

    config: Any
    model: keras.Model  # with the weights of the best epoch
    state: loop.State
    facts: dict[str, Any]  # the content of "train" in metrics.json


def train(
    task: Task,
    config: Any,
    overwrite: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> Run | dict:
    """Trains and measures a run of `task`; see `train` in `api.make_api`."""
    config = resolve(task, config)
    steps = task.steps()
    with capture_output(verbose) as terminal:
        data = steps.load_data(config)
        config = steps.fit_config(config, data)
        if dry_run:
            report = data.report
            assets = steps.make_assets(config, data, None)
            data = steps.prepare(config, assets, data)
            estimate_task = steps.estimate or estimate
            return report | {"estimate": estimate_task(steps, config, assets, data)}
        with prepare_folder(task, config, overwrite) as folder:
            shown = None if quiet else terminal
            if folder.resumed:
                say(shown, f"resuming {folder.path}")
            if config.deterministic:
                loop.be_deterministic()
            assets = steps.make_assets(config, data, folder.path)
            steps.save_assets(assets, folder.path)
            data = steps.prepare(config, assets, data)
            for warning in data.report["warnings"]:
                say(shown, f"note: {warning}")
            fit_task = steps.fit or fit
            fitted = fit_task(steps, config, assets, data, folder.path, shown)
            final = steps.finish(fitted.config, assets, data, fitted.model)
            save_model(folder.path, final, {"train": fitted.facts})
            run = task.answering().run(task, folder.path)
            baselines = steps.fast_baselines(run, data) if steps.fast_baselines else {}
            measure(run, data, baselines)
            folder.finish()
            # No longer needed, and several times as large as the model.
            shutil.rmtree(folder.path / "checkpoint", ignore_errors=True)
        return run


def say(terminal: Terminal | None, line: str) -> None:
    """Shows a line to the user, unless progress is hidden."""
    if terminal is not None:
        print(line, file=terminal.err)


def fit(
    steps: Steps,
    config: Any,
    assets: Any,
    data: Any,
    path: Path,
    terminal: Terminal | None,
    checkpoint: str = "checkpoint",
) -> Fitted:
    """Trains one model to its best epoch, or resumes an interrupted training.

    `data` is from `steps.prepare`, `path` is the run's folder, and `checkpoint` names
    the folder of the checkpoints in it. Without `terminal`, no progress is shown.
    """
    training = start_training(steps, config, assets, data)
    validation = steps.make_validation(config, assets, data)
    callbacks: list[keras.callbacks.Callback] = []
    for note in training.notes:
        say(terminal, note)
    if terminal is not None:
        shown = ["loss", *validation.shown]
        bar = ProgressBar(terminal.err, config.epochs, training.steps, shown)
        callbacks.append(bar)
    callbacks += validation.callbacks(terminal, path)
    state = loop.train(
        training.model,
        training.make_epoch,
        config.epochs,
        validation.score,
        validation.monitor,
        path / checkpoint,
        config.patience,
        validation.larger_is_better,
        callbacks,
        path / "history.csv",
    )
    return Fitted(config, training.model, state, describe_training(training, state))


def start_training(steps: Steps, config: Any, assets: Any, data: Any) -> Training:
    """The compiled model with its initial weights, and its batches."""
    keras.utils.set_random_seed(config.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(config.mixed_precision))
    try:
        model = steps.build(config, assets, data)
    finally:
        keras.config.set_dtype_policy(policy)
    if config.init_from:
        (steps.start_from or copy_older_weights)(config, assets, model)
    return steps.make_training(config, assets, data, model)


def copy_older_weights(config: Any, assets: Any, model: keras.Model) -> None:
    path = Path(config.init_from)
    copy_matching_weights(model, load_model(path / "model.keras"), path)


def describe_training(training: Training, state: loop.State) -> dict[str, Any]:
    """The content of "train" in metrics.json."""
    epochs, seconds = len(state.history), max(state.seconds, 1e-9)
    facts: dict[str, Any] = {
        "seconds": round(state.seconds, 1),
        f"{training.unit}_per_second": round(training.rows * epochs / seconds, 1),
    }
    if training.tokens is not None:
        # Without the time on validation data.
        seconds = max(state.seconds - state.scoring_seconds, 1e-9)
        facts["tokens_per_second"] = round(training.tokens * epochs / seconds)
    best = state.best_epoch + 1
    return facts | {"epochs": epochs, "best_epoch": best, **training.facts}


def estimate(steps: Steps, config: Any, assets: Any, data: Any) -> dict[str, Any]:
    """Times a few steps of a training, whose result is discarded."""
    training = start_training(steps, config, assets, data)
    batches = training.make_epoch(0)
    for batch in batches[:2]:
        training.model.train_on_batch(*batch)
    measured, tokens = 0, 0
    started = time.perf_counter()
    for batch in batches[2 : 2 + MEASURED_STEPS] or batches[:MEASURED_STEPS]:
        training.model.train_on_batch(*batch)
        measured += 1
        if training.count_tokens:
            tokens += training.count_tokens(batch)
        if time.perf_counter() - started > MEASURED_SECONDS:
            break
    seconds = time.perf_counter() - started
    facts = {"parameters": training.model.count_params(), **training.estimate}
    if training.count_tokens:
        facts["tokens_per_second"] = round(tokens / seconds)
    minutes = seconds / measured * training.steps * config.epochs / 60
    return facts | {"estimated_minutes_at_most": round(minutes, 1)}

"""Trains a run of any task: the order of the steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras

from ..data.kept import write_kept
from ..data.report import shorten_report
from ..errors import RETRAIN, PolyheadError
from ..folder.known import read_data
from ..folder.plan import CONTINUE, FINISHED, RESUME, Plan, make_plan
from ..history import read_rows
from ..quiet import Terminal
from ..quiet import quiet as capture_output
from ..task import Steps, Task
from . import loop
from .checkpoint import whole_epochs
from .evaluation import measure
from .folder import check_run, is_done, run_path, training_in
from .folder import prepare as prepare_folder
from .precision import be_deterministic, choose_precision
from .progress import ProgressBar, time_steps
from .run import Run, open_run
from .saving import copy_older_weights, save_model
from .schedules import continue_schedule
from .settings import describe_chosen, resolve, settings_left


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
    # Whether axis 1 of each array has one size in all batches. Else TensorFlow is told
    # that it varies, as it does with texts.
    fixed_length: bool = False


@dataclass(frozen=True)
class Validation:
    """How to measure a model on validation data after each epoch."""

    score: Callable[[keras.Model], dict[str, float]]  # the measures of a model
    monitor: str  # the measure that decides which epoch is best
    larger_is_better: bool = True
    # Measures in the line of an epoch, such as "val_loss", besides those of training.
    shown: Sequence[str] = ()
    # The measure, smaller is better, that decides between epochs of equal scores.
    tie_breaker: str | None = None
    # How it differs from the scores of the finished run, such as "greedy decoding".
    how: str = ""
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
    finish: bool = False,
) -> Run | dict:
    """Trains and measures a run of `task`; see `train` in `api.make_api`."""
    left = settings_left(config)
    config = resolve(task, config)
    path = run_path(task, config)
    with capture_output(verbose) as terminal:
        shown = None if quiet else terminal
        if dry_run:
            return try_out(task.steps(), config)
        if overwrite or not is_done(task, config, path, left):
            with training_in(path):
                plan = make_plan(task, config, path, overwrite, finish, left)
                if plan.action != FINISHED:
                    return follow(plan, config, overwrite and not finish, shown)
        check_run(path)
        say(shown, f"note: {path} is finished: its scores")
        return open_run(task, path, config)


def follow(plan: Plan, asked: Any, overwrite: bool, shown: Terminal | None) -> Run:
    """Carries out a plan; with `overwrite` anew, if a file of its run is damaged."""
    try:
        return carry_out(plan, asked, overwrite, shown)
    except PolyheadError as error:
        if not (overwrite and plan.action == RESUME and RETRAIN in str(error)):
            raise
        return carry_out(plan.anew(asked, str(error)), asked, overwrite, shown)


def carry_out(plan: Plan, asked: Any, overwrite: bool, shown: Terminal | None) -> Run:
    """Trains and measures what a plan says, with the lock of the run's folder held.

    `asked` is the user's configuration.
    """
    task, steps = plan.task, plan.task.steps()
    plan, known, data = read_data(plan, asked, overwrite)
    if plan.action == RESUME:
        say(shown, f"resuming {plan.path}")
    if plan.note:
        say(shown, f"note: {plan.note}")
    # Of a run that goes on, the assets that it has.
    kept = {RESUME: plan.where, CONTINUE: plan.older}.get(plan.action)
    assets = steps.make_assets(plan.config, data, kept)
    config = steps.fit_config(plan.config, assets, data)
    chosen = describe_chosen(plan.config, config)
    with prepare_folder(plan, config) as folder:
        if config.deterministic:
            be_deterministic()
        steps.save_assets(assets, folder.path)
        data = steps.prepare(config, assets, data)
        rows = known and known.rows
        (rows or steps.remember(config, assets, data)).save(folder.path)
        say(shown, shorten_report(task.answering().format_report(data.report)))
        if chosen:
            say(shown, f"chosen by the data: {chosen}")
        fit_task = steps.fit or fit
        fitted = fit_task(
            *(steps, config, assets, data, folder.path, shown),
            older=plan.older,
            finish=plan.finish,
        )
        final = steps.finish(fitted.config, assets, data, fitted.model)
        save_model(folder.path, final, {"train": fitted.facts})
        if config.keep_examples:
            examples = steps.keep(config, data, config.keep_examples)
            write_kept(folder.path, task.name, examples)
        run = task.answering().run(task, folder.path)
        steps.tune(run, data)
        run.tell = partial(say, shown)
        measure(run, data, steps.baselines(run, data), is_new=True)
        folder.finish()
    return open_run(task, plan.path, asked)  # which tells nothing


def try_out(steps: Steps, config: Any) -> dict[str, Any]:
    """What a dry run reports of the data and of the training."""
    data = steps.load_data(config, None)
    assets = steps.make_assets(config, data, None)
    fitted = steps.fit_config(config, assets, data)
    data = steps.prepare(fitted, assets, data)
    estimate_task = steps.estimate or estimate
    facts = estimate_task(steps, fitted, assets, data)
    if chosen := describe_chosen(config, fitted):
        facts = {"chosen_by_the_data": chosen, **facts}
    return data.report | {"estimate": facts}


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
    older: Path | None = None,
    finish: bool = False,
) -> Fitted:
    """Trains one model to its best epoch, or resumes an interrupted training.

    `data` is from `steps.prepare`, `path` is the run's folder, and `checkpoint` names
    the folder of the checkpoints in it. Without `terminal`, no progress is shown. With
    `older`, a finished run with fewer epochs goes on: from its weights, which another
    epoch has to beat, at the learning rate of a training of that many epochs.
    With `finish`, an interrupted training ends now, with its best epoch so far.
    """
    first = replace(config, init_from=str(older)) if older else config
    training = start_training(steps, first, assets, data)
    validation = steps.make_validation(config, assets, data)
    if older:
        done = len(read_rows(older / "history.csv"))
        rate = continue_schedule(training.model.optimizer, done * training.steps)
        say(
            terminal,
            f"note: {older} goes on after epoch {done}; the learning rate is now "
            f"{rate:.2g} and changes as in a training of {config.epochs} epochs",
        )
    callbacks: list[keras.callbacks.Callback] = []
    for note in training.notes:
        say(terminal, note)
    if terminal is not None:
        # Each measure of validation beside what training has of it.
        pairs = [(name.removeprefix("val_"), name) for name in validation.shown]
        shown = list(
            dict.fromkeys(["loss", *(name for pair in pairs for name in pair)])
        )
        bar = ProgressBar(terminal.err, config.epochs, training.steps, shown)
        callbacks.append(bar)
    callbacks += validation.callbacks(terminal, path)
    state = loop.train(
        training.model,
        training.make_epoch,
        whole_epochs(path / checkpoint) if finish else config.epochs,
        validation.score,
        validation.monitor,
        path / checkpoint,
        config.patience,
        larger_is_better=validation.larger_is_better,
        fixed_length=training.fixed_length,
        callbacks=callbacks,
        history=path / "history.csv",
        older=older,
        tie_breaker=validation.tie_breaker,
    )
    if state.best_epoch + 1 == config.epochs:
        more = 2 * config.epochs
        say(
            terminal,
            "note: the last epoch was the best: a longer training may give a better "
            f"model (--epochs {more})",
        )
    facts = describe_training(training, state)
    facts["validated"] = describe_best(validation, state)
    if finish and state.epoch < config.epochs and not state.stopped:
        facts["ended_early"] = True
    return Fitted(config, training.model, state, facts)


def describe_best(validation: Validation, state: loop.State) -> dict[str, Any]:
    """What the kept epoch scored on validation data, by which measure, and how."""
    name = f"val_{validation.monitor}"
    score = state.history[state.best_epoch].get(name)
    return {"measure": validation.monitor, "score": score, "how": validation.how}


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
    return time_steps(start_training(steps, config, assets, data), config.epochs)

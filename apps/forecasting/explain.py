"""What a forecast depends on: steps, columns, covariates and attention."""

from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from ..common.errors import PolyheadError
from .answering import read_newest
from .evaluate import Answer
from .kept import window_of
from .scoring.plots import plot_explanation
from .series.frames import Columns
from .series.statistics import mean_and_spread, mean_known
from .series.windows import Window

BLOCKS = 24  # of the history, each hidden in turn


def explain(run: Any, source: Any = None, output: str | Path | None = None) -> dict:
    """Explains a forecast, and draws the explanation if `output` is given.

    Args:
        source: a file, whose first series is forecast; the last of the held-out
            windows that the run keeps where absent.
        output: a PNG file to draw.

    Returns:
        `steps` and `moves` (see `hide_steps`), `columns` (see `hide_columns`),
        `covariates` (see `permutation_importance`), `attention`, a nested list or None,
        and `model`, the core.
    """
    columns, window, run.notes = run.columns, None, []
    covariates = columns.past + columns.future
    if source is None:
        window = window_of(run.find_examples({}, "name a file to explain"))
        inputs = {name: values[-1:] for name, values in window.inputs.items()}
    else:
        newest = read_newest(run, source)
        inputs = {name: values[:1] for name, values in newest.inputs.items()}
        if covariates:  # whose importance many windows tell
            window = _find_windows(run)
    scale = mean_and_spread(inputs["history"][0, :, : len(columns.targets)])[1]
    attention, importance = attention_map(run.model, inputs), {}
    if covariates and window is not None:
        importance = permutation_importance(
            run.answer, window, columns, run.config.seed
        )
    explanation = {
        **hide_steps(run.answer, inputs, scale),
        "columns": hide_columns(run.answer, inputs, columns, scale),
        "covariates": importance,
        "attention": None if attention is None else attention.tolist(),
        "model": run.model.settings["model"],
    }
    if output is not None:
        plot_explanation(Path(output), explanation, columns)
    return explanation


def _find_windows(run: Any) -> Window | None:
    """The windows that the run keeps; None, and a note, where there are none."""
    try:
        return window_of(run.find_examples({}, "train with keep_examples=500"))
    except PolyheadError as error:
        run.notes.append(f"the importance of covariates is left out: {error}")
        return None


def hide_steps(answer: Answer, inputs: dict, scale: np.ndarray) -> dict:
    """How far the forecast of one window moves when a block of its history is missing.

    Gives `steps`, the first of each block, counted back from the forecast, and `moves`,
    the mean absolute change for each block, in units of the targets' `scale (T,)`.
    """
    history = inputs["history"]
    length = history.shape[1]
    edges = np.unique(np.linspace(0, length, min(BLOCKS, length) + 1).astype(int))
    changed = np.repeat(history, len(edges) - 1, axis=0)
    for row, (begin, end) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        changed[row, begin:end] = np.nan
    changed = _keep_level(changed, history, len(scale))
    moves = _moves(answer, inputs, {"history": changed}, scale)
    return {"steps": (edges[:-1] - length).tolist(), "moves": moves.tolist()}


def hide_columns(answer: Answer, inputs: dict, columns, scale: np.ndarray) -> dict:
    """How far the forecast moves when a whole column is missing, by its name."""
    names, num_future = columns.values, len(columns.future)
    rows, ahead = np.arange(len(names)), np.arange(num_future)
    changed = {"history": np.repeat(inputs["history"], len(names), axis=0)}
    changed["history"][rows, :, rows] = np.nan
    _keep_level(changed["history"], inputs["history"], len(scale))
    if num_future:
        changed["future"] = np.repeat(inputs["future"], len(names), axis=0)
        changed["future"][rows[-num_future:], :, ahead] = np.nan
    moves = _moves(answer, inputs, changed, scale)
    return dict(zip(names, moves.tolist(), strict=True))


def _keep_level(changed: np.ndarray, history: np.ndarray, count: int) -> np.ndarray:
    """Of the first columns, the targets, those without a value left have their mean.

    Without any value, nothing would be forecast. One that is missing itself stays so.
    """
    past, targets = history[0, :, :count], changed[:, :, :count]
    mean = np.where(np.isnan(past).all(axis=0), np.nan, mean_known(past))
    is_empty = np.isnan(targets).all(axis=1, keepdims=True)
    changed[:, :, :count] = np.where(is_empty, mean, targets)
    return changed


def _moves(answer, inputs, changed, scale) -> np.ndarray:
    rows = len(changed["history"])
    whole = {name: np.repeat(array, rows, axis=0) for name, array in inputs.items()}
    before = answer(inputs)["forecast"]
    after = answer(whole | changed)["forecast"]
    moves = np.abs(after - before) / scale  # (rows, H, T), NaN without a forecast
    return mean_known(moves.reshape(rows, -1).T)


def permutation_importance(
    answer: Answer, window: Window, columns: Columns, seed: int
) -> dict:
    """Growth of the mean absolute error when a covariate is another window's.

    It is in standard deviations of the targets.

    Reference:
        Breiman, Random Forests, 2001; Fisher et al., https://arxiv.org/abs/1801.01489
    """
    generator = np.random.default_rng(seed)

    def error(inputs):
        return float(np.nanmean(window.errors(answer(inputs)["forecast"])))

    base, growth = error(window.inputs), {}
    for place, name in enumerate(columns.values):
        if name in columns.targets:
            continue
        order = generator.permutation(len(window.truth))
        inputs = {key: values.copy() for key, values in window.inputs.items()}
        inputs["history"][:, :, place] = inputs["history"][order, :, place]
        if name in columns.future:
            ahead = columns.future.index(name)
            inputs["future"][:, :, ahead] = inputs["future"][order, :, ahead]
        growth[name] = error(inputs) - base
    return growth


def attention_map(model, inputs: dict) -> np.ndarray | None:
    """Attention weights of one window, the heads' mean: `(queries, keys)`, or None."""
    tensors = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    *_, scores = model.run(tensors, return_scores=True)
    if scores is None or scores.shape[-1] == 1:  # nothing to choose from
        return None
    return ops.convert_to_numpy(scores).mean(axis=(0, 1))

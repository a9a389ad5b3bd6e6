"""What a forecast depends on: steps, columns, covariates and attention."""

from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from .series.statistics import mean_and_spread
from .series.windows import Windows

BLOCKS = 24  # of the history, each hidden in turn
MAX_WINDOWS = 500  # whose covariates are shuffled


def hide_steps(answer, inputs: dict, scale: np.ndarray) -> dict:
    """How far the forecast moves when a block of the history is missing.

    Args:
        answer: inputs to a dict with "forecast"; missing values are NaN.
        inputs: of one window.
        scale: `(T,)` spread of the targets in the history.

    Returns:
        `steps`: first step of each block, counted back from the forecast; `moves`: mean
        absolute change in standard deviations, each `(blocks,)`.
    """
    history = inputs["history"]
    length = history.shape[1]
    edges = np.unique(np.linspace(0, length, min(BLOCKS, length) + 1).astype(int))
    changed = np.repeat(history, len(edges) - 1, axis=0)
    for row, (begin, end) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        changed[row, begin:end] = np.nan
    moves = _moves(answer, inputs, {"history": changed}, scale)
    return {"steps": (edges[:-1] - length).tolist(), "moves": moves.tolist()}


def hide_columns(answer, inputs: dict, names, num_future: int, scale) -> dict:
    """How far the forecast moves when a whole column is missing."""
    history = np.repeat(inputs["history"], len(names), axis=0)
    history[np.arange(len(names)), :, np.arange(len(names))] = np.nan
    changed = {"history": history}
    if num_future:
        future = np.repeat(inputs["future"], len(names), axis=0)
        first = len(names) - num_future
        for place in range(num_future):
            future[first + place, :, place] = np.nan
        changed["future"] = future
    moves = _moves(answer, inputs, changed, scale)
    return dict(zip(names, moves.tolist(), strict=True))


def _moves(answer, inputs, changed, scale) -> np.ndarray:
    rows = len(changed["history"])
    whole = {name: np.repeat(array, rows, axis=0) for name, array in inputs.items()}
    before = answer(inputs)["forecast"]
    after = answer(whole | changed)["forecast"]
    return (np.abs(after - before) / scale).mean(axis=(1, 2))


def permutation_importance(
    answer, windows: Windows, split: str, seed: int = 0
) -> dict[str, float]:
    """Growth of the mean absolute error when a covariate is another window's.

    Args:
        answer: inputs to a dict with "forecast".
        windows: the data.
        split: which of its windows.
        seed: of the shuffle.

    Returns:
        Covariate to the growth, in standard deviations of the targets.

    Reference:
        Breiman, Random Forests, 2001; Fisher et al., https://arxiv.org/abs/1801.01489
    """
    columns = windows.dataset.columns
    windows_of_split = windows.find(split)
    generator = np.random.default_rng(seed)
    total = len(windows_of_split)
    count = min(MAX_WINDOWS, total)
    chosen = np.sort(generator.choice(total, count, replace=False))
    window = windows.take(windows_of_split[chosen])

    def error(inputs):
        gaps = np.abs(answer(inputs)["forecast"] - window.truth) / window.spread
        return float(np.nanmean(gaps))

    base = error(window.inputs)
    growth = {}
    for place, name in enumerate(columns.values):
        if name in columns.targets:
            continue
        order = generator.permutation(count)
        inputs = {key: value.copy() for key, value in window.inputs.items()}
        inputs["history"][:, :, place] = inputs["history"][order, :, place]
        if name in columns.future:
            ahead = columns.future.index(name)
            inputs["future"][:, :, ahead] = inputs["future"][order, :, ahead]
        growth[name] = error(inputs) - base
    return growth


def attention_map(model, inputs: dict) -> np.ndarray | None:
    """Attention weights of one window, the heads' mean: `(queries, keys)`, or None."""
    _, _, scores = model.run(
        {name: ops.convert_to_tensor(value) for name, value in inputs.items()},
        return_scores=True,
    )
    if scores is None or scores.shape[-1] == 1:  # no choice, nothing to show
        return None
    return ops.convert_to_numpy(scores).mean(axis=(0, 1))


def explain_window(
    run: Any,
    windows: Windows | None,
    inputs: dict,
    output: str | Path | None = None,
) -> dict:
    """Explains one forecast, and draws it if `output` is given.

    Args:
        run: the forecaster.
        windows: the run's data, for the importance of the covariates; None where there
            are no covariates.
        inputs: the arrays of one window, as `run.answer` takes them.
        output: a PNG file.

    Returns:
        `steps` and `moves` (see `hide_steps`), `columns` (see `hide_columns`),
        `covariates` (see `permutation_importance`), and `attention`, a nested list.
    """
    columns = run.columns
    history = inputs["history"][0, :, : len(columns.targets)]
    scale = mean_and_spread(history)[1]
    names, num_future = columns.values, len(columns.future)
    explanation = hide_steps(run.answer, inputs, scale)
    explanation["columns"] = hide_columns(run.answer, inputs, names, num_future, scale)
    explanation["covariates"] = {}
    if windows is not None and (columns.past or columns.future):
        explanation["covariates"] = permutation_importance(
            run.answer, windows, windows.dataset.held_out, run.config.seed
        )
    attention = attention_map(run.model, inputs)
    explanation["attention"] = None if attention is None else attention.tolist()
    explanation["model"] = run.model.settings["model"]
    if output is not None:
        from .scoring.explain_plots import plot_explanation

        plot_explanation(Path(output), explanation, columns)
    return explanation

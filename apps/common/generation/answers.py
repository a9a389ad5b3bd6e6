"""Texts as answers to texts: by Keras or an exported file, and as what is printed.

Imports no Keras.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from polyhead.runtime.texts import list_texts
from polyhead.runtime.translator import OUTPUT_CUT, UNSURE, is_unsure

from ..alignment import list_some
from ..answers import add_columns, number_names, write_answers
from ..errors import PolyheadError, UsageError
from ..export.folder import find_exported
from ..run.run import check_engine

SHOWN = 5  # texts that a note names
Hypotheses = list[tuple[str, float]]  # texts and scores, the best first


class Answer(NamedTuple):
    """A text that was written for a text."""

    text: str
    score: float  # log-probability over the pieces; NaN where a file gives none
    cut: bool | None  # whether it is as long as may be; None where a file says nothing


def predict_texts(
    run: Any,
    texts: Sequence[str],
    engine: str,
    beam_size: int | None,
    n_best: int,
    drawing: dict[str, float | None],
    seed: int | None,
    min_score: float | None,
    what: str,
) -> list[Hypotheses]:
    """Texts and scores for texts, the best first, by a `TextRun`.

    Args:
        drawing: `temperature`, `top_k` and `top_p` of `decoding.sample`; answers are
            drawn where any is not None.
        what: the name of the answers in messages, such as "translations".
        The others: as in the task's `predict`.
    """
    texts = list_texts(texts)
    found = search_texts(run, texts, engine, beam_size, n_best, drawing, seed, what)
    run.cut_answers = [[answer.cut for answer in row] for row in found]
    cut = [number for number, row in enumerate(found, 1) if any(x.cut for x in row)]
    if cut:
        longer = " (export with more --max-output-bytes)" if engine == "tflite" else ""
        shown = list_some(cut, SHOWN)
        run.notes.append(f"answers that were cut at their limit: text {shown}{longer}")
    if min_score is not None and any(np.isnan(x.score) for row in found for x in row):
        raise PolyheadError(
            f"{run.path}: its exported file gives no scores to compare with min-score: "
            f"polyhead export {run.path}"
        )
    return [
        [(UNSURE if is_unsure(x.score, min_score) else x.text, x.score) for x in row]
        for row in found
    ]


def search_texts(
    run: Any,
    texts: list[str],
    engine: str,
    beam_size: int | None,
    n_best: int,
    drawing: dict[str, float | None],
    seed: int | None,
    what: str,
) -> list[list[Answer]]:
    """The answers of an engine; see `predict_texts`."""
    drawing = {name: value for name, value in drawing.items() if value is not None}
    if seed is not None and not drawing:
        raise UsageError(
            "a seed is for draws: give temperature, top-k or top-p as well"
        )
    check_engine(engine)
    if engine != "keras" and (drawing or n_best > 1 or beam_size is not None):
        raise UsageError(
            f"engine {engine!r} decodes as it was exported: beam size, n-best "
            "and sampling are for the engine keras"
        )
    if engine == "tflite":
        found = run.open_tflite(texts).predict(texts)
        return [[Answer(x.text, x.score, x.answer_truncated)] for x in found]
    run.note_cuts(texts)
    if engine == "savedmodel":
        return run_savedmodel(run, texts)
    serving = run.serving
    if drawing:
        if n_best > 1 or beam_size is not None:
            raise UsageError("sampling takes no beam size and no n-best")
        shape = len(texts), serving.max_output_tokens
        draws = np.random.default_rng(seed or 0).random(shape, np.float32)
        return generate(serving, texts, serving.sampling(**drawing), draws)
    if n_best == 1:
        width = beam_size or run.config.beam_size
        return generate(serving, texts, serving.method(width))
    if beam_size and beam_size < n_best:
        raise UsageError(f"beam size {beam_size} cannot give {n_best} {what}: raise it")
    width = beam_size or max(run.config.beam_size, 2 * n_best)
    widest = width if beam_size else 8 * n_best
    return find_best(serving, texts, n_best, width, widest)


def generate(
    serving: Any, texts: list[str], method: dict, draws: np.ndarray | None = None
) -> list[list[Answer]]:
    """Different answers to each text, the best first."""
    answers = []
    for row in serving.generate(texts, method, draws=draws):
        different: dict[str, Answer] = {}
        for data, score, cut in row:
            text = data.decode("utf-8", "replace")
            different.setdefault(text, Answer(text, score, cut))
        answers.append(list(different.values()))
    return answers


def find_best(
    serving: Any, texts: list[str], n_best: int, width: int, widest: int
) -> list[list[Answer]]:
    """The `n_best` answers to each text, no two alike.

    Several sequences of pieces may spell the same text. So the texts with too few
    different answers are searched again with twice as many hypotheses, up to `widest`.
    """
    answers = generate(serving, texts, serving.method(width, width))
    while 2 * width <= widest:
        width *= 2
        few = [i for i, row in enumerate(answers) if 0 < len(row) < n_best]
        few = [i for i in few if texts[i].strip()]
        wider = generate(serving, [texts[i] for i in few], serving.method(width, width))
        for i, row in zip(few, wider, strict=True):
            answers[i] = row
    return [row[:n_best] for row in answers]


def run_savedmodel(run: Any, texts: list[str]) -> list[list[Answer]]:
    """The answers of the exported SavedModel."""
    from ..export.savedmodel import SavedModelPredictor

    predictor = SavedModelPredictor(find_exported(run.path, "savedmodel"))
    data = [text.encode("utf-8", "replace") for text in texts]
    outputs = predictor(text=np.array(data, object))
    answers = [text.decode("utf-8", "replace") for text in outputs["text"]]
    cuts = outputs.get("truncated", np.zeros(len(texts), np.int32)) & OUTPUT_CUT > 0
    columns = answers, outputs["score"].tolist(), cuts.tolist()
    return [[Answer(*row)] for row in zip(*columns, strict=True)]


def format_texts(
    run: Any, inputs: Any, answers: list[Hypotheses], style: str, column: str, key: str
) -> str:
    """What `predict` prints of each of the `Inputs` and its answers.

    Args:
        run: it has given the answers last.
        style: "text": one line a text; "json": with scores; "csv": the input's columns
            and one more a text.
        column: of a text in CSV, such as "summary".
        key: of the texts in JSON, such as "summaries".
    """
    cuts = run.cut_answers or [[False] * len(row) for row in answers]
    width = max(map(len, answers), default=1)
    # Every input gets the same number of texts, so it is clear which belong to which.
    rows = [[text for text, _ in answer] for answer in answers]
    rows = [row + [""] * (width - len(row)) for row in rows]

    return write_answers(
        style,
        lambda: (" ".join(text.splitlines()) for row in rows for text in row),
        lambda: (
            {**record, key: [_to_record(*each) for each in zip(*row, strict=True)]}
            for record, *row in zip(inputs.records(), answers, cuts, strict=True)
        ),
        lambda: add_columns(inputs.columns, number_names([column], width), rows),
    )


def _to_record(answer: tuple[str, float], cut: bool | None) -> dict:
    text, score = answer
    scored = {"score": round(score, 6)} if math.isfinite(score) else {}
    known = {} if cut is None else {"truncated": cut}
    return {"text": text, **scored, **known}

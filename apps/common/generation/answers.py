"""Written texts as text, JSON or CSV."""

import math
from typing import Any

from ..answers import Table, add_columns, number_names, write_answers

Hypotheses = list[tuple[str, float]]  # texts and scores, the best first


def format_texts(
    inputs: Any, answers: list[Hypotheses], style: str, column: str, key: str
) -> str:
    """Returns what `predict` prints.

    Args:
        inputs: an `Inputs`.
        answers: for each input its texts and scores.
        style: "text": one line a text, so one line out for each line in where one text
            is asked for; "json": with scores; "csv": the input's columns and one more
            a text.
        column: of a text in CSV, such as "summary".
        key: of the texts in JSON, such as "summaries".
    """
    width = max(map(len, answers), default=1)
    # Each input has as many texts as the others, or it would not be clear which belong
    # to which.
    rows = [[text for text, _ in answer] for answer in answers]
    rows = [row + [""] * (width - len(row)) for row in rows]

    def lines():
        return (" ".join(text.splitlines()) for row in rows for text in row)

    def records():
        for record, answer in zip(inputs.records(), answers, strict=True):
            yield {**record, key: [_to_record(*pair) for pair in answer]}

    def table() -> Table:
        return add_columns(inputs.columns, number_names([column], width), rows)

    return write_answers(style, lines, records, table)


def _to_record(text: str, score: float) -> dict:
    if math.isfinite(score):
        return {"text": text, "score": round(score, 6)}
    return {"text": text}

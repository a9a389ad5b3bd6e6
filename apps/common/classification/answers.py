"""Labels as answers: by every engine, and as text, JSON or CSV."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..answers import Table, add_columns, number_names, write_answers
from ..errors import RETRAIN, PolyheadError
from ..export.folder import find_exported
from ..run.run import check_engine
from .label_file import describe_label, refuse_other_labels

NAMES = ("predicted_label", "probability")


def classify(run: Any, inputs: Sequence[str], engine: str = "keras") -> np.ndarray:
    """Probabilities `(inputs, labels)` by Keras or by an exported file."""
    check_engine(engine)
    if engine == "tflite":
        file = run.open_tflite(inputs)
        remedy = f"restore labels.txt, or export {run.path} again"
        path = file.model.path
        refuse_other_labels(
            run.path / "labels.txt", run.label_names, path, file.labels, remedy
        )
        return file.probabilities(inputs)[0]
    run.note_cuts(inputs)
    if engine == "keras":
        return run.serving.predict(inputs)
    from ..export.savedmodel import SavedModelPredictor

    path = find_exported(run.path, "savedmodel")
    answers = SavedModelPredictor(path).predict_texts(inputs)["probabilities"]
    if answers.shape[1] != len(run.label_names):
        raise PolyheadError(
            f"{run.path / 'labels.txt'}: {len(run.label_names)} labels, but "
            f"{path} answers with {answers.shape[1]}: {RETRAIN}"
        )
    return answers


def format_labels(
    inputs: Any,
    answers: list[list],
    style: str,
    separator: str | None = None,
    descriptions: Mapping[str, str] | None = None,
) -> str:
    """What `predict` prints, in the style "text", "json" or "csv".

    The answers are a list of (label, probability) for each of the `Inputs`. In CSV the
    separator joins the labels of an input; None gives each rank columns of its own.
    Programs read JSON and CSV, so only the text tells what people call the labels.
    """

    def lines() -> Iterator[str]:
        for text, answer in zip(inputs.texts, answers, strict=True):
            fields = [
                f"{describe_label(label, descriptions)}\t{probability:.4f}"
                for label, probability in answer
            ]
            # One line for each input, whatever the text holds.
            yield "\t".join([*(fields or ["-"]), " ".join(text.split())])

    def records() -> Iterator[dict]:
        for record, answer in zip(inputs.records(), answers, strict=True):
            predictions = [
                {"label": label, "probability": round(float(probability), 6)}
                for label, probability in answer
            ]
            yield {**record, "predictions": predictions}

    def table() -> Table:
        pairs = [[(name, f"{p:.6f}") for name, p in answer] for answer in answers]
        fields = [[field for pair in row for field in pair] for row in pairs]
        if separator is not None:
            fields = [[separator.join(row[i::2]) for i in (0, 1)] for row in fields]
        most = max(map(len, fields), default=0) // len(NAMES)
        names = number_names(NAMES, most)
        return add_columns(inputs.columns, names, fields)

    return write_answers(style, lines, records, table)

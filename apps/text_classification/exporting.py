"""What of a classifier is exported, and the texts that verify its files."""

from collections.abc import Sequence

import numpy as np

from polyhead.runtime.text_bytes import texts_to_bytes

from ..common.classification.data import Dataset
from ..common.classification.labels import label_facts
from ..common.classification.metric import make_metric
from ..common.data.splits import held_out, sample_rows
from ..common.errors import UsageError
from ..common.export.export import Exportable
from ..common.export.metadata import Metadata
from ..common.export.verification import Form
from .mediapipe_serving import check_tokenizer, make_mediapipe_form

MAX_EXAMPLES = 2000  # that verify an export; a seeded sample of more
CALIBRATION_TEXTS = 500  # of training, for full_int8
BYTES = "UTF-8 bytes of the text, zero-padded, cut between two characters."


def check_export(run, formats: Sequence[str], variants: Sequence[str]) -> None:
    """Refuses what a preset's arithmetic, or MediaPipe's tokenizer, cannot do."""
    if run.config.fine_tunes and "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8': KerasHub masks with -1e9, which leaves 8-bit "
            "attention no range; choose from float32, float16, int8"
        )
    if "mediapipe" in formats:
        check_tokenizer(run.tokenizer)


def make_exportable(
    run, dataset: Dataset, formats: Sequence[str], max_input_bytes: int = 256
) -> Exportable:
    """The classifier, and held-out examples on which its files are verified.

    `max_input_bytes` is the length N of the .tflite files' input.
    """
    serving, seed, thresholds = run.serving, run.config.seed, run.thresholds
    names, multi_label = serving.label_names, serving.multi_label
    split, examples = held_out(dataset)
    total = len(examples.inputs)
    rows = sample_rows(total, MAX_EXAMPLES, seed)
    texts = [examples.inputs[int(row)] for row in rows]
    text, truncated = texts_to_bytes(texts, max_input_bytes)
    whole = np.array([data.encode("utf-8", "replace") for data in texts], object)
    uncut = {"probabilities": serving.predict(texts)}
    cut = {"probabilities": serving.predict(texts, max_input_bytes)}
    facts = {"max_input_bytes": max_input_bytes, "truncated": int(truncated.sum())}
    further = {}
    if "mediapipe" in formats:
        further["mediapipe"] = make_mediapipe_form(serving, texts, thresholds)
    calibrating = dataset.train.inputs[:CALIBRATION_TEXTS]
    needed = 0.5 if thresholds is None else thresholds
    return Exportable(
        weights=serving.weights,
        tables=serving.tables,
        savedmodel=Form(serving.serve_strings, {"text": whole}, uncut),
        tflite=Form(serving, {"text": text}, cut, facts),
        metric=make_metric(examples.labels[rows], multi_label, needed),
        metadata=Metadata(
            "Text classification: the probability of each label.",
            {"text": BYTES},
            {"probabilities": "Probability of each label, in the order of the labels."},
            labels={"probabilities": names},
            facts=label_facts(names, multi_label, thresholds),
        ),
        calibration={"text": texts_to_bytes(calibrating, max_input_bytes)[0]},
        unbranched=serving.unbranched,
        examples={"split": split, "rows": len(rows), "of": total, "seed": seed},
        further=further,
    )

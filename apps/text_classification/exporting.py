"""What of a classifier is exported, and the texts that verify its files."""

from collections.abc import Sequence

import numpy as np

from polyhead.runtime.text_bytes import texts_to_bytes

from ..common.classification.labels import label_facts
from ..common.classification.metric import make_metric
from ..common.data.kept import Kept
from ..common.errors import UsageError
from ..common.export.export import Exportable
from ..common.export.metadata import Metadata
from ..common.export.verification import Form
from ..common.text.limits import choose_bytes, describe_cuts
from .mediapipe_serving import check_tokenizer, make_mediapipe_form

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
    run, kept: Kept, formats: Sequence[str], max_input_bytes: int | None = None
) -> Exportable:
    """The classifier, and held-out examples on which its files are verified.

    `max_input_bytes` is the length N of the .tflite files' input; where absent, most
    training texts fit into it, see `limits.fit_bytes`.
    """
    serving, thresholds = run.serving, run.thresholds
    names, multi_label = serving.label_names, serving.multi_label
    texts, labels = kept.texts["text"], kept.arrays["labels"]
    size = choose_bytes(max_input_bytes, run.config.max_input_bytes, texts)
    text, truncated = texts_to_bytes(texts, size)
    whole = np.array([data.encode("utf-8", "replace") for data in texts], object)
    uncut = {"probabilities": serving.predict(texts)}
    by_pieces = serving.find_cut(texts), serving.find_cut(serving.cut(texts, size))
    read = {"probabilities": serving.predict(texts, size), "truncated": by_pieces[1]}
    facts = {
        "max_input_bytes": size,
        "truncated": int(truncated.sum()),
        "truncated_by_pieces": int(by_pieces[1].sum()),
    }
    further = {}
    if "mediapipe" in formats:
        further["mediapipe"] = make_mediapipe_form(
            serving, texts, thresholds, run.descriptions
        )
    # Examples of another file calibrate themselves: no training text is beside them.
    calibrating = kept.texts.get("training_text") or texts
    needed = 0.5 if thresholds is None else thresholds
    return Exportable(
        weights=serving.weights,
        tables=serving.tables,
        savedmodel=Form(
            serving.serve_strings,
            {"text": whole},
            {**uncut, "truncated": by_pieces[0]},
        ),
        tflite=Form(
            serving,
            {"text": text},
            read,
            facts,
            whole=uncut,
            cut=describe_cuts(truncated, size),
        ),
        metric=make_metric(labels, multi_label, needed),
        metadata=Metadata(
            "Text classification: the probability of each label.",
            {"text": BYTES},
            {
                "probabilities": "Probability of each label, in the order of the "
                "labels.",
                "truncated": "1 if the model does not read the whole text, else 0.",
            },
            labels={"probabilities": names},
            facts=label_facts(names, multi_label, thresholds, run.descriptions),
        ),
        calibration={"text": texts_to_bytes(calibrating, size)[0]},
        unbranched=serving.unbranched,
        examples=kept.facts,
        further=further,
    )

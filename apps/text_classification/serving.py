"""The trained classifier as one pure function, for Python, SavedModel and TFLite."""

from collections.abc import Sequence
from functools import cached_property

import keras
import numpy as np
from keras import ops

from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

from ..common.classification.scores import count_labels, decide, macro_f1, main_metric
from ..common.data.splits import sample_rows
from ..common.errors import UsageError
from ..common.export.export import Exportable
from ..common.export.metadata import Metadata
from ..common.export.savedmodel import tokenize_strings
from ..common.export.verification import Form, Metric
from ..common.run.compiled import CompiledFunction
from ..common.text.batches import scoring_batches
from ..common.text.byte_pieces import Tokenizer
from ..common.text.wordpiece import WordPieceTokenizer
from .config import Config
from .model import mean_logits

MAX_EXAMPLES = 2000  # that verify an export
BYTES = "UTF-8 bytes of the text, zero-padded, cut between two characters."
TIE = 1e-5  # closer than this, float32 decides nothing


class Serving:
    """Text in, probabilities out: a pure function of weights, tables and bytes.

    Args:
        model: the trained model, computing in float32.
        tokenizer: its tokenizer.
        config: the run's configuration.
        label_names: names of the labels.
        multi_label: whether a text may have several labels.

    Call arguments:
        weights: arrays or tensors, as `weights`.
        tables: arrays or tensors, as `tables`.
        text: `(B, N)` UTF-8 bytes of any integer type, zero-padded.

    Returns:
        `{"probabilities": (B, labels)}`, float32.
    """

    def __init__(
        self,
        model: keras.Model,
        tokenizer: Tokenizer | WordPieceTokenizer,
        config: Config,
        label_names: Sequence[str],
        multi_label: bool,
    ):
        for layer in model._flatten_layers():
            if layer.compute_dtype in ("bfloat16", "float16"):
                raise ValueError(
                    f"Layer {layer.name} computes in {layer.compute_dtype}; build the "
                    "model in float32 from the weights."
                )
        self.model = keras.Model(model.inputs, mean_logits(model.output))
        self.tokenizer = tokenizer
        self.max_tokens = config.max_tokens
        self.label_names = tuple(label_names)
        self.multi_label = multi_label
        self.weights = [ops.convert_to_numpy(weight) for weight in self.model.weights]
        self.max_bytes = tokenizer.most_bytes(config.max_tokens)

    @property
    def tables(self) -> dict[str, np.ndarray]:
        """The tokenizer's arrays."""
        return dict(self.tokenizer.tables)

    def __call__(self, weights, tables, text):
        ids = self.tokenize(tables, text)
        half = max(1, self.max_tokens // 2)
        # A static graph pays for padding, and most texts are short.
        probabilities = ops.cond(
            ops.all(ops.equal(ids[:, half:], 0)),
            lambda: self.classify(weights, ids[:, :half]),
            lambda: self.classify(weights, ids),
        )
        return {"probabilities": probabilities}

    def unbranched(self, weights, tables, text):
        """The same function, always at full length."""
        return {"probabilities": self.classify(weights, self.tokenize(tables, text))}

    def tokenize(self, tables, text):
        """`(B, N)` bytes to `(B, max_tokens)` int32 piece ids."""
        text = ops.cast(text, "int32")
        return self.tokenizer.encode_graph(tables, text, self.max_tokens)

    def classify(self, weights, ids):
        """`(B, T)` piece ids to `(B, labels)` probabilities."""
        values = list(zip(self.model.weights, weights, strict=True))
        with keras.StatelessScope(state_mapping=values):
            logits = self.model(ids, training=False)
        return ops.sigmoid(logits) if self.multi_label else ops.softmax(logits)

    def serve_strings(self, weights, tables, text):
        """`(B,)` strings to names and probabilities, in TensorFlow.

        The work grows with the longest text of the batch.
        """
        import tensorflow as tf

        ids = tokenize_strings(
            text, lambda data: self.tokenize(tables, data), self.max_bytes
        )
        probabilities = self.classify(weights, ids)
        names = tf.constant(self.label_names)
        outputs = {
            "probabilities": probabilities,
            "label": tf.gather(names, tf.argmax(probabilities, axis=1)),
        }
        if self.multi_label:
            empty = tf.fill(tf.shape(probabilities), "")
            outputs["labels"] = empty + names  # of every column
        return outputs

    @cached_property
    def _compiled(self):
        return CompiledFunction(self.classify, self.weights)

    def predict(
        self, texts: Sequence[str], max_input_bytes: int | None = None
    ) -> np.ndarray:
        """Probabilities `(texts, labels)`, on any backend.

        Args:
            texts: any number of texts.
            max_input_bytes: cuts them as a client of the .tflite does.
        """
        limit = min(max_input_bytes or self.max_bytes, self.max_bytes)
        cut = [cut_text(text, limit)[0].decode("utf-8", "replace") for text in texts]
        return self.predict_ids(self.tokenizer.encode_all(cut))

    def predict_ids(self, ids: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities `(texts, labels)` of texts that are ids already."""
        probabilities = np.zeros((len(ids), len(self.label_names)), np.float32)
        for rows, batch in scoring_batches(ids, self.max_tokens):
            probabilities[rows] = self._compiled(batch)
        return probabilities


def make_exportable(
    serving: Serving,
    texts: Sequence[str],
    labels: np.ndarray,
    split: str,
    max_input_bytes: int = 256,
    thresholds: np.ndarray | float = 0.5,
    calibration: Sequence[str] = (),
    seed: int = 0,
    mediapipe: bool = False,
) -> Exportable:
    """The classifier, and held-out examples on which its files are verified.

    Args:
        serving: the classifier.
        texts: held-out texts; a seeded sample of at most 2,000 is used.
        labels: their labels: ids `(rows,)`, or `(rows, labels)` booleans.
        split: what they are: "test" or "validation".
        max_input_bytes: the length N of the .tflite files' input.
        thresholds: a probability for each label, if there may be several.
        calibration: texts from training, for the variant "full_int8" alone.
        seed: of the sample.
        mediapipe: whether the files for MediaPipe are wanted as well.
    """
    rows = sample_rows(len(texts), MAX_EXAMPLES, seed)
    chosen = [texts[int(row)] for row in rows]
    text, truncated = texts_to_bytes(chosen, max_input_bytes)
    whole = np.array([data.encode("utf-8", "replace") for data in chosen], object)
    cut = {"probabilities": serving.predict(chosen, max_input_bytes)}
    facts = {"max_input_bytes": max_input_bytes, "truncated": int(truncated.sum())}
    form = None
    if mediapipe:
        from .mediapipe_serving import make_mediapipe_form

        form = make_mediapipe_form(serving, chosen, tuned_of(thresholds))
    calibrating = texts_to_bytes(calibration, max_input_bytes)[0]
    return Exportable(
        weights=serving.weights,
        tables=serving.tables,
        savedmodel=Form(
            serving.serve_strings,
            {"text": whole},
            {"probabilities": serving.predict(chosen)},
        ),
        tflite=Form(serving, {"text": text}, cut, facts),
        metric=make_metric(labels[rows], serving.multi_label, thresholds),
        metadata=describe(serving, {"text": BYTES}, thresholds),
        calibration={"text": calibrating} if len(calibration) else None,
        unbranched=serving.unbranched,
        examples={"split": split, "rows": len(rows), "of": len(texts), "seed": seed},
        mediapipe=form,
    )


def describe(serving, inputs, thresholds: np.ndarray | float) -> Metadata:
    """What the .tflite files say of themselves."""
    return Metadata(
        "Text classification: the probability of each label.",
        inputs,
        {"probabilities": "Probability of each label, in the order of the labels."},
        labels={"probabilities": serving.label_names},
        facts={
            "task": "text-classification",
            "labels": list(serving.label_names),
            "multi_label": serving.multi_label,
            "thresholds": tuned_of(thresholds),
        },
    )


def tuned_of(thresholds: np.ndarray | float) -> list[float] | None:
    """The thresholds of labels, where each has its own."""
    return thresholds.tolist() if isinstance(thresholds, np.ndarray) else None


def check_variants(config: Config, variants: Sequence[str]) -> None:
    """Refuses what a preset's arithmetic does not bear."""
    if config.fine_tunes and "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8': KerasHub masks with -1e9, which leaves 8-bit "
            "attention no range; choose of float32, float16, int8"
        )


def make_metric(
    labels: np.ndarray, multi_label: bool, thresholds: np.ndarray | float = 0.5
) -> Metric:
    """Accuracy, or with several labels to a text macro-F1 at the thresholds."""

    def score(outputs):
        answers = decide(outputs["probabilities"], multi_label, thresholds)
        if multi_label:
            counts = count_labels(labels, answers, labels.shape[1])
            return macro_f1(*counts, multi_label)
        return np.mean(answers == labels)

    def other_label(outputs, expected):
        ours, keras_ = outputs["probabilities"], expected["probabilities"]
        chosen = np.take_along_axis(keras_, ours.argmax(axis=1)[:, None], 1)[:, 0]
        return keras_.max(axis=1) - chosen > TIE

    def other_labels(outputs, expected):
        ours, keras_ = outputs["probabilities"], expected["probabilities"]
        crossed = (ours >= thresholds) != (keras_ >= thresholds)
        return (crossed & (np.abs(keras_ - thresholds) > TIE)).any(axis=1)

    if multi_label:
        return Metric(main_metric(True), score, other_labels)
    return Metric(main_metric(False), score, other_label)

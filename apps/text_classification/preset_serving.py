"""A fine-tuned preset as one pure function of token ids.

Its tokenizer is KerasHub's and stays in Python, so a client of the exported files
tokenizes by itself: three int32 inputs, as BERT's own files have them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import keras
import numpy as np
from keras import ops

from ..common.compiling import CompiledFunction
from ..common.errors import UsageError
from ..common.export import Exportable
from ..common.verification import Form
from .batches import pad, scoring_batches
from .config import Config
from .presets import BACKBONE, PAD, PresetTokenizer, pool
from .serving import MAX_EXAMPLES, describe, make_metric

INPUTS = {
    "token_ids": "Ids of the pieces, 0 behind the last.",
    "padding_mask": "1 for each piece, 0 behind the last.",
    "segment_ids": "0.",
}


class PresetServing:
    """Token ids in, probabilities out: a pure function of weights and ids.

    Args:
        model: the trained model, computing in float32.
        tokenizer: its tokenizer.
        config: the run's configuration.
        label_names: names of the labels.
        multi_label: whether a text may have several labels.

    Call arguments:
        weights: arrays or tensors, as `weights`.
        tables: empty.
        token_ids: `(B, T)` int32, from [CLS] to [SEP], then zeros.
        padding_mask: `(B, T)` int32, 1 for tokens and 0 behind them.
        segment_ids: `(B, T)` int32 zeros.

    Returns:
        `{"probabilities": (B, labels)}`, float32.
    """

    def __init__(
        self,
        model: keras.Model,
        tokenizer: PresetTokenizer,
        config: Config,
        label_names: Sequence[str],
        multi_label: bool,
    ):
        inputs = {
            name: keras.Input((None,), dtype="int32", name=name) for name in INPUTS
        }
        pooled = pool(model.get_layer(BACKBONE), model.get_layer("pooling"), inputs)
        self.model = keras.Model(inputs, model.get_layer("joint")(pooled))
        self.tokenizer = tokenizer
        self.max_tokens = config.max_tokens
        self.label_names = tuple(label_names)
        self.multi_label = multi_label
        self.weights = [ops.convert_to_numpy(weight) for weight in self.model.weights]

    def __call__(self, weights, tables, **inputs):
        values = list(zip(self.model.weights, weights, strict=True))
        with keras.StatelessScope(state_mapping=values):
            logits = self.model(inputs, training=False)
        probabilities = ops.sigmoid(logits) if self.multi_label else ops.softmax(logits)
        return {"probabilities": probabilities}

    def classify(self, weights, ids):
        """`(B, T)` padded ids to `(B, labels)` probabilities."""
        return self(weights, {}, **make_inputs(ids))["probabilities"]

    def serve(self, weights, tables, **inputs):
        """Probabilities and the name of the likeliest label, in TensorFlow."""
        import tensorflow as tf

        outputs = self(weights, tables, **inputs)
        likeliest = tf.argmax(outputs["probabilities"], axis=1)
        return outputs | {"label": tf.gather(tf.constant(self.label_names), likeliest)}

    @cached_property
    def _compiled(self):
        return CompiledFunction(self.classify, self.weights)

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities `(texts, labels)`, on any backend."""
        ids = self.tokenizer.encode_all(texts)
        probabilities = np.zeros((len(texts), len(self.label_names)), np.float32)
        for rows, batch in scoring_batches(ids, self.max_tokens):
            probabilities[rows] = self._compiled(batch)
        return probabilities


def make_inputs(ids) -> dict:
    """The three inputs of padded `(B, T)` ids."""
    return {
        "token_ids": ids,
        "padding_mask": ops.cast(ops.not_equal(ids, PAD), "int32"),
        "segment_ids": ops.zeros_like(ids),
    }


def pad_inputs(ids: Sequence[np.ndarray], length: int) -> dict[str, np.ndarray]:
    """The three inputs as arrays `(rows, length)`."""
    padded = np.full((len(ids), length), PAD, np.int32)
    found = pad(ids, length)[:, :length]  # a multiple of 8 can be more
    padded[:, : found.shape[1]] = found
    return {
        "token_ids": padded,
        "padding_mask": (padded != PAD).astype(np.int32),
        "segment_ids": np.zeros_like(padded),
    }


def predict_exported(
    predictor: Callable, tokenizer: PresetTokenizer, texts: Sequence[str]
) -> np.ndarray:
    """Probabilities `(texts, labels)` by an exported file, tokenized in Python."""
    inputs = pad_inputs(tokenizer.encode_all(texts), tokenizer.max_tokens)
    return predictor(**inputs)["probabilities"]


def check_variants(variants: Sequence[str]) -> None:
    """Refuses what the backbone's arithmetic does not bear."""
    if "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8': KerasHub masks with -1e9, which leaves 8-bit "
            "attention no range; choose of float32, float16, int8"
        )


def make_exportable(
    serving: PresetServing,
    texts: Sequence[str],
    labels: np.ndarray,
    split: str,
    thresholds: np.ndarray | float = 0.5,
    seed: int = 0,
) -> Exportable:
    """The classifier, and held-out examples on which its files are verified.

    Args:
        serving: the classifier.
        texts: held-out texts; a seeded sample of at most 2,000 is used.
        labels: their labels: ids `(rows,)`, or `(rows, labels)` booleans.
        split: what they are: "test" or "validation".
        thresholds: a probability for each label, if there may be several.
        seed: of the sample.
    """
    rows = np.arange(len(texts))
    if len(rows) > MAX_EXAMPLES:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(rows, MAX_EXAMPLES, replace=False))
    chosen = [texts[row] for row in rows.tolist()]
    ids = serving.tokenizer.encode_all(chosen)
    expected: Mapping[str, np.ndarray] = {"probabilities": serving.predict(chosen)}
    longest = max((len(row) for row in ids), default=1)
    return Exportable(
        weights=serving.weights,
        tables={},
        savedmodel=Form(serving.serve, pad_inputs(ids, longest), expected),
        savedmodel_signature={name: ((None, None), "int32") for name in INPUTS},
        tflite=Form(
            serving,
            pad_inputs(ids, serving.max_tokens),
            expected,
            {"max_tokens": serving.max_tokens},
        ),
        metric=make_metric(labels[rows], serving.multi_label, thresholds),
        metadata=describe(serving, INPUTS, thresholds),
        examples={"split": split, "rows": len(rows), "of": len(texts), "seed": seed},
    )

"""The trained classifier as one pure function, for Python, SavedModel and TFLite."""

from collections.abc import Sequence
from functools import cached_property

import keras
import numpy as np
from keras import ops

from polyhead.runtime.text_bytes import cut_text

from ..common.classification.training import mean_logits
from ..common.export.savedmodel import tokenize_strings
from ..common.run.compiled import CompiledFunction
from ..common.run.precision import check_float32
from ..common.text.batches import scoring_batches
from .config import Config


class Serving:
    """Text in, probabilities out: a pure function of weights, tables and bytes.

    The model computes in float32, and its outputs are in the order of `label_names`.

    Call arguments:
        weights: arrays or tensors, as `weights`.
        tables: arrays or tensors, as `tables`.
        text: `(B, N)` UTF-8 bytes of any integer type, zero-padded.

    Returns:
        `{"probabilities": (B, labels)}`, float32, and `{"truncated": (B,)}`, int32: 1
        for a text of more pieces than the model reads.
    """

    def __init__(
        self, model: keras.Model, tokenizer, config: Config, label_names, multi_label
    ):
        check_float32(model)
        self.model = keras.Model(model.inputs, mean_logits(model.output))
        self.tokenizer = tokenizer
        self.max_tokens = config.max_tokens
        self.label_names, self.multi_label = tuple(label_names), multi_label
        self.weights = [ops.convert_to_numpy(weight) for weight in self.model.weights]
        self.max_bytes = tokenizer.most_bytes(config.max_tokens)

    @property
    def tables(self) -> dict[str, np.ndarray]:
        """The tokenizer's arrays."""
        return dict(self.tokenizer.tables)

    def __call__(self, weights, tables, text):
        ids, cut = self.tokenize(tables, text)
        half = max(1, self.max_tokens // 2)
        # A static graph pays for padding, and most texts are short.
        probabilities = ops.cond(
            ops.all(ops.equal(ids[:, half:], 0)),
            lambda: self.classify(weights, ids[:, :half]),
            lambda: self.classify(weights, ids),
        )
        return {"probabilities": probabilities, "truncated": ops.cast(cut, "int32")}

    def unbranched(self, weights, tables, text):
        """The same function, always at full length."""
        ids, cut = self.tokenize(tables, text)
        probabilities = self.classify(weights, ids)
        return {"probabilities": probabilities, "truncated": ops.cast(cut, "int32")}

    def tokenize(self, tables, text):
        """`(B, N)` bytes to `(B, max_tokens)` int32 ids, and which texts are cut."""
        text = ops.cast(text, "int32")
        return self.tokenizer.encode_graph(tables, text, self.max_tokens)

    def classify(self, weights, ids):
        """`(B, T)` piece ids to `(B, labels)` probabilities."""
        values = list(zip(self.model.weights, weights, strict=True))
        with keras.StatelessScope(state_mapping=values):
            logits = self.model(ids, training=False)
        return ops.sigmoid(logits) if self.multi_label else ops.softmax(logits)

    def serve_strings(self, weights, tables, text):
        """`(B,)` strings to names and probabilities, in TensorFlow."""
        import tensorflow as tf

        tokenize = lambda data: self.tokenize(tables, data)  # noqa: E731
        ids, cut = tokenize_strings(text, tokenize, self.max_bytes)
        probabilities = self.classify(weights, ids)
        names = tf.constant(self.label_names)
        best = tf.gather(names, tf.argmax(probabilities, axis=1))
        outputs = {"probabilities": probabilities, "label": best}
        if self.multi_label:
            empty = tf.fill(tf.shape(probabilities), "")
            outputs["labels"] = empty + names  # of every column
        return {**outputs, "truncated": tf.cast(cut, tf.int32)}

    @cached_property
    def _compiled(self):
        return CompiledFunction(self.classify, self.weights)

    def predict(
        self, texts: Sequence[str], max_input_bytes: int | None = None
    ) -> np.ndarray:
        """Probabilities `(texts, labels)` of texts, cut as a .tflite file does."""
        read = self.cut(texts, max_input_bytes or self.max_bytes)
        return self.predict_ids(self.tokenizer.encode_all(read))

    def cut(self, texts: Sequence[str], max_input_bytes: int) -> list[str]:
        """The texts as far as a .tflite file, and the model, may read them."""
        limit = min(max_input_bytes, self.max_bytes)
        return [cut_text(text, limit)[0].decode("utf-8", "replace") for text in texts]

    def find_cut(self, texts: Sequence[str]) -> np.ndarray:
        """What `truncated` is for texts: `(texts,)` int32."""
        return np.array(self.tokenizer.find_cut(texts, self.max_tokens), np.int32)

    def predict_ids(self, ids: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities `(texts, labels)` of texts that are ids already."""
        probabilities = np.zeros((len(ids), len(self.label_names)), np.float32)
        for rows, batch in scoring_batches(ids, self.max_tokens):
            probabilities[rows] = self._compiled(batch)
        return probabilities

"""The loss of a text-to-text model, and the model that `fit` trains with it."""

import os
from typing import Any

import keras
from keras import ops

from polyhead.layers.candidates import PAD

from ..history import PLAIN_LOSS
from .model import TextModel

# TensorFlow runs the halves of a batch side by side on a processor, which keeps its
# cores busier than sharing every operation out between them does.
PARTS = 2 if keras.backend.backend() == "tensorflow" else 1


def limit_threads() -> None:
    """Gives each operation the cores of one part; no effect once TensorFlow runs."""
    if PARTS > 1:
        threads = max(1, (os.cpu_count() or 1) // PARTS)
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))


def split_rows(x: Any) -> list:
    """Cuts the rows of `x`, of which there are at least `PARTS`, into like parts."""
    rows = ops.shape(x)[0]
    cuts = [rows * part // PARTS for part in range(PARTS + 1)]
    return [x[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]


def smoothed_cross_entropy(
    x: Any, table: Any, following: Any, smoothing: float = 0.0
) -> Any:
    """The first of what `cross_entropies` gives."""
    return cross_entropies(x, table, following, smoothing)[0]


def cross_entropies(
    x: Any, table: Any, following: Any, smoothing: float = 0.0
) -> tuple[Any, Any]:
    """Cross-entropy of the next pieces with label smoothing, and without.

    With logits `z = x @ table.T` the loss of a position is
    `log(sum(exp(z))) - (1 - s) z[y] - s mean(z)`. The last two come from `x` and the
    table directly. So the logits, by far the largest tensor, are only summed: there is
    no one-hot target and no log-softmax.

    Args:
        x: the decoder's vectors `(B, T, E)`.
        table: the embedding `(V, E)`.
        following: the next pieces `(B, T)` int32, 0 for padding.
        smoothing: s, the share of the target that all pieces get alike.

    Returns:
        Two means over the positions that are no padding.

    Reference: Szegedy et al., https://arxiv.org/abs/1512.00567 (label smoothing).
    """
    width = x.shape[-1]
    x = ops.reshape(x, (-1, width))  # (N, E)
    following = ops.reshape(following, (-1,))
    columns = ops.transpose(ops.cast(table, x.dtype))  # (E, V)
    sums = [
        ops.logsumexp(ops.cast(ops.matmul(part, columns), "float32"), axis=-1)
        for part in split_rows(x)
    ]
    total = ops.concatenate(sums, axis=0)
    x, table = ops.cast(x, "float32"), ops.cast(table, "float32")
    right = ops.sum(x * ops.take(table, following, axis=0), axis=-1)
    real = ops.cast(ops.not_equal(following, PAD), "float32")
    count = ops.maximum(ops.sum(real), 1.0)
    plain = ops.sum((total - right) * real) / count
    if not smoothing:
        return plain, plain
    mean = ops.reshape(ops.mean(table, axis=0), (width, 1))
    mean = ops.reshape(ops.matmul(x, mean), (-1,))
    losses = total - (1 - smoothing) * right - smoothing * mean
    return ops.sum(losses * real) / count, plain


class TrainedModel(keras.Model):
    """A `TextModel` as `fit` sees it: pairs in, the loss from its vectors.

    It logs the loss without label smoothing too, which is what validation measures.
    """

    def __init__(self, inner: TextModel, smoothing: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner
        self.smoothing = smoothing
        self.plain_loss = keras.metrics.Mean(PLAIN_LOSS)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = []
        for source, target in zip(*map(split_rows, inputs), strict=True):
            memory, mask = self.inner.encode(source, training=training)
            outputs.append(self.inner.decode(target, memory, mask, training=training))
        return ops.concatenate(outputs, axis=0)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        table = self.inner.embedding.embedding.embeddings
        smoothing = self.smoothing if training else 0.0
        loss, plain = cross_entropies(y_pred, table, y, smoothing)
        pieces = ops.sum(ops.cast(ops.not_equal(y, PAD), "float32"))
        self.plain_loss.update_state(plain, sample_weight=pieces)
        return loss

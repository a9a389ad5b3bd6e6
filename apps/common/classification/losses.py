"""The classifier's loss: cross-entropy, and agreement of two readings of a text."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="polyhead")
class ClassificationLoss(keras.losses.Loss):
    """Cross-entropy, and the divergence between a batch's two halves.

    With `consistency` each batch holds every text twice, read with other pieces
    skipped and other units dropped. The symmetric Kullback-Leibler divergence of
    the two answers is added, so that the answer depends less on either.

    Args:
        multi_label: sigmoid for each label instead of one softmax.
        consistency: weight of the divergence; 0 for none.

    Call arguments:
        y_true: `(B, labels)` target distributions, or chances if multi-label.
        y_pred: `(B, labels)` logits.

    Returns:
        The mean over the batch; with `reduction=None` one loss a row `(B,)`.

    Reference: Liang et al., "R-Drop: Regularized Dropout for Neural Networks",
    NeurIPS 2021.
    """

    def __init__(self, multi_label=False, consistency=0.0, **kwargs):
        super().__init__(**kwargs)
        self.multi_label = multi_label
        self.consistency = consistency

    def call(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.cast(y_true, "float32")
        if self.multi_label:
            # log(1 + exp(z)) - y z, summed over labels
            losses = ops.sum(ops.softplus(y_pred) - y_true * y_pred, axis=-1)
            losses = losses / y_pred.shape[-1]
        else:
            losses = -ops.sum(y_true * ops.log_softmax(y_pred), axis=-1)
        if not self.consistency:
            return losses
        first, second = ops.split(y_pred, 2, axis=0)
        divergence = self._divergence(first, second)  # (B / 2,)
        both = ops.concatenate([divergence, divergence], axis=0)
        return losses + self.consistency * both

    def _divergence(self, first, second):
        """Half of the two divergences: sum((p - q) (log p - log q)) / 2."""
        if self.multi_label:
            # For one yes-or-no answer log p - log q comes to the logits' difference.
            change = ops.sigmoid(first) - ops.sigmoid(second)
            return ops.mean(change * (first - second), axis=-1) / 2
        p, q = ops.log_softmax(first), ops.log_softmax(second)
        return ops.sum((ops.exp(p) - ops.exp(q)) * (p - q), axis=-1) / 2

    def get_config(self):
        return {
            **super().get_config(),
            "multi_label": self.multi_label,
            "consistency": self.consistency,
        }

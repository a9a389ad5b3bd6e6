"""Training a classifier: targets, loss, scores after each epoch, calibrated heads."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from ..history import PLAIN_LOSS
from ..run.schedules import make_adamw
from ..run.trainer import Validation
from .scores import count_labels, macro_f1, main_metric, tune_thresholds


def make_targets(
    config: Any, labels: np.ndarray, num_labels: int, heads: list[str]
) -> Callable[[np.ndarray], tuple]:
    """Row numbers to what `fit` takes after the inputs: targets, and weights if any."""
    weights = example_weights(labels) if config.class_weights else None

    def targets_of_rows(rows: np.ndarray) -> tuple:
        target = targets_of(labels[rows], num_labels, config.label_smoothing)
        targets = {name: target for name in heads}
        if weights is None:
            return (targets,)
        return targets, {name: weights[rows] for name in heads}

    return targets_of_rows


def targets_of(labels: np.ndarray, num_labels: int, smoothing: float) -> np.ndarray:
    """Labels as the target distributions of the loss, float32."""
    if labels.ndim == 2:
        labels = labels.astype(np.float32)
        return labels * np.float32(1 - smoothing) + np.float32(smoothing / 2)
    one_hot = np.eye(num_labels, dtype=np.float32)[labels]
    return one_hot * np.float32(1 - smoothing) + np.float32(smoothing / num_labels)


def example_weights(labels: np.ndarray) -> np.ndarray:
    """For each example the inverse frequency of its (rarest) label; the mean is 1."""
    if labels.ndim == 2:
        inverse = labels.shape[0] / np.maximum(labels.sum(axis=0), 1)
        weights = np.where(labels, inverse, 0).max(axis=1)
        weights = np.where(weights > 0, weights, weights[weights > 0].mean())
    else:
        weights = 1.0 / np.bincount(labels)[labels]
    return (weights / weights.mean()).astype(np.float32)


@keras.saving.register_keras_serializable(package="polyhead")
class ClassificationLoss(keras.losses.Loss):
    """Cross-entropy, and the divergence between a batch's two halves.

    With `consistency` each batch has every text twice, with other pieces skipped and
    other units dropped. The symmetric Kullback-Leibler divergence of the two answers is
    added, so that the answer depends less on either.

    Args:
        multi_label: sigmoid for each label instead of one softmax.
        consistency: weight of the divergence; 0 for none.

    Call arguments:
        y_true: `(B, labels)` target distributions, or chances if multi-label.
        y_pred: `(B, labels)` logits.

    Returns:
        The mean over the batch; with `reduction=None` one loss for each row `(B,)`.

    Reference: Liang et al., "R-Drop: Regularized Dropout for Neural Networks",
    NeurIPS 2021.
    """

    def __init__(
        self, multi_label: bool = False, consistency: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.multi_label, self.consistency = multi_label, consistency

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
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

    def _divergence(self, first: Any, second: Any) -> Any:
        """Half of the two divergences: sum((p - q) (log p - log q)) / 2."""
        if self.multi_label:
            # For a yes-or-no answer log p - log q is the difference of the logits.
            change = ops.sigmoid(first) - ops.sigmoid(second)
            return ops.mean(change * (first - second), axis=-1) / 2
        p, q = ops.log_softmax(first), ops.log_softmax(second)
        return ops.sum((ops.exp(p) - ops.exp(q)) * (p - q), axis=-1) / 2

    def get_config(self) -> dict:
        own = {"multi_label": self.multi_label, "consistency": self.consistency}
        return {**super().get_config(), **own}


class TrainedHeads(keras.Model):
    """A model of several heads, which are logits, as `fit` sees it: the same layers.

    It logs the loss of the heads' common answer without label smoothing too, which is
    what validation measures.
    """

    def __init__(self, inner: keras.Model, multi_label: bool) -> None:
        super().__init__(inner.input, inner.output)
        self.multi_label = multi_label
        self.answer_loss = ClassificationLoss(multi_label, reduction=None)
        self.plain_loss = keras.metrics.Mean(PLAIN_LOSS)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        answer = mean_logits(y_pred)  # (B, labels)
        target = ops.cast(next(iter(y.values())), "float32")
        if self.multi_label:
            hard = ops.cast(target > 0.5, "float32")
        else:
            hard = ops.one_hot(ops.argmax(target, axis=-1), answer.shape[-1])
        self.plain_loss.update_state(self.answer_loss(hard, answer))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def compile_classifier(
    model: keras.Model, config: Any, multi_label: bool, steps: int
) -> TrainedHeads:
    """A model with an optimizer, and with a loss for each of its heads.

    The heads are logits. The layers are those of `model`.
    """
    rate, warmup = config.learning_rate, config.warmup_steps
    optimizer = make_adamw(config, rate, warmup, steps * config.epochs)
    loss = ClassificationLoss(multi_label, config.consistency)
    trained = TrainedHeads(model, multi_label)
    trained.compile(optimizer, loss={name: loss for name in model.output})
    return trained


def make_validation(
    head_logits: Callable[[keras.Model], dict[str, np.ndarray]], labels: np.ndarray
) -> Validation:
    """How a classifier is measured after each epoch, on the validation examples.

    `head_logits` gives a model's logits `(rows, labels)` of each head on them.
    """
    multi_label = labels.ndim == 2

    def score(model: keras.Model) -> dict[str, float]:
        logits = mean_logits(head_logits(model))
        return score_probabilities(probabilities_of(logits, multi_label), labels)

    monitor = main_metric(multi_label)
    fitted = "heads and thresholds" if multi_label else "heads"
    how = f"before the {fitted} were fitted to validation"
    return Validation(score, monitor, shown=("val_loss", f"val_{monitor}"), how=how)


def probabilities_of(logits: np.ndarray, multi_label: bool) -> np.ndarray:
    """Sigmoid for each label, or softmax over them."""
    if multi_label:
        return 1 / (1 + np.exp(-logits))
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def score_probabilities(
    probabilities: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Accuracy, or with several labels to an input macro-F1; and the loss."""
    if labels.ndim == 2:
        likelihood = np.where(labels, probabilities, 1 - probabilities)
        answers = probabilities >= tune_thresholds(probabilities, labels)
        counts = count_labels(labels, answers, labels.shape[1])
        measures = {"macro_f1": float(macro_f1(counts, multi_label=True))}
    else:
        likelihood = probabilities[np.arange(len(labels)), labels]
        right = probabilities.argmax(axis=1) == labels
        measures = {"accuracy": float(np.mean(right))}
    return measures | {"loss": float(-np.log(np.maximum(likelihood, 1e-7)).mean())}


def mean_logits(heads: Mapping[str, Any]) -> Any:
    """The answer's logits `(B, labels)`: the mean over the heads."""
    return sum(heads.values()) / len(heads)


def fit_scales(heads: dict[str, np.ndarray], labels: np.ndarray) -> dict[str, float]:
    """The factor, at least 0, on each head's logits that makes the labels most likely.

    The answer is the sum of the scaled logits. A few numbers are fitted on many rows,
    and the problem is convex, so there is nothing to tune. For one head this is
    temperature scaling.

    Reference: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017;
    Wolpert, "Stacked Generalization", Neural Networks 5(2), 1992.
    """
    from scipy.optimize import minimize

    logits = np.stack(list(heads.values())).astype(np.float64)  # (heads, rows, labels)

    def loss(scales: np.ndarray) -> tuple[float, np.ndarray]:
        mixed = np.tensordot(scales, logits, 1)  # (rows, labels)
        if labels.ndim == 2:
            losses = np.logaddexp(0, mixed) - labels * mixed
            error = 1 / (1 + np.exp(-mixed)) - labels
        else:
            top = mixed.max(axis=1, keepdims=True)
            total = top + np.log(np.exp(mixed - top).sum(axis=1, keepdims=True))
            chosen = np.arange(len(labels)), labels
            losses = total[:, 0] - mixed[chosen]
            error = np.exp(mixed - total)
            error[chosen] -= 1
        gradient = np.tensordot(logits, error, ((1, 2), (0, 1)))
        return losses.sum() / labels.size, gradient / labels.size

    start = np.full(len(logits), 1 / len(logits))
    bounds = [(0, 10)] * len(logits)
    solution = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return dict(zip(heads, solution.x.tolist(), strict=True))


def scale_heads(model: Any, scales: dict[str, float]) -> None:
    """Multiplies each head's weights, so that the mean of the heads is the answer."""
    for name, scale in scales.items():
        for weight in model.get_layer(name).weights:
            weight.assign(weight * (scale * len(scales)))


def reset_heads(model: keras.Model) -> None:
    """Gives every head new weights, as for labels that the older run did not have."""
    for name in model.output:
        head = model.get_layer(name)
        head.kernel.assign(head.kernel_initializer(head.kernel.shape))
        head.bias.assign(keras.ops.zeros_like(head.bias))

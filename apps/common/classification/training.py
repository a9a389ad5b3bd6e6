"""Training a classifier: the targets of its loss, and its scores after each epoch."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ..run.schedules import make_adamw
from ..run.trainer import Validation
from .calibration import mean_logits
from .losses import ClassificationLoss
from .scores import count_labels, macro_f1, main_metric, tune_thresholds
from .targets import example_weights, probabilities_of, targets_of


def make_targets(
    config: Any, labels: np.ndarray, num_labels: int, heads: list[str]
) -> Callable[[np.ndarray], tuple]:
    """Row numbers to what `fit` takes after the inputs: targets, and weights if any.

    Args:
        config: has `class_weights` and `label_smoothing`.
        labels: of the training examples.
        num_labels: number of labels.
        heads: names of the model's outputs, which all have the same targets.
    """
    weights = example_weights(labels) if config.class_weights else None

    def targets_of_rows(rows: np.ndarray) -> tuple:
        target = targets_of(labels[rows], num_labels, config.label_smoothing)
        targets = {name: target for name in heads}
        if weights is None:
            return (targets,)
        return targets, {name: weights[rows] for name in heads}

    return targets_of_rows


def compile_classifier(
    model: keras.Model, config: Any, multi_label: bool, steps: int
) -> None:
    """Gives a model of logits its optimizer, and the loss of each of its heads.

    Args:
        model: gives a dict of logits, one for each head.
        config: has `learning_rate`, `warmup_steps`, `weight_decay`, `ema`, `epochs` and
            `consistency`.
        multi_label: whether an input may have several labels.
        steps: batches an epoch.
    """
    rate, warmup = config.learning_rate, config.warmup_steps
    optimizer = make_adamw(config, rate, warmup, steps * config.epochs)
    loss = ClassificationLoss(multi_label, config.consistency)
    model.compile(optimizer, loss={name: loss for name in model.output})


def make_validation(
    head_logits: Callable[[keras.Model], dict[str, np.ndarray]], labels: np.ndarray
) -> Validation:
    """How a classifier is measured after each epoch.

    Args:
        head_logits: a model to the logits `(rows, labels)` of each head on the
            validation examples.
        labels: of these examples.
    """
    multi_label = labels.ndim == 2

    def score(model: keras.Model) -> dict[str, float]:
        logits = mean_logits(head_logits(model))
        return score_probabilities(probabilities_of(logits, multi_label), labels)

    monitor = main_metric(multi_label)
    return Validation(score, monitor, shown=(f"val_{monitor}", "val_loss"))


def score_probabilities(
    probabilities: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Accuracy, or with several labels to an input macro-F1; and the loss.

    Args:
        probabilities: `(rows, labels)`.
        labels: ids `(rows,)`, or `(rows, labels)` booleans.
    """
    if labels.ndim == 2:
        likelihood = np.where(labels, probabilities, 1 - probabilities)
        answers = probabilities >= tune_thresholds(probabilities, labels)
        hits, predicted, support = count_labels(labels, answers, labels.shape[1])
        f1 = macro_f1(hits, predicted, support, multi_label=True)
        measures = {"macro_f1": float(f1)}
    else:
        likelihood = probabilities[np.arange(len(labels)), labels]
        right = probabilities.argmax(axis=1) == labels
        measures = {"accuracy": float(np.mean(right))}
    return measures | {"loss": float(-np.log(np.maximum(likelihood, 1e-7)).mean())}


def reset_heads(model: keras.Model) -> None:
    """Gives every head new weights, as for labels that the older run did not have."""
    for name in model.output:
        head = model.get_layer(name)
        head.kernel.assign(head.kernel_initializer(head.kernel.shape))
        head.bias.assign(keras.ops.zeros_like(head.bias))

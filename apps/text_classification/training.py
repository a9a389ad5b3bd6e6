"""Training a text classifier: batches, loss, optimizer, validation."""

import keras
import numpy as np

from ..common.classification.calibration import fit_scales, scale_heads
from ..common.classification.losses import ClassificationLoss
from ..common.classification.scores import main_metric
from ..common.classification.targets import (
    example_weights,
    probabilities_of,
    targets_of,
)
from ..common.classification.validation import score_probabilities
from ..common.run.schedules import make_adamw
from ..common.run.trainer import Training, Validation
from ..common.text.batches import scoring_batches, training_batches
from .config import Config
from .data import Dataset
from .model import build_model, mean_logits


def make_training(config: Config, assets, dataset: Dataset, model) -> Training:
    """The compiled model and its epochs' batches."""
    outputs = list(model.output)
    labels = dataset.train.labels
    weights = example_weights(labels) if config.class_weights else None
    num_labels = len(assets.label_names)

    def make_targets(rows):
        target = targets_of(labels[rows], num_labels, config.label_smoothing)
        targets = {name: target for name in outputs}
        if weights is None:
            return (targets,)
        return targets, {name: weights[rows] for name in outputs}

    make_epoch = training_batches(
        config, assets.tokenizer, dataset.train.texts, make_targets
    )
    steps = -(-len(labels) // min(config.batch_size, -(-len(labels) // 2)))
    optimizer = make_adamw(
        config, config.learning_rate, config.warmup_steps, steps * config.epochs
    )
    loss = ClassificationLoss(dataset.multi_label, config.consistency)
    model.compile(optimizer, loss={name: loss for name in outputs})
    return Training(model, make_epoch, steps, len(labels))


def make_validation(config: Config, assets, dataset: Dataset) -> Validation:
    """Measures a model on the validation examples."""
    texts, labels = dataset.validation.texts, dataset.validation.labels

    def score(model) -> dict[str, float]:
        heads = head_logits(model, config, assets.tokenizer, texts)
        probabilities = probabilities_of(mean_logits(heads), dataset.multi_label)
        return score_probabilities(probabilities, labels)

    monitor = main_metric(dataset.multi_label)
    return Validation(score, monitor, shown=(f"val_{monitor}", "val_loss"))


def finish(config: Config, assets, dataset: Dataset, trained) -> keras.Model:
    """The model in float32, its heads weighed by the validation examples."""
    num_labels = len(assets.label_names)
    if config.fine_tunes:
        from .presets import copy_classifier

        model = copy_classifier(trained, config, num_labels)
    else:
        model = build_model(config, assets.tokenizer.pieces, num_labels)
        model.set_weights(trained.get_weights())
    texts, labels = dataset.validation.texts, dataset.validation.labels
    heads = head_logits(trained, config, assets.tokenizer, texts)
    scale_heads(model, fit_scales(heads, labels))
    return model


def head_logits(model, config: Config, tokenizer, texts) -> dict[str, np.ndarray]:
    """Each head's logits `(texts, labels)`, as the model stands in training."""
    heads = {
        name: np.zeros((len(texts), head.shape[-1]), np.float32)
        for name, head in model.output.items()
    }
    for rows, ids in scoring_batches(tokenizer.encode_all(texts), config.max_tokens):
        for name, logits in model.predict_on_batch(ids).items():
            heads[name][rows] = logits
    return heads


def start_heads_anew(model: keras.Model) -> None:
    """Forgets what was learned of other labels, were they as many."""
    for name in model.output:
        head = model.get_layer(name)
        head.kernel.assign(head.kernel_initializer(head.kernel.shape))
        head.bias.assign(keras.ops.zeros_like(head.bias))

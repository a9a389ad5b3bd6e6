"""Training a text classifier: its batches, and the model that the run keeps."""

import keras
import numpy as np

from ..common.classification.data import Dataset
from ..common.classification.training import (
    compile_classifier,
    fit_scales,
    make_targets,
    scale_heads,
)
from ..common.classification.training import make_validation as validate_heads
from ..common.run.trainer import Training, Validation
from ..common.text.batches import count_steps, scoring_batches, training_batches
from .config import Config
from .networks.model import build_model
from .networks.presets import copy_classifier


def make_training(config: Config, assets, dataset: Dataset, model) -> Training:
    """The compiled model and its epochs' batches."""
    texts, labels = dataset.train.inputs, dataset.train.labels
    num_labels, heads = len(assets.label_names), list(model.output)
    targets = make_targets(config, labels, num_labels, heads)
    make_epoch = training_batches(config, assets.tokenizer, texts, targets)
    steps = count_steps(config, len(texts))
    trained = compile_classifier(model, config, dataset.multi_label, steps)
    return Training(trained, make_epoch, steps, len(texts))


def make_validation(config: Config, assets, dataset: Dataset) -> Validation:
    """Measures a model on the validation examples."""
    texts, labels = dataset.validation.inputs, dataset.validation.labels
    return validate_heads(lambda m: head_logits(m, config, assets, texts), labels)


def finish(config: Config, assets, dataset: Dataset, trained) -> keras.Model:
    """The model in float32, with each head scaled on the validation examples."""
    num_labels = len(assets.label_names)
    if config.fine_tunes:
        model = copy_classifier(trained, config, num_labels)
    else:
        model = build_model(config, assets.tokenizer.pieces, num_labels)
        model.set_weights(trained.get_weights())
    heads = head_logits(trained, config, assets, dataset.validation.inputs)
    scale_heads(model, fit_scales(heads, dataset.validation.labels))
    return model


def head_logits(model, config: Config, assets, texts) -> dict[str, np.ndarray]:
    """Each head's logits `(texts, labels)`, under the dtype policy of training."""
    heads = {
        name: np.zeros((len(texts), head.shape[-1]), np.float32)
        for name, head in model.output.items()
    }
    ids = assets.tokenizer.encode_all(texts)
    for rows, batch in scoring_batches(ids, config.max_tokens):
        for name, logits in model.predict_on_batch(batch).items():
            heads[name][rows] = logits
    return heads

"""Classifiers whose weights are noise, so that answers differ from text to text."""

from types import SimpleNamespace

import numpy as np
from keras import ops

from polyhead.apps.common.classification.data import Dataset, Examples
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.networks.model import build_model
from polyhead.apps.text_classification.serving import Serving

LABELS = ("animal", "thing", "other")
SMALL = {
    "num_layers": 1,
    "dropout": 0.0,
    "hidden_dim": 16,
    "num_heads": 2,
    "max_tokens": 32,
    "wide_buckets": 64,
    "wide_dim": 8,
}


def make_serving(texts, noise, multi_label=False, **settings):
    """A classifier whose tokenizer has learned from the texts."""
    config = Config(multi_label=multi_label, **(SMALL | settings))
    tokenizer = Tokenizer.learn(texts * 9, size=300)
    model = build_model(config, tokenizer.pieces, len(LABELS))
    rng = np.random.default_rng(0)
    for weight in model.weights:
        drawn = noise * rng.normal(size=weight.shape).astype("float32")
        weight.assign(ops.convert_to_numpy(weight) + drawn)
    return Serving(model, tokenizer, config, LABELS, multi_label)


def make_run(serving, seed=0, thresholds=None):
    """What stands in for a finished run of a classifier."""
    config = Config(seed=seed, multi_label=serving.multi_label)
    return SimpleNamespace(
        serving=serving, config=config, thresholds=thresholds, descriptions={}
    )


def make_examples(texts, labels, source="data.csv"):
    return Examples(list(texts), np.asarray(labels), np.arange(len(texts)) + 1, source)


def make_dataset(train, test, names=LABELS, multi_label=False):
    """A data set whose validation examples are those of test."""
    return Dataset(train, test, test, names, multi_label, {})

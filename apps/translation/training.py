"""Training a translator: its model, and how it is measured on validation data."""

from ..common.generation.losses import TrainedModel
from ..common.generation.scores import Scorer, tokenizer_for
from ..common.generation.training import train_pairs, validate_pairs
from ..common.run.checkpoint import read_values
from ..common.run.trainer import Training, Validation
from .config import Config
from .data import Dataset
from .model import Translator, build_model


def make_training(
    config: Config, assets, dataset: Dataset, model: Translator
) -> Training:
    """The compiled model and its epochs' batches."""
    return train_pairs(config, assets.tokenizer, dataset.train, model)


def make_validation(config: Config, assets, dataset: Dataset) -> Validation:
    """Measures a model on the validation pairs."""
    tokenizer = assets.tokenizer
    model = build_model(config, len(tokenizer.pieces))
    scorer = Scorer(tokenizer_for(config.target_language))
    return validate_pairs(config, model, tokenizer, dataset.validation, scorer)


def finish(config: Config, assets, dataset: Dataset, trained: TrainedModel):
    """The model in float32."""
    model = build_model(config, len(assets.tokenizer.pieces))
    model.set_weights(read_values(trained.inner.weights))
    return model

"""The steps in the life of a translator's run."""

from functools import partial
from pathlib import Path

from ..common.errors import RETRAIN, PolyheadError
from ..common.generation.batches import leave_out_long
from ..common.generation.losses import TrainedModel
from ..common.generation.serving import Serving
from ..common.generation.training import (
    fit_output_ratio,
    train_pairs,
    validate_pairs,
)
from ..common.run.checkpoint import read_values
from ..common.run.saving import load_model
from ..common.run.trainer import Training, Validation
from ..common.task import Steps
from ..common.text.assets import NewPieceAssets, PieceAssets, save_assets
from ..common.text.assets import make_assets as make_piece_assets
from ..common.text.examples import text_examples
from .card import make_card
from .config import Config
from .data import Dataset, load_data
from .evaluate import evaluate, make_scorer, score
from .explain import explain
from .exporting import check_export, make_exportable
from .model import Translator, build_model


def make_assets(config: Config, dataset: Dataset, path: Path | None) -> NewPieceAssets:
    texts = [*dataset.train.sources, *dataset.train.targets]
    return make_piece_assets(config, texts, path)


def prepare(
    config: Config, assets: NewPieceAssets | PieceAssets, dataset: Dataset
) -> Dataset:
    return leave_out_long(config.max_tokens, assets.tokenizer, dataset)


def build(config: Config, assets: NewPieceAssets, dataset: Dataset) -> Translator:
    return build_model(config, len(assets.tokenizer.pieces))


def make_training(
    config: Config, assets: NewPieceAssets, dataset: Dataset, model: Translator
) -> Training:
    return train_pairs(config, assets.tokenizer, dataset.train, model)


def make_validation(
    config: Config, assets: NewPieceAssets, dataset: Dataset
) -> Validation:
    model, scorer = build(config, assets, dataset), make_scorer(config)
    return validate_pairs(config, model, assets.tokenizer, dataset.validation, scorer)


def finish(
    config: Config, assets: NewPieceAssets, dataset: Dataset, trained: TrainedModel
) -> Translator:
    """The model in float32."""
    model = build(config, assets, dataset)
    model.set_weights(read_values(trained.inner.weights))
    return model


def serve(run) -> Serving:
    model = load_model(run.path / "model.keras")
    pieces, known = len(run.tokenizer.pieces), model.settings["vocabulary_size"]
    if pieces != known:
        raise PolyheadError(
            f"{run.path / 'tokenizer.json'}: {pieces} pieces, but the model has "
            f"{known}: {RETRAIN}"
        )
    return Serving(model, run.tokenizer, run.config)


STEPS = Steps(
    load_data=load_data,
    fit_config=fit_output_ratio,
    make_assets=make_assets,
    save_assets=save_assets,
    prepare=prepare,
    build=build,
    make_training=make_training,
    make_validation=make_validation,
    finish=finish,
    serve=serve,
    score=score,
    make_card=make_card,
    evaluate=evaluate,
    explain=explain,
    examples=partial(text_examples, texts_of=lambda pairs: pairs.sources),
    check_export=check_export,
    make_exportable=make_exportable,
)

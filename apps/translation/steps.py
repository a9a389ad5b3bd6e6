"""The steps in the life of a translator's run."""

from collections.abc import Sequence
from pathlib import Path

from ..common.augmentation.epochs import draw_texts
from ..common.data.kept import Kept
from ..common.data.pairs import keep_pairs
from ..common.errors import RETRAIN, PolyheadError, UsageError
from ..common.export.export import Exportable
from ..common.generation.batches import leave_out_long
from ..common.generation.exporting import make_text_exportable
from ..common.generation.losses import TrainedModel
from ..common.generation.serving.serving import Serving
from ..common.generation.training import (
    fit_to_pairs,
    fit_tokenizer,
    train_pairs,
    validate_pairs,
)
from ..common.run.checkpoint import read_values
from ..common.run.saving import load_model
from ..common.run.trainer import Validation
from ..common.task import Steps
from ..common.text.assets import NewPieceAssets, save_assets
from ..common.text.assets import make_assets as make_piece_assets
from ..common.text.limits import choose_bytes
from ..common.text.run import TextRun, text_examples
from .card import make_card
from .config import LENGTH, Config
from .data import Dataset, load_data, remember
from .evaluate import baselines, evaluate, load_test, make_scorer, score
from .explain import explain
from .model import Translator, build_model


def make_assets(config: Config, dataset: Dataset, path: Path | None) -> NewPieceAssets:
    config = fit_tokenizer(config, dataset.train)
    return make_piece_assets(config, draw_texts(config, dataset.train), path)


def fit_config(config: Config, assets, dataset: Dataset) -> Config:
    """Fills all that the pairs of `dataset.train` decide."""
    return fit_to_pairs(config, assets.tokenizer, dataset.train, LENGTH)


def build(config: Config, assets, dataset: Dataset) -> Translator:
    return build_model(config, len(assets.tokenizer.pieces))


def make_validation(config: Config, assets, dataset: Dataset) -> Validation:
    model, scorer = build(config, assets, dataset), make_scorer(config)
    return validate_pairs(config, model, assets.tokenizer, dataset.validation, scorer)


def finish(config: Config, assets, dataset: Dataset, trained: TrainedModel):
    """The model in float32."""
    model = build(config, assets, dataset)
    model.set_weights(read_values(trained.inner.weights))
    return model


def serve(run: TextRun) -> Serving:
    model = load_model(run.path / "model.keras")
    pieces, known = len(run.tokenizer.pieces), model.settings["vocabulary_size"]
    if pieces != known:
        raise PolyheadError(
            f"{run.path / 'tokenizer.json'}: {pieces} pieces, but the model has "
            f"{known}: {RETRAIN}"
        )
    return Serving(model, run.tokenizer, run.config)


def check_export(run: TextRun, formats: Sequence[str], variants: Sequence[str]) -> None:
    """Refuses full_int8: a translator computes its sums in float32."""
    if "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8' is for text classification: a translator's int8 "
            "file computes with int8 weights and float32 sums"
        )


def make_exportable(
    run: TextRun,
    kept: Kept,
    formats: Sequence[str],
    max_input_bytes: int | None = None,
    max_output_bytes: int | None = None,
    beam_size: int = 1,
) -> Exportable:
    """The translator and held-out pairs; see `make_text_exportable`."""
    scorer, what = make_scorer(run.config), "Translation: text to text"
    fitted = run.config.max_input_bytes, run.config.max_output_bytes
    sizes = (
        choose_bytes(max_input_bytes, fitted[0], kept.texts["text"]),
        choose_bytes(max_output_bytes, fitted[1], kept.texts["target"]),
    )
    names = ("source_language", "target_language")
    facts = {name: getattr(run.config, name) for name in names}
    return make_text_exportable(
        run.serving, kept, scorer, what, facts, *sizes, beam_size
    )


STEPS = Steps(
    load_data=load_data,
    fit_config=fit_config,
    make_assets=make_assets,
    remember=lambda config, assets, data: remember(data, config.init_from),
    save_assets=save_assets,
    prepare=lambda config, assets, dataset: leave_out_long(
        config, assets.tokenizer, dataset
    ),
    build=build,
    make_training=lambda config, assets, dataset, model: train_pairs(
        config, assets.tokenizer, dataset.train, model
    ),
    make_validation=make_validation,
    finish=finish,
    serve=serve,
    baselines=baselines,
    score=score,
    make_card=make_card,
    evaluate=evaluate,
    load_test=load_test,
    keep=keep_pairs,
    explain=explain,
    examples=text_examples,
    check_export=check_export,
    make_exportable=make_exportable,
)

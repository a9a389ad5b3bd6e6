"""The steps in the life of a translator's run."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..common.data.splits import held_out
from ..common.errors import RETRAIN, PolyheadError, UsageError
from ..common.export.export import Exportable
from ..common.generation.batches import leave_out_long
from ..common.generation.exporting import make_text_exportable
from ..common.generation.losses import TrainedModel
from ..common.generation.serving import Serving
from ..common.generation.training import fit_output_ratio, train_pairs, validate_pairs
from ..common.run.checkpoint import read_values
from ..common.run.saving import load_model
from ..common.run.trainer import Validation
from ..common.task import Steps
from ..common.text.assets import NewPieceAssets, save_assets
from ..common.text.assets import make_assets as make_piece_assets
from ..common.text.run import TextRun, text_examples
from .card import make_card
from .config import Config
from .data import Dataset, load_data
from .evaluate import evaluate, make_scorer, score
from .explain import explain
from .model import Translator, build_model


def make_assets(config: Config, dataset: Dataset, path: Path | None) -> NewPieceAssets:
    texts = [*dataset.train.sources, *dataset.train.targets]
    return make_piece_assets(config, texts, path)


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
    dataset: Dataset,
    formats: Sequence[str],
    max_input_bytes: int = 256,
    max_output_bytes: int = 256,
    beam_size: int = 1,
) -> Exportable:
    """The translator and held-out pairs; see `make_text_exportable`."""
    split, pairs = held_out(dataset)
    scorer, what = make_scorer(run.config), "Translation: text to text"
    names = ("source_language", "target_language")
    facts = {name: getattr(run.config, name) for name in names}
    return make_text_exportable(
        run.serving,
        pairs,
        split,
        scorer,
        what,
        facts,
        max_input_bytes,
        max_output_bytes,
        beam_size,
    )


STEPS = Steps(
    load_data=load_data,
    fit_config=fit_output_ratio,
    make_assets=make_assets,
    save_assets=save_assets,
    prepare=lambda config, assets, dataset: leave_out_long(
        config.max_tokens, assets.tokenizer, dataset
    ),
    build=build,
    make_training=lambda config, assets, dataset, model: train_pairs(
        config, assets.tokenizer, dataset.train, model
    ),
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

"""The steps in the life of a translator's run."""

from functools import partial
from pathlib import Path

from ..common.errors import RETRAIN, PolyheadError
from ..common.generation.batches import leave_out_long
from ..common.generation.serving import Serving
from ..common.generation.training import fit_output_ratio
from ..common.run.saving import load_model
from ..common.task import Steps
from ..common.text.assets import NewPieceAssets, PieceAssets, save_assets
from ..common.text.assets import make_assets as make_piece_assets
from ..common.text.run import text_examples
from .card import make_card
from .config import Config
from .data import Dataset, load_data
from .evaluate import evaluate, score
from .explain import explain
from .exporting import check_export, make_exportable
from .model import build_model
from .training import finish, make_training, make_validation


def make_assets(config: Config, dataset: Dataset, path: Path | None) -> NewPieceAssets:
    texts = [*dataset.train.sources, *dataset.train.targets]
    return make_piece_assets(config, texts, path)


def prepare(
    config: Config, assets: NewPieceAssets | PieceAssets, dataset: Dataset
) -> Dataset:
    return leave_out_long(config.max_tokens, assets.tokenizer, dataset)


def build(config: Config, assets: NewPieceAssets, dataset: Dataset):
    return build_model(config, len(assets.tokenizer.pieces))


def serve(run) -> Serving:
    model = load_model(run.path / "model.keras")
    pieces = model.settings["vocabulary_size"]
    if pieces != len(run.tokenizer.pieces):
        raise PolyheadError(
            f"{run.path / 'tokenizer.json'}: {len(run.tokenizer.pieces)} pieces, "
            f"but the model has {pieces}: {RETRAIN}"
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

"""The steps in the life of a classifier's run."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..common.classification.data import Dataset
from ..common.classification.evaluation import score_classifier
from ..common.classification.labels import read_labels, write_labels
from ..common.classification.training import reset_heads
from ..common.errors import RETRAIN, PolyheadError, UsageError
from ..common.files import replacing
from ..common.run.saving import load_model
from ..common.run.trainer import copy_older_weights
from ..common.task import Steps
from ..common.text.examples import text_examples
from . import training
from .card import make_card
from .config import Config, fit_wide_branch
from .data import load_data
from .evaluate import evaluate
from .exporting import check_export, make_exportable
from .model import build_model
from .serving import Serving
from .tokenizer import make_tokenizer


@dataclass(frozen=True)
class NewAssets:
    """What a new run needs besides its model; see `answering.Assets`."""

    tokenizer: Any
    label_names: tuple[str, ...]


def make_assets(config: Config, dataset: Dataset, path: Path | None) -> NewAssets:
    file = path and path / "tokenizer.json"
    tokenizer = make_tokenizer(config, dataset.train.inputs, file)
    return NewAssets(tokenizer, dataset.label_names)


def save_assets(assets: NewAssets, path: Path) -> None:
    with replacing(path / "tokenizer.json") as temporary:
        assets.tokenizer.save(temporary)
    write_labels(path / "labels.txt", assets.label_names)


def build(config: Config, assets: NewAssets, dataset: Dataset):
    num_labels = len(assets.label_names)
    if config.fine_tunes:
        from .presets import build_classifier

        return build_classifier(config, num_labels)
    return build_model(config, assets.tokenizer.pieces, num_labels)


def start_from(config: Config, assets: NewAssets, model) -> None:
    if not config.fine_tunes:  # else `build` has them
        copy_older_weights(config, assets, model)
    if read_labels(Path(config.init_from) / "labels.txt") != assets.label_names:
        reset_heads(model)


def serve(run) -> Serving:
    path = run.path / "model.keras"
    if run.config.fine_tunes:
        from .hub import import_keras_hub

        import_keras_hub(str(path))
    model = load_model(path)
    outputs = {head.shape[-1] for head in model.output.values()}
    if outputs != {len(run.label_names)}:
        raise PolyheadError(
            f"{run.path / 'labels.txt'}: {len(run.label_names)} labels, but the "
            f"model has {max(outputs)}: {RETRAIN}"
        )
    return Serving(model, run.tokenizer, run.config, run.label_names, run.multi_label)


def explain(run, text: str, output: str | Path | None = None) -> dict:
    """Which pieces of a text speak for its label; see `explain.explain`."""
    if run.config.word_pieces:
        raise UsageError(
            f"{run.path}: a run that reads WordPieces cannot be explained yet, "
            "only those of tiny, small and base with tokenizer 'bytes'"
        )
    from .explain import explain

    return explain(run, text, output)


STEPS = Steps(
    load_data=load_data,
    fit_config=lambda config, data: fit_wide_branch(config, len(data.label_names)),
    make_assets=make_assets,
    save_assets=save_assets,
    build=build,
    start_from=start_from,
    make_training=training.make_training,
    make_validation=training.make_validation,
    finish=training.finish,
    serve=serve,
    score=score_classifier,
    make_card=make_card,
    evaluate=evaluate,
    explain=explain,
    examples=partial(text_examples, texts_of=lambda examples: examples.inputs),
    check_export=check_export,
    make_exportable=make_exportable,
)

"""The steps in the life of a classifier's run."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras

from ..common.classification.data import Dataset
from ..common.classification.evaluation import score_classifier
from ..common.classification.labels import read_labels, write_labels
from ..common.classification.training import reset_heads
from ..common.errors import RETRAIN, PolyheadError
from ..common.files import replacing
from ..common.run.evaluation import measure
from ..common.run.saving import load_model
from ..common.run.trainer import copy_older_weights
from ..common.task import Steps
from ..common.text.run import text_examples
from .baselines import run_baselines
from .card import make_card
from .config import Config, fit_wide_branch
from .data import load_data, load_examples
from .explain import explain
from .exporting import check_export, make_exportable
from .networks.model import build_model
from .networks.presets import build_classifier, load_classifier
from .serving import Serving
from .tokenizer import make_tokenizer
from .training import finish, make_training, make_validation


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


def build(config: Config, assets: NewAssets, dataset: Dataset) -> keras.Model:
    num_labels = len(assets.label_names)
    if config.fine_tunes:
        return build_classifier(config, num_labels)
    return build_model(config, assets.tokenizer.pieces, num_labels)


def start_from(config: Config, assets: NewAssets, model: keras.Model) -> None:
    if not config.fine_tunes:  # else `build` has them
        copy_older_weights(config, assets, model)
    older = Path(str(config.init_from)) / "labels.txt"
    if read_labels(older) != assets.label_names:
        reset_heads(model)


def serve(run) -> Serving:
    load = load_classifier if run.config.fine_tunes else load_model
    model = load(run.path / "model.keras")
    outputs = {head.shape[-1] for head in model.output.values()}
    if outputs != {len(run.label_names)}:
        raise PolyheadError(
            f"{run.path / 'labels.txt'}: {len(run.label_names)} labels, but the "
            f"model has {max(outputs)}: {RETRAIN}"
        )
    return Serving(model, run.tokenizer, run.config, run.label_names, run.multi_label)


def evaluate(run, test: str | None = None, threshold: float | None = None) -> dict:
    """Measures the run, and both baselines on the same rows.

    Args:
        test: labelled data other than the run's own. If absent, the run's test data,
            or its validation data where it has no test data.
        threshold: also report how many answers are at least this probable, and how many
            of these are right (one label to a text only).

    Returns:
        The content of metrics.json, which is written with predictions.csv, the plots
        and the card. Scores on other data are returned alone: the run keeps its own.
    """
    dataset = load_data(run.config)
    if test is not None:
        examples = load_examples(run.config, test, run.label_names)
        dataset = replace(dataset, test=examples)
    baselines = run_baselines(dataset, run.config.seed)
    return measure(run, dataset, baselines, threshold=threshold, other=test)


STEPS = Steps(
    load_data=load_data,
    fit_config=lambda config, data: fit_wide_branch(config, len(data.label_names)),
    make_assets=make_assets,
    save_assets=save_assets,
    build=build,
    start_from=start_from,
    make_training=make_training,
    make_validation=make_validation,
    finish=finish,
    serve=serve,
    score=score_classifier,
    make_card=make_card,
    evaluate=evaluate,
    explain=explain,
    examples=partial(text_examples, texts_of=lambda examples: examples.inputs),
    check_export=check_export,
    make_exportable=make_exportable,
)

"""The steps in the life of a classifier's run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..common.classification.baselines import majority
from ..common.classification.data import Dataset, keep_texts, only_test
from ..common.classification.evaluation import score_classifier
from ..common.classification.known import remember_examples
from ..common.classification.label_file import write_descriptions
from ..common.classification.labels import read_labels, write_labels
from ..common.classification.thresholds import tune_run
from ..common.classification.training import reset_heads
from ..common.data.given import called
from ..common.data.kept import Kept
from ..common.data.splits import held_out
from ..common.errors import RETRAIN, PolyheadError
from ..common.files import replacing
from ..common.run.evaluation import Evaluation, measure, measure_other, spare_trained
from ..common.run.saving import copy_older_weights, load_model
from ..common.scoring.comparison import describe_cut
from ..common.task import Steps
from ..common.text.batches import count_steps
from ..common.text.limits import fit_bytes
from ..common.text.run import text_examples
from .baselines import run_baselines
from .card import make_card
from .config import Config, fit_length, fit_wide_branch
from .data import load_data, read_path
from .explain import explain
from .exporting import CALIBRATION_TEXTS, check_export, make_exportable
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
    descriptions: Mapping[str, str]


def make_assets(config: Config, dataset: Dataset, path: Path | None) -> NewAssets:
    file = path and path / "tokenizer.json"
    tokenizer = make_tokenizer(config, dataset.train.inputs, file)
    return NewAssets(tokenizer, dataset.label_names, dataset.descriptions)


def save_assets(assets: NewAssets, path: Path) -> None:
    with replacing(path / "tokenizer.json") as temporary:
        assets.tokenizer.save(temporary)
    write_labels(path / "labels.txt", assets.label_names)
    write_descriptions(path, assets.descriptions)


def fit_config(config: Config, assets: NewAssets, dataset: Dataset) -> Config:
    """Fills what the labels decide, and the texts' number and lengths."""
    config = fit_wide_branch(config, len(dataset.label_names))
    config = fit_length(config, count_steps(config, len(dataset.train.inputs)))
    if config.max_input_bytes is None:
        config = replace(config, max_input_bytes=fit_bytes(dataset.train.inputs))
    return config


def prepare(config: Config, assets: NewAssets, dataset: Dataset) -> Dataset:
    """The same data; their report counts the training texts that are cut."""
    texts = dataset.train.inputs
    cut = np.sum(assets.tokenizer.find_cut(texts, config.max_tokens))
    if not cut:
        return dataset
    warning = (
        f"{cut:,} of {len(texts):,} training texts ({cut / len(texts):.1%}) are longer "
        f"than the {config.max_tokens} pieces that the model reads, and cut: see "
        "--set max_tokens"
    )
    report = dataset.report
    report = report | {"warnings": [*report["warnings"], warning]}
    return replace(dataset, report=report)


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


def baselines(run, dataset: Dataset) -> dict[str, dict]:
    """Name -> what a baseline answers for the held-out texts."""
    linear = run_baselines(dataset, run.config.seed, run.tell)
    return majority(dataset) | linear


def evaluate(run, test=None, threshold: float | None = None) -> dict:
    """Measures the run, and the baselines on the same rows.

    Args:
        test: labelled data other than the run's own: a file, or rows from Python as
            `train` takes them. If absent, the run's test data,
            or its validation data where it has no test data.
        threshold: also report how many answers are at least this probable, and how many
            of these are right (one label to a text only).

    Returns:
        The content of metrics.json, which is written with predictions.csv, the plots
        and the card. Scores on other data are returned alone: the run keeps its own.
    """
    options: dict[str, Any] = {"threshold": threshold}
    if test is not None:
        options["other"] = called(test)
        return measure_other(run, load_test(run, test), **options)
    dataset = run.load_data()
    return measure(run, dataset, baselines(run, dataset), **options)


def score(run, dataset: Dataset, baselines: dict, **options) -> Evaluation:
    """See `score_classifier`; a line counts the texts that the model cuts."""
    evaluation = score_classifier(run, dataset, baselines, **options)
    texts = held_out(dataset)[1].inputs
    cut = int(run.serving.find_cut(texts).sum())
    evaluation.metrics.update(describe_cut(cut, len(texts), "texts"))
    return evaluation


def load_test(run, test) -> Dataset:
    """The examples of other data on which the run was not trained."""
    labelled = read_path(run.config, test)
    data = only_test(labelled, run.label_names, run.multi_label)
    data = spare_trained(run, data)
    run.notes = [*labelled.notes, *run.notes]
    return data


def keep(config: Config, dataset: Dataset, count: int) -> Kept:
    """Held-out texts with labels, and training texts that calibrate full_int8."""
    training = 0 if config.fine_tunes else min(count, CALIBRATION_TEXTS)
    return keep_texts(config, dataset, count, training)


STEPS = Steps(
    load_data=load_data,
    fit_config=fit_config,
    make_assets=make_assets,
    prepare=prepare,
    remember=remember_examples,
    save_assets=save_assets,
    build=build,
    start_from=start_from,
    make_training=make_training,
    make_validation=make_validation,
    finish=finish,
    tune=tune_run,
    serve=serve,
    baselines=baselines,
    score=score,
    make_card=make_card,
    evaluate=evaluate,
    load_test=load_test,
    keep=keep,
    explain=explain,
    examples=text_examples,
    check_export=check_export,
    make_exportable=make_exportable,
)

"""The steps in the life of a forecaster's run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..common.errors import UsageError
from ..common.run.saving import load_model
from ..common.task import Steps
from . import training
from .answering import windows
from .card import make_card
from .config import EPOCHS_PER_WINDOW, LENGTH, Config
from .data import load_data
from .defaults.lengths import fit_lengths
from .evaluate import baselines, evaluate, score
from .explain import explain
from .exporting import make_exportable
from .kept import examples, keep, load_test, make_assets
from .networks.building import build_model
from .series.dataset import Dataset, save_assets
from .series.known import remember_series
from .series.windows import Windows
from .serving import Serving


def fit_config(config: Config, assets: Any, dataset: Dataset) -> Config:
    """Fills the lengths, and refuses data that are too short for a window."""
    config = replace(config, series_column=dataset.columns.series)
    config = fit_lengths(config, dataset)
    cut = Windows(dataset, config.look_back or 1, config.horizon or 1)
    windows = {split: cut.find(split) for split in dataset.ends}
    batches = training.make_batches(config, cut, windows["train"])
    most_epochs = EPOCHS_PER_WINDOW * len(windows["train"])
    return LENGTH.fit(config, len(batches), most_epochs)


def check_export(run: Any, formats: Sequence[str], variants: Sequence[str]) -> None:
    if "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8' is for text classification: a forecaster's int8 "
            "file computes with int8 weights and float32 sums"
        )


STEPS = Steps(
    load_data=load_data,
    fit_config=fit_config,
    make_assets=lambda config, dataset, path: make_assets(
        fit_config(config, None, dataset), dataset, path
    ),
    remember=lambda config, assets, windows: remember_series(
        windows.dataset, config.init_from
    ),
    save_assets=save_assets,
    prepare=lambda config, assets, dataset: windows(assets, dataset),
    build=lambda config, assets, windows: build_model(config, windows.dataset),
    start_from=training.start_from,
    make_training=training.make_training,
    make_validation=training.make_validation,
    fit=training.fit,
    estimate=training.estimate,
    finish=training.finish,
    serve=lambda run: Serving(load_model(run.path / "model.keras")),
    baselines=baselines,
    score=score,
    make_card=make_card,
    evaluate=evaluate,
    load_test=load_test,
    keep=keep,
    explain=explain,
    examples=examples,
    check_export=check_export,
    make_exportable=make_exportable,
)

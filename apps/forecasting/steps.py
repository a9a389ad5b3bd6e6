"""The steps in the life of a forecaster's run."""

from collections.abc import Callable, Sequence
from typing import Any

from ..common.errors import UsageError
from ..common.run.saving import load_model
from ..common.task import Steps
from . import training
from .answering import windows
from .card import make_card
from .config import Config, fit_lengths
from .data import load_data
from .evaluate import evaluate, score
from .explain import explain
from .exporting import make_exportable
from .networks.model import build_model
from .scoring.baselines import make_baselines
from .series.dataset import Dataset, make_assets, save_assets
from .series.windows import Windows
from .serving import Serving


def fit_config(config: Config, dataset: Dataset) -> Config:
    """Fills the lengths, and refuses data that are too short for a window."""
    config = fit_lengths(config, dataset.season)
    cut = Windows(dataset, config.look_back or 1, config.horizon or 1)
    for split in dataset.ends:
        cut.find(split)
    return config


def examples(run: Any, windows: Windows, count: int) -> Callable:
    """Held-out windows: a function gives them as a .tflite file takes them."""
    chosen = windows.find(windows.dataset.held_out)
    inputs = windows.take(chosen[:: max(1, len(chosen) // count)][:count]).inputs
    return lambda model: inputs


def check_export(run: Any, formats: Sequence[str], variants: Sequence[str]) -> None:
    if "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8' is for text classification: a forecaster's int8 "
            "file computes with int8 weights and float32 sums"
        )


STEPS = Steps(
    load_data=load_data,
    fit_config=fit_config,
    make_assets=make_assets,
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
    fast_baselines=lambda run, windows: make_baselines(windows, run.config.seed),
    score=score,
    make_card=make_card,
    evaluate=evaluate,
    explain=explain,
    examples=examples,
    check_export=check_export,
    make_exportable=make_exportable,
)

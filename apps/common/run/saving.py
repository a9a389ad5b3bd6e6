"""Saves and loads the model of a run, and copies its weights to another one."""

import importlib
import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from ..errors import RETRAIN, PolyheadError, UsageError, reason_of
from ..files import is_whole_zip, replacing, write_json


def save_model(path: Path, model: keras.Model, metrics: dict) -> None:
    """Writes model.keras without the optimizer, and metrics.json."""
    model.optimizer = None  # a third of the file, and no longer used
    with replacing(path / "model.keras") as temporary:
        model.save(temporary)
        compress(temporary)
    write_json(path / "metrics.json", metrics)


def compress(path: Path) -> None:
    """Makes a .keras file a tenth smaller: Keras does not compress this zip."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def load_model(path: Path) -> keras.Model:
    """Reads a run's model.keras, or raises a PolyheadError of one line."""
    importlib.import_module("polyhead.layers")  # registers the layers of model.keras
    try:
        if not is_whole_zip(path):
            raise ValueError("truncated or corrupt")
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds
        version, reason = newer_keras(path), reason_of(error)
        if version:
            reason = f"it was saved by Keras {version}; here is {keras.__version__}"
        remedy = f"pip install 'keras>={version}'" if version else RETRAIN
        raise PolyheadError(f"{path}: cannot be loaded ({reason}): {remedy}") from error


def newer_keras(path: Path) -> str | None:
    """The version of Keras that saved a model, if it is newer than the one here."""
    try:
        with zipfile.ZipFile(path) as archive:
            saved = json.loads(archive.read("metadata.json"))["keras_version"]
        pairs = zip(saved.split("."), keras.__version__.split("."), strict=False)
        numbers = [(int(a), int(b)) for a, b in pairs]
    except Exception:  # a damaged file has no version
        return None
    there, here = zip(*numbers, strict=True)
    return saved if there > here else None


def copy_matching_weights(model: keras.Model, older: keras.Model, path: Path) -> None:
    """Copies the trainable weights of the older run in `path` whose shapes agree."""
    if len(model.weights) != len(older.weights):
        raise UsageError(
            f"{path}: its model has {len(older.weights)} weights, the new one "
            f"{len(model.weights)}: use the settings of that run, or train without "
            "init_from"
        )
    for new_weight, old_weight in zip(model.weights, older.weights, strict=True):
        if new_weight.trainable and new_weight.shape == old_weight.shape:
            new_weight.assign(old_weight.value)


def copy_older_weights(config: Any, assets: Any, model: keras.Model) -> None:
    """Copies the weights of the run `config.init_from`; see `Steps.start_from`."""
    path = Path(config.init_from)
    copy_matching_weights(model, load_model(path / "model.keras"), path)

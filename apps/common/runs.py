"""What the runs of all apps read and write alike."""

import zipfile
from pathlib import Path

import keras

from .errors import PolyheadError
from .files import replacing, write_json

RETRAIN = "train the run again with --overwrite"


def load_model(path: Path) -> keras.Model:
    """Reads a run's model.keras; a broken one is one clear line."""
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds
        raise PolyheadError(f"{path}: cannot be loaded ({error}): {RETRAIN}") from error


def held_out(dataset):
    """The split that measures a run: test, or validation where there is none."""
    if dataset.test is not None:
        return "test", dataset.test
    return "validation", dataset.validation


def compress(path: Path) -> None:
    """Makes a .keras file, a zip that Keras leaves uncompressed, a tenth smaller."""
    with zipfile.ZipFile(path) as archive:
        entries = [
            (entry.filename, archive.read(entry)) for entry in archive.infolist()
        ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)


def save_run(path: Path, model: keras.Model, tokenizer, metrics: dict) -> None:
    """Writes what every run is read from; the model without its optimizer."""
    model.optimizer = None  # a third of the file, and of no use any more
    with replacing(path / "model.keras") as temporary:
        model.save(temporary)
        compress(temporary)
    if tokenizer is not None:
        with replacing(path / "tokenizer.json") as temporary:
            tokenizer.save(temporary)
    write_json(path / "metrics.json", metrics)

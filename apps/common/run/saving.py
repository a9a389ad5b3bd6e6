"""What the runs of all apps read and write alike."""

import importlib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import keras

from ..errors import RETRAIN, PolyheadError
from ..export.export import Exportable
from ..files import read_json, replacing, write_json


def load_model(path: Path) -> keras.Model:
    """Reads a run's model.keras; a broken one is one clear line."""
    importlib.import_module("polyhead.layers")  # registers what model.keras names
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds
        raise PolyheadError(f"{path}: cannot be loaded ({error}): {RETRAIN}") from error


def sign(
    exportable: Exportable,
    folder: Path,
    scores: Mapping[str, object],
    author: str = "",
    license: str = "",
) -> Exportable:
    """The exportable, whose files say which run they are of.

    Args:
        exportable: of the app.
        folder: of the run, whose name is the model's.
        scores: of the run on held-out data, in metrics.json.
        author: who made it.
        license: under which it may be used.
    """
    version = read_json(folder / "run.json", RETRAIN)["versions"]["polyhead"]
    numbers = {k: v for k, v in scores.items() if isinstance(v, int | float)}
    facts = {"format": 1, "polyhead": version, "name": folder.resolve().name}
    facts |= {"author": author, "license": license, "metrics": numbers}

    def signed(about):
        return replace(
            about,
            name=folder.resolve().name,
            version=version,
            author=author,
            license=license,
            facts=facts | dict(about.facts),
        )

    form = exportable.mediapipe
    if form is not None:
        form = replace(form, metadata=signed(form.metadata))
    return replace(exportable, metadata=signed(exportable.metadata), mediapipe=form)


def held_out(dataset):
    """The split that measures a run: test, or validation where there is none."""
    if dataset.test is not None:
        return "test", dataset.test
    return "validation", dataset.validation


def describe_other(source: str, what: str, texts, trained) -> str:
    """What the protocol begins with where other rows than the run's own are scored."""
    known = set(trained)
    seen = sum(text in known for text in texts)
    return (
        f"{source}, which is not the run's own test ({seen} of its {what} were "
        "trained on)"
    )


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

"""What the page has to know of a run. Imports neither Keras nor pandas."""

import importlib.metadata
from pathlib import Path

from ..common.data.text_files import clear_errors
from ..common.errors import RETRAIN
from ..common.export.folder import list_tflites
from ..common.files import read_json
from ..common.run.config import read_config_json

FORMAT = 1  # of the facts


def read_facts(folder: Path) -> dict:
    """What a client of a run's .tflite files has to know, in JSON's types.

    Args:
        folder: of a finished run that has exported a .tflite file.

    Returns:
        `format`, `task`, `polyhead`, `run` (the folder's name), `files` (`name` and
        `bytes` of each, the first one to run by default), and what the task adds.

    Raises:
        PolyheadError: a file of the run is missing or broken.
    """
    config = read_config_json(folder / "config.json")
    files = [
        {"name": path.name, "bytes": path.stat().st_size}
        for path in list_tflites(folder)
    ]
    return {
        "format": FORMAT,
        "task": config["task"],
        "polyhead": importlib.metadata.version("polyhead"),
        "run": folder.resolve().name,
        "files": files,
    } | _READERS[config["task"]](folder, config)


def _read_classification(folder, config):
    file = folder / "labels.txt"
    with clear_errors(file):
        labels = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    thresholds = None
    if config["multi_label"]:
        tuned = read_json(folder / "metrics.json", RETRAIN)["thresholds"]
        thresholds = [tuned[label] for label in labels]
    return {
        "labels": labels,
        "multi_label": config["multi_label"],
        "thresholds": thresholds,
    }


def _read_translation(folder, config):
    return {name: config[name] for name in ("source_language", "target_language")}


def _read_forecasting(folder, config):
    known = read_json(folder / "columns.json", RETRAIN)
    columns = known["columns"]
    unit, step = known["frequency"]
    return {
        "history": columns["targets"] + columns["past"] + columns["future"],
        "future": columns["future"],
        "targets": columns["targets"],
        "quantiles": sorted(config["quantiles"]),
        "frequency": {"unit": unit, "step": step},
        "categories": known["categories"],
    }


_READERS = {
    "text-classification": _read_classification,
    "translation": _read_translation,
    "forecasting": _read_forecasting,
}

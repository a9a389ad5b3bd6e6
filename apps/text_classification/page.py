"""What the demo page has to know of a classifier. Imports nothing heavy."""

from pathlib import Path

from ..common.data.text_files import clear_errors
from ..common.errors import RETRAIN
from ..common.files import read_json


def page_facts(folder: Path, config: dict) -> dict:
    """Labels, and where a text may have several, their thresholds."""
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

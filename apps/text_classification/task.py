"""Text classification as a task. Imports nothing heavy."""

from pathlib import Path

from ..common.data.text_files import clear_errors
from ..common.errors import RETRAIN
from ..common.files import read_json
from ..common.flags import DATA_FLAGS, RUN_FLAGS
from ..common.run.folder import name_data
from ..common.task import Task
from .config import ARCHITECTURE, CHOICES, RANGES, Config, fill


def _answering():
    from .answering import ANSWERING

    return ANSWERING


def _steps():
    from .steps import STEPS

    return STEPS


def page_facts(folder: Path, config: dict) -> dict:
    """Labels, and where a text may have several, their thresholds."""
    file, multi_label = folder / "labels.txt", config["multi_label"]
    with clear_errors(file):
        labels = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    thresholds = None
    if multi_label:
        tuned = read_json(folder / "metrics.json", RETRAIN)["thresholds"]
        thresholds = [tuned[label] for label in labels]
    return {"labels": labels, "multi_label": multi_label, "thresholds": thresholds}


TASK = Task(
    name="text-classification",
    config=Config,
    flags={
        **DATA_FLAGS,
        "train": "training data: a file, or a folder of class folders",
        "text_column": "column of the texts; a number where there is no header",
        "label_column": "column of the labels",
        "multi_label": "several labels a text, or none",
        "label_separator": "between the labels of a text",
        **RUN_FLAGS,
        "preset": "size of the model, or what to fine-tune",
    },
    options={
        "evaluate": ("test", "threshold"),
        "predict": ("engine", "top_k", "threshold"),
        "export": ("max_input_bytes", "max_loss", "author", "license"),
    },
    answering=_answering,
    steps=_steps,
    choices=CHOICES,
    ranges=RANGES,
    architecture=ARCHITECTURE,
    fill=fill,
    data_name=name_data,
    files=("labels.txt",),
    formats=("mediapipe",),
    page_facts=page_facts,
)

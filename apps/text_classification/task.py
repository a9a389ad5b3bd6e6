"""Text classification as a task. Imports nothing heavy."""

from pathlib import Path

from ..common.classification.label_file import read_descriptions, read_labels
from ..common.flags import DATA_FLAGS, RUN_FLAGS
from ..common.run.folder import name_data
from ..common.task import Task
from .config import ARCHITECTURE, CHOICES, OLDER_DEFAULTS, RANGES, Config, fill


def _answering():
    from .answering import ANSWERING

    return ANSWERING


def _steps():
    from .steps import STEPS

    return STEPS


def page_facts(folder: Path, config: dict) -> dict:
    """Labels, what people call them, and the thresholds of several to a text."""
    labels = list(read_labels(folder / "labels.txt"))
    multi_label = config["multi_label"]
    thresholds = None
    if multi_label:
        from ..common.classification.thresholds import read_thresholds

        thresholds = read_thresholds(folder, labels).tolist()
    return {
        "labels": labels,
        "descriptions": read_descriptions(folder),
        "multi_label": multi_label,
        "thresholds": thresholds,
    }


def page_examples(folder: Path) -> list[dict]:
    """Texts that the run keeps, for the demo page."""
    from ..common.data.kept import example_texts

    return example_texts(folder, TASK.name)


TASK = Task(
    name="text-classification",
    config=Config,
    flags={
        **DATA_FLAGS,
        "train": "training data: a file, or a folder of class folders",
        "text_column": "column of the texts; a number where there is no header",
        "label_column": "column of the labels; A,B for columns of 0 and 1",
        "multi_label": "several labels a text, or none",
        "label_separator": "between the labels of a text",
        **RUN_FLAGS,
        "preset": "size of the model, or what to fine-tune",
    },
    options={
        "evaluate": ("test", "threshold"),
        "predict": ("engine", "top_k", "threshold"),
        "export": ("test", "max_input_bytes", "max_loss", "author", "license"),
        "benchmark": ("test",),
    },
    answering=_answering,
    steps=_steps,
    choices=CHOICES,
    ranges=RANGES,
    architecture=ARCHITECTURE,
    older_defaults=OLDER_DEFAULTS,
    fill=fill,
    data_name=name_data,
    files=("labels.txt", "descriptions.json", "thresholds.json"),
    formats=("mediapipe",),
    page_facts=page_facts,
    page_examples=page_examples,
)

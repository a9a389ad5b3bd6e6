"""Translation as a task. Imports nothing heavy."""

from dataclasses import replace
from pathlib import Path

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


def name_pairs(config: Config) -> str:
    """A short name of the data and, where they are given, of both languages."""
    files = replace(config, train=config.train or config.train_source)
    languages = config.source_language, config.target_language
    return "-".join([name_data(files), *filter(None, languages)])


def page_facts(folder: Path, config: dict) -> dict:
    """The languages, for the demo page."""
    return {name: config[name] for name in ("source_language", "target_language")}


def page_examples(folder: Path) -> list[dict]:
    """Texts that the run keeps, for the demo page."""
    from ..common.data.kept import example_texts

    return example_texts(folder, TASK.name)


FILES = ("test", "test_source", "test_target")
DRAWING = ("temperature", "top_k", "top_p", "seed")
TASK = Task(
    name="translation",
    config=Config,
    flags={
        **DATA_FLAGS,
        **{
            f"{split}_{side}": f"{split} data: one {side} sentence a line"
            for split in ("train", "validation", "test")
            for side in ("source", "target")
        },
        **{
            f"{side}_{what}": f"{what} of the {side} sentences"
            for what in ("column", "language")
            for side in ("source", "target")
        },
        **RUN_FLAGS,
    },
    options={
        "evaluate": (
            *FILES,
            *("tokenize", "lowercase", "beam_size", "examples"),
        ),
        "predict": ("engine", "beam_size", "n_best", "min_score", *DRAWING),
        "export": (
            *FILES,
            *("max_input_bytes", "max_output_bytes", "beam_size"),
            *("max_loss", "author", "license"),
        ),
        "benchmark": FILES,
    },
    answering=_answering,
    steps=_steps,
    choices=CHOICES,
    ranges=RANGES,
    architecture=ARCHITECTURE,
    older_defaults=OLDER_DEFAULTS,
    fill=fill,
    data_name=name_pairs,
    input="lines",
    keras_options=("beam_size", "n_best", *DRAWING),
    page_facts=page_facts,
    page_examples=page_examples,
)

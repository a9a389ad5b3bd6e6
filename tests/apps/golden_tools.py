"""The golden runs: a finished run of each task, and the data it was trained on."""

import shutil
from dataclasses import fields, replace
from pathlib import Path

from polyhead.apps.common.run.config import load_config

GOLDEN = Path(__file__).parents[1] / "golden"
RUNS = {
    "text-classification": "reviews",
    "translation": "numbers",
    "forecasting": "wave",
}


def copy_golden(task, folder):
    """Copies the golden run of a task and its data to a folder; gives the run's."""
    shutil.copytree(GOLDEN / "data", folder / "data", dirs_exist_ok=True)
    name = RUNS[task.name]
    return Path(shutil.copytree(GOLDEN / "0.1.0" / name, folder / name))


def golden_config(task, path, **settings):
    """The configuration of a copied run, whose data lie beside it; other settings."""
    config = load_config(task.config, task.name, path / "config.json")
    data = {
        field.name: str(path.parent / value)
        for field in fields(config)
        if isinstance(value := getattr(config, field.name), str)
        and value.startswith("data/")
    }
    return replace(config, **(data | settings))

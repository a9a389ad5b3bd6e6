"""What the page has to know of a run. Imports neither Keras nor pandas."""

import importlib.metadata
from pathlib import Path

from .. import registry
from ..common.export.folder import list_tflites
from ..common.run.config import read_config_json

FORMAT = 1  # of the facts


def read_facts(folder: Path) -> dict:
    """What a client of a run's .tflite files has to know, in JSON's types.

    `format`, `task`, `polyhead`, `run` (the folder's name), `files` (`name` and `bytes`
    of each, the first one to run by default), and what the task adds.
    """
    config = read_config_json(folder / "config.json")
    paths = list_tflites(folder)
    files = [{"name": path.name, "bytes": path.stat().st_size} for path in paths]
    return {
        "format": FORMAT,
        "task": config["task"],
        "polyhead": importlib.metadata.version("polyhead"),
        "run": folder.resolve().name,
        "files": files,
    } | registry.find_task(config["task"]).page_facts(folder, config)

"""run.json: whether a run is finished, and what it was made with."""

import contextlib
import datetime
import importlib.metadata
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import RETRAIN, PolyheadError
from ..files import read_json

# What a run of any task writes. --overwrite replaces these and the task's own files,
# and nothing else in the folder.
ENTRIES = tuple(
    "config.json run.json data.json rows.npz examples.npz model.keras tokenizer.json "
    "metrics.json history.csv predictions.csv plots checkpoint logs README.md "
    "export".split()
)
# run.json records the versions of these packages.
PACKAGES = (
    "polyhead tensorflow keras jax torch numpy tokenizers scikit-learn ai-edge-litert"
).split()


def new_record(
    config: Any, filled: Iterable[str] | None, continued: bool
) -> dict[str, Any]:
    """The content of run.json at the start.

    Args:
        filled: the settings that nobody gave, if that is known.
        continued: whether it goes on with the finished run in its folder.
    """
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "finished": False,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": config.seed,
        **({} if filled is None else {"filled": sorted(filled)}),
        "continued": continued,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": versions,
    }


def read_record(path: Path) -> dict[str, Any]:
    """The content of run.json in a run's folder."""
    record = read_json(path / "run.json", RETRAIN, object)
    if not isinstance(record, dict) or "finished" not in record:
        raise PolyheadError(f"{path / 'run.json'}: not the record of a run: {RETRAIN}")
    return record


def is_finished(path: Path) -> bool:
    """Whether the run in a folder is finished; not if its record is broken."""
    try:
        return read_record(path)["finished"] is True
    except PolyheadError:
        return False


def present(path: Path, entries: Iterable[str]) -> list[str]:
    """The entries that are in a folder."""
    return [name for name in entries if (path / name).exists()]


def checkpoints(path: Path) -> list[Path]:
    """The files of a training that is not finished."""
    return sorted((path / "checkpoint").rglob("*.npz"))

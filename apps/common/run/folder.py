"""A run's folder: created, resumed, replaced and checked."""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..errors import RETRAIN, PolyheadError, UsageError
from ..files import read_json, write_json
from ..task import Task
from .config import changed_fields, config_to_json, load_config

# What a run of any task writes. --overwrite replaces these and the task's own files,
# and nothing else in the folder.
ENTRIES = tuple(
    "config.json run.json model.keras tokenizer.json metrics.json history.csv "
    "predictions.csv plots checkpoint logs README.md export".split()
)
# run.json records the versions of these packages.
PACKAGES = (
    "polyhead tensorflow keras jax torch numpy tokenizers scikit-learn ai-edge-litert"
).split()


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run that is being trained.

    As a context manager it restores the old run if the new one fails before its first
    checkpoint.
    """

    path: Path
    resumed: bool
    entries: tuple[str, ...] = ENTRIES

    def finish(self, **facts: Any) -> None:
        """Records in run.json that the run is finished."""
        record = _read_record(self.path)
        write_json(self.path / "run.json", record | facts | {"finished": True})
        shutil.rmtree(self._replaced, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, *error: object) -> None:
        checkpoint = self.path / "checkpoint"
        started = checkpoint.is_dir() and any(checkpoint.iterdir())
        if kind is None or started or self.resumed:
            return
        _remove_entries(self.path, self.entries)
        if self._replaced.exists():
            for name in _present(self._replaced, self.entries):
                os.replace(self._replaced / name, self.path / name)
            self._replaced.rmdir()
        with contextlib.suppress(OSError):
            self.path.rmdir()  # fails unless it is empty

    @property
    def _replaced(self) -> Path:
        return self.path / ".replaced"

    def _set_aside(self) -> None:
        """Moves the old run aside until `finish` deletes it."""
        if not _is_finished(self.path) and self._replaced.exists():
            # Keep the finished run that was moved aside, not this unfinished one.
            _remove_entries(self.path, self.entries)
            return
        shutil.rmtree(self._replaced, ignore_errors=True)
        self._replaced.mkdir()
        for name in _present(self.path, self.entries):
            os.replace(self.path / name, self._replaced / name)


def name_data(config: Any) -> str:
    """A short name of the training data."""
    if config.dataset:
        return config.dataset
    file = config.tfds or config.train or "data"
    if config.tfds and not Path(file).exists():  # a name such as "glue/sst2"
        file = file.replace("/", "-")
    return Path(file).name.split(".")[0]


def default_path(task: Task, config: Any) -> Path:
    """The folder of a run without `--run`: saved_models/<task>-<data>."""
    return Path("saved_models") / f"{task.name}-{task.data_name(config)}"


def prepare(task: Task, config: Any, overwrite: bool = False) -> RunFolder:
    """Makes the folder of a new run, or resumes the unfinished run in it.

    Call it after everything that can fail early, such as reading the data. With
    `overwrite`, it replaces any run in the folder, whose files are kept aside until the
    new one is finished.
    """
    path = Path(config.run or default_path(task, config))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PolyheadError(
            f"{path}: cannot make the run's folder ({error.strerror}): choose another "
            "with --run"
        ) from None
    _refuse_other_folder(path)
    entries = (*ENTRIES, *task.files)
    if _present(path, entries) and not overwrite:
        old = load_config(type(config), task.name, path / "config.json")
        _refuse_other_config(path, changed_fields(old, config))
        if _is_finished(path):
            raise PolyheadError(
                f"{path}: this run is finished: add --overwrite to replace it, or "
                "choose another --run"
            )
        return RunFolder(path, True, entries)
    folder = RunFolder(path, False, entries)
    if _present(path, entries):
        folder._set_aside()
    with folder:
        write_json(path / "run.json", _new_record(config))
        write_json(path / "config.json", config_to_json(task.name, config))
    return folder


def _refuse_other_folder(path: Path) -> None:
    is_run = (path / "config.json").exists() or (path / "run.json").exists()
    others = [entry.name for entry in path.iterdir() if entry.name[0] != "."]
    if others and not is_run:
        raise PolyheadError(
            f"{path}: has {min(others)} but is no run's folder: choose another --run"
        )


def _refuse_other_config(path: Path, changed: dict[str, tuple[Any, Any]]) -> None:
    if changed:
        fields = ", ".join(f"{k} ({a!r}, now {b!r})" for k, (a, b) in changed.items())
        raise UsageError(
            f"{path}: holds a run with another configuration: {fields}: add "
            "--overwrite to replace it, or choose another --run"
        )


def check_run(path: str | os.PathLike[str]) -> None:
    """Raises an error if a folder has no finished run, or a broken model.keras."""
    path = Path(path)
    if not path.is_dir():
        raise PolyheadError(f"{path}: no such run folder")
    if not (path / "config.json").exists():
        raise PolyheadError(
            f"{path / 'config.json'}: missing, so this is no run's folder: give the "
            "folder that was --run, or train again"
        )
    if not _read_record(path)["finished"]:
        raise PolyheadError(
            f"{path}: this run is unfinished: give its train command again to go on"
        )
    model = path / "model.keras"
    if not model.exists():
        raise PolyheadError(f"{model}: missing: {RETRAIN}")
    try:
        with zipfile.ZipFile(model) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        broken = model.name
    if broken:
        raise PolyheadError(f"{model}: truncated or corrupt: {RETRAIN}")


def _new_record(config: Any) -> dict[str, Any]:
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "finished": False,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": config.seed,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": versions,
    }


def _read_record(path: Path) -> dict[str, Any]:
    record = read_json(path / "run.json", RETRAIN)
    if not isinstance(record, dict) or "finished" not in record:
        raise PolyheadError(f"{path / 'run.json'}: not the record of a run: {RETRAIN}")
    return record


def _is_finished(path: Path) -> bool:
    try:
        return _read_record(path)["finished"]
    except PolyheadError:
        return False


def _present(path: Path, entries: Iterable[str]) -> list[str]:
    return [name for name in entries if (path / name).exists()]


def _remove_entries(path: Path, entries: Iterable[str]) -> None:
    for name in _present(path, entries):
        entry = path / name
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

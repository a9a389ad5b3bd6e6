"""A run's folder: created, resumed, replaced and checked."""

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..errors import RETRAIN, PolyheadError
from ..files import check_zip, remove_leftovers, write_json, writing_error
from ..folder.lock import TRAINING, hold
from ..folder.plan import BEGIN, CONTINUE, FINISHED, Plan, make_plan
from ..folder.record import (
    ENTRIES,
    checkpoints,
    is_finished,
    new_record,
    present,
    read_record,
)
from ..folder.staging import NEW, PLACING, announce, complete, is_placing, place, remove
from ..task import Task
from .card import keep_notes
from .config import changed_fields, config_to_json

# What older versions left behind where they were killed.
FORMER = (".export.new", ".export.old")
WAIT = 10.0  # seconds for another process to put its files in place


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run that is being trained.

    As a context manager it removes what a run has written that fails before its first
    checkpoint. Nothing removes a finished run.
    """

    home: Path  # the run's folder
    path: Path  # where it is trained: `home`, or `.new` in it
    resumed: bool
    entries: tuple[str, ...] = ENTRIES

    def finish(self, **facts: Any) -> None:
        """Records that the run is finished, and puts it in the place of an older one.

        Everything else of the run must have been written.
        """
        write_json(
            self.path / "run.json", read_record(self.path) | facts | {"finished": True}
        )
        _settle(self.home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, *error: object) -> None:
        kept = self.resumed or is_finished(self.path) or checkpoints(self.path)
        if kind is None or kept or not self.path.is_dir():
            return
        if self.path != self.home:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        for name in present(self.path, self.entries):
            remove(self.path / name)


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


def run_path(task: Task, config: Any) -> Path:
    """The run's folder."""
    return Path(config.run or default_path(task, config))


@contextlib.contextmanager
def writing(path: Path, work: str, seconds: float = 0) -> Iterator[None]:
    """Holds the lock of a run's folder, where killed processes have left nothing."""
    with hold(path, work, seconds):
        _settle(path)
        yield


@contextlib.contextmanager
def training_in(path: Path) -> Iterator[None]:
    """Makes the folder of a run, and holds its lock; removes it if it stays empty."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PolyheadError(
            f"{path}: cannot make the run's folder ({error.strerror}): choose another "
            "with --run"
        ) from None
    _refuse_other_folder(path)
    try:
        with writing(path, TRAINING):
            yield
    finally:
        with contextlib.suppress(OSError):
            path.rmdir()  # fails unless it is empty


def is_done(task: Task, config: Any, path: Path, left: Collection[str] = ()) -> bool:
    """Whether a folder has the finished run of these settings. Writes nothing."""
    if not is_finished(path) or _is_unsettled(path):
        return False
    try:
        return make_plan(task, config, path, left=left).action == FINISHED
    except PolyheadError:  # of another configuration
        return False


def prepare(plan: Plan, config: Any) -> RunFolder:
    """Makes the folder that a run is trained in, or resumes the run in it.

    Call it after everything that can fail early, such as reading the data, and within
    `training_in`. `config` is that of the plan, with what the data have filled.
    """
    path, begins = plan.where, plan.action in (BEGIN, CONTINUE)
    folder = RunFolder(plan.path, path, not begins, plan.entries)
    filled = None
    if plan.filled is not None:
        filled = {*plan.filled, *changed_fields(plan.config, config)}
    record = new_record(config, filled, plan.older is not None)
    if not begins:
        if not (path / "run.json").exists():  # it was killed as it began
            write_json(path / "run.json", record)
        return folder
    if path != plan.path:
        remove(path)
        path.mkdir()
    with folder:
        if path != plan.path:
            announce(plan.path, plan.entries)
        for name in ("tokenizer.json", *plan.task.files) if plan.older else ():
            # Tables are results, which the new run has not got yet.
            if (plan.path / name).exists() and not name.endswith(".csv"):
                shutil.copyfile(plan.path / name, path / name)
        write_json(path / "config.json", config_to_json(plan.task.name, config))
        write_json(path / "run.json", record)
    return folder


def check_run(path: str | os.PathLike[str]) -> None:
    """Raises an error if a folder has no finished run, or a broken model.keras.

    Completes what a killed process has begun: to put a finished run, or exported files,
    in their place.
    """
    path = Path(path)
    if not path.is_dir():
        raise PolyheadError(f"{path}: no such run folder")
    if _is_unsettled(path):
        with writing(path, "completing", WAIT):
            pass
    if not (path / "config.json").exists():
        raise PolyheadError(
            f"{path / 'config.json'}: missing, so this is no run's folder: give the "
            "folder that was --run, or train again"
        )
    if not read_record(path)["finished"]:
        raise PolyheadError(
            f"{path}: this run is unfinished: give its train command again to go on"
        )
    model = path / "model.keras"
    if not model.exists():
        raise PolyheadError(f"{model}: missing: {RETRAIN}")
    check_zip(model, RETRAIN)


def _is_unsettled(path: Path) -> bool:
    """Whether a process was ended after new files were whole, before they had place."""
    return is_placing(path) or is_finished(path / NEW) or is_placing(path / "export")


def _settle(path: Path) -> None:
    """Places what is whole, and removes what killed processes have left."""
    try:
        complete(path)
        if is_finished(path / NEW):
            keep_notes(path, path / NEW)
            place(path)
        complete(path / "export")
    except OSError as error:
        raise writing_error(path, error) from error
    if (path / "export" / NEW).is_dir():
        shutil.rmtree(path / "export" / NEW, ignore_errors=True)
    if is_finished(path):
        # No longer needed, and several times as large as the model.
        for name in ("checkpoint", ".replaced", *FORMER):
            shutil.rmtree(path / name, ignore_errors=True)
    remove_leftovers(path)


def _refuse_other_folder(path: Path) -> None:
    is_run = any((path / n).exists() for n in ("config.json", "run.json", PLACING, NEW))
    others = [entry.name for entry in path.iterdir() if entry.name[0] != "."]
    if others and not is_run:
        raise PolyheadError(
            f"{path}: has {min(others)} but is no run's folder: choose another --run"
        )

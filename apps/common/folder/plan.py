"""What `train` does with the run that is in its folder, before it reads any data."""

import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import PolyheadError, UsageError
from ..run.config import changed_fields, load_config, rows_of
from ..task import Task
from .record import ENTRIES, checkpoints, present, read_record
from .staging import NEW

BEGIN, RESUME, CONTINUE, FINISHED = "begin", "resume", "continue", "finished"


@dataclass(frozen=True)
class Plan:
    """What `train` does.

    Args:
        action: BEGIN a new run, RESUME an unfinished one, CONTINUE a finished one to
            more epochs, or nothing, as it is FINISHED.
        path: the run's folder.
        where: the folder to train in: `path`, or `.new` in it where an older run stays
            in place until the new one is whole.
        config: what is trained. Of a run that goes on, the settings that its data have
            filled.
        older: the finished run that is continued.
        filled: the settings in `config` that nobody gave: defaults, or filled by a
            preset or the data. None where that is unknown.
        note: a line for the user.
        finish: whether to RESUME no further than to the end of the run.
    """

    action: str
    path: Path
    where: Path
    task: Task
    config: Any
    older: Path | None = None
    filled: tuple[str, ...] | None = ()
    note: str = ""
    finish: bool = False

    @property
    def entries(self) -> tuple[str, ...]:
        """What a run of the task writes."""
        return (*ENTRIES, *self.task.files)

    def anew(self, config: Any, reason: str) -> "Plan":
        """The plan that begins anew instead of resuming, and says why."""
        where = self.path / NEW if present(self.path, self.entries) else self.path
        note = f"{reason}: beginning anew"
        return Plan(BEGIN, self.path, where, self.task, config, note=note)


@dataclass(frozen=True)
class Found:
    """A run that was begun in a folder."""

    config: Any
    finished: bool
    continued: bool
    filled: tuple[str, ...] | None
    changed: dict[str, tuple[Any, Any]]  # from its settings to the user's

    def goes_on(self, continued: bool) -> bool:
        """Whether it is to be resumed, as a continued run or as one of its own."""
        return not self.finished and not self.changed and self.continued == continued

    def wants_more_epochs(self) -> bool:
        """Whether the user asks for a larger number of epochs, and nothing else."""
        before, now = self.changed.get("epochs", (0, 0))
        return set(self.changed) == {"epochs"} and now > before


def make_plan(
    task: Task,
    config: Any,
    path: Path,
    overwrite: bool = False,
    finish: bool = False,
    left: Collection[str] = (),
) -> Plan:
    """Compares the run in the folder `path` with the settings of the user.

    With `finish`, an unfinished training has to be there, to be ended now. The user has
    `left` some settings at their defaults: where the run in the folder has other ones
    that nobody gave, such as those of an older version, they are kept.
    """
    plan = _plan(task, config, path, overwrite, left)
    if finish and plan.action != FINISHED:
        if plan.action != RESUME or not checkpoints(plan.where):
            raise UsageError(
                f"{path}: has no unfinished training of these settings with a whole "
                "epoch: train without --finish"
            )
    return replace(plan, finish=finish)


def _plan(
    task: Task, config: Any, path: Path, overwrite: bool, left: Collection[str]
) -> Plan:
    entries, staged = (*ENTRIES, *task.files), path / NEW
    where = staged if present(path, entries) else path
    begin = Plan(BEGIN, path, where, task, config, filled=tuple(left))

    def go_on(
        action: str, where: Path, found: Found, older: Path | None = None
    ) -> Plan:
        kept = {"config": found.config, "filled": found.filled, "older": older}
        return replace(begin, action=action, where=where, **kept)

    if overwrite:
        for folder in (staged, path):
            begun = _find_readable(task, config, folder, entries, left)
            if begun is not None and begun.goes_on(continued=False):
                broken = broken_checkpoint(folder)
                if not broken:
                    return go_on(RESUME, folder, begun)
                return begin.anew(config, f"{broken}: cannot be read")
        return replace(begin, note=_tell_lost(staged))
    found = find(task, config, path, entries, left)
    if found is None:
        return begin
    if not found.changed:
        return go_on(FINISHED if found.finished else RESUME, path, found)
    if not found.finished or not found.wants_more_epochs():
        _refuse_other_config(path, found.changed)
    begun = _find_readable(task, config, staged, entries, left)
    if begun is not None and begun.goes_on(continued=True):
        broken = broken_checkpoint(staged)
        if not broken:
            return go_on(RESUME, staged, begun, older=path)
        note = f"{broken}: cannot be read: beginning anew"
    else:
        note = _tell_lost(staged)
    more = replace(found.config, epochs=config.epochs)
    further = go_on(CONTINUE, staged, found, older=path)
    return replace(further, config=more, note=note)


def find(
    task: Task,
    config: Any,
    folder: Path,
    entries: tuple[str, ...],
    left: Collection[str] = (),
) -> Found | None:
    """The run in a folder, or None; a broken one raises an error with its remedy.

    A setting that nobody gave, then or now, is what it was then.
    """
    if not present(folder, entries):
        return None
    worked = (folder / "model.keras").exists() or checkpoints(folder)
    if not worked and not (folder / "config.json").exists():
        return None  # it was killed as it began
    file, defaults = folder / "config.json", task.older_defaults
    old = load_config(task.config, task.name, file, defaults)
    record: dict = {}
    if worked or (folder / "run.json").exists():
        record = read_record(folder)
    changed = changed_fields(old, config)
    filled = tuple(record["filled"]) if "filled" in record else None
    for name, (before, new) in tuple(changed.items()):
        if new is not None and name not in left:
            continue
        # Older records do not say what the data have filled, or name no defaults.
        unknown = filled is None and new is None
        is_older = before in defaults.get(name, ())
        if unknown or is_older or name in (filled or ()):
            del changed[name]
    return Found(
        config=replace(old, run=config.run, **rows_of(config)),
        finished=record.get("finished") is True,
        continued=record.get("continued") is True,
        filled=filled,
        changed=changed,
    )


def broken_checkpoint(folder: Path) -> Path | None:
    """The first checkpoint in a folder that is cut short or altered."""
    for path in checkpoints(folder):
        try:
            with zipfile.ZipFile(path) as archive:
                if archive.testzip() is not None:
                    return path
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
            return path
    return None


def _find_readable(
    task: Task,
    config: Any,
    folder: Path,
    entries: tuple[str, ...],
    left: Collection[str],
) -> Found | None:
    try:
        return find(task, config, folder, entries, left)
    except PolyheadError:
        return None  # a broken one is replaced


def _tell_lost(staged: Path) -> str:
    if not checkpoints(staged):
        return ""
    return f"{staged}: an unfinished training with other settings: it is removed"


def _refuse_other_config(path: Path, changed: dict[str, tuple[Any, Any]]) -> None:
    fields = ", ".join(f"{k} ({a!r}, now {b!r})" for k, (a, b) in changed.items())
    raise UsageError(
        f"{path}: holds a run with another configuration: {fields}: add --overwrite to "
        "replace it, or choose another --run"
    )

"""Trained runs whose data change afterwards."""

import json
import shutil
from pathlib import Path

from polyhead.apps import load
from polyhead.apps.common.run import loop


def copy_run(run, folder):
    """A copy of a run and of the file that it was trained on, to be changed.

    Returns the run, and the path of the file.
    """
    path = Path(shutil.copytree(run.path, folder / "run"))
    file = Path(shutil.copy(run.config.train, folder))
    config = json.loads((path / "config.json").read_text())
    config |= {"train": str(file), "run": str(path)}
    (path / "config.json").write_text(json.dumps(config))
    return load(path), file


def change_rows(file, change):
    """Writes a table again, with `change(rows)` in the place of its rows."""
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([header, *change(rows)]) + "\n", encoding="utf-8")


def kept_files(run):
    """The files of a run that its evaluation writes, with their bytes."""
    names = "metrics.json", "predictions.csv", "README.md"
    return {name: (run.path / name).read_bytes() for name in names}


def stop_after_an_epoch(monkeypatch):
    """Makes the next trainings end with an interrupt after their first epoch."""
    end_epoch = loop.Loop.on_epoch_end

    def end_and_stop(self, epoch, logs=None):
        end_epoch(self, epoch, logs)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop.Loop, "on_epoch_end", end_and_stop)

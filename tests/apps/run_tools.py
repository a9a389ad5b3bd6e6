"""Run folders that are begun or finished without a training."""

import zipfile
from pathlib import Path

import numpy as np

from polyhead.apps.common.folder.plan import make_plan
from polyhead.apps.common.run.folder import prepare


def begin_run(task, config, overwrite=False):
    """The folder of a run that begins or goes on, as `train` makes it."""
    path = Path(config.run)
    path.mkdir(parents=True, exist_ok=True)
    return prepare(make_plan(task, config, path, overwrite), config)


def make_finished_run(task, config):
    """The folder of a finished run, with something in the place of its model."""
    folder = begin_run(task, config)
    with zipfile.ZipFile(folder.path / "model.keras", "w") as archive:
        archive.writestr("model.weights.h5", b"weights" * 1000)
    (folder.path / "metrics.json").write_text("{}", encoding="utf-8")
    folder.finish(seconds=1.5)
    return folder.path


def write_checkpoint(path):
    """A checkpoint in a run's folder."""
    (path / "checkpoint").mkdir(exist_ok=True)
    np.savez(path / "checkpoint" / "last.npz", np.arange(500))


def contents(folder):
    """Every file below a folder, with its bytes."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }

"""The thresholds of a run whose inputs may have several labels.

They are a part of the model: tuned on validation data once, when it is trained.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.known_rows import FACTS
from ..errors import RETRAIN
from ..files import expecting, read_json, write_json
from .scores import tune_thresholds

FILE = "thresholds.json"


def tune_run(run: Any, dataset: Any) -> None:
    """Tunes the thresholds of a run on its validation data, and writes them."""
    if not dataset.multi_label:
        return
    validation = dataset.validation
    probabilities = run.serving.predict(validation.inputs)
    thresholds = tune_thresholds(probabilities, validation.labels).tolist()
    write_json(run.path / FILE, dict(zip(run.label_names, thresholds, strict=True)))


def read_thresholds(path: Path, label_names: Sequence[str]) -> np.ndarray:
    """The thresholds `(labels,)` of the run in the folder `path`.

    Runs of polyhead 0.2 and older have them in metrics.json.
    """
    file = path / FILE
    if file.exists() or (path / FACTS).exists():
        tuned = read_json(file, RETRAIN)
    else:
        file = path / "metrics.json"
        metrics = read_json(file, RETRAIN)
        with expecting(file, RETRAIN):
            tuned = metrics["thresholds"]
    with expecting(file, RETRAIN):
        thresholds = np.array([float(tuned[name]) for name in label_names])
        if not ((thresholds >= 0) & (thresholds <= 1)).all():
            raise ValueError("a threshold that is not from 0 to 1")
        return thresholds

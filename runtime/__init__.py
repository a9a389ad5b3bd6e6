"""Runs exported .tflite files with NumPy and LiteRT alone.

    pip install --no-deps .
    pip install numpy ai-edge-litert

Example:

    from polyhead import runtime

    model = runtime.load("saved_models/language-identifier/export/model_int8.tflite")
    model.predict(["Königreich der Niederlande"])
"""

import os
from typing import Any

from .errors import PolyheadError, missing_package

if __name__ != "polyhead.runtime":
    raise ImportError(f"import polyhead.runtime, not {__name__}")

__all__ = ["PolyheadError", "load"]


def load(path: str | os.PathLike[str], threads: int = 1) -> Any:
    """Opens a .tflite file that Polyhead has exported.

    Threads may share what it returns: their calls are answered one after the other. To
    answer several at the same time, load the file once for each thread.

    Args:
        path: path of the file.
        threads: number of threads that LiteRT may use for one answer.

    Returns:
        A `classifier.Classifier`, a `translator.Translator` or a
        `forecaster.Forecaster`, depending on the task of the file.

    Raises:
        PolyheadError: the file is missing, cut short, altered, or not from Polyhead,
            or NumPy or LiteRT is not installed.
    """
    try:
        return _load(path, threads)
    except ImportError as error:
        missing = missing_package(error, "polyhead.runtime")
        if missing is None:
            raise
        raise missing from error


def _load(path: str | os.PathLike[str], threads: int) -> Any:
    # Imported here: the command line imports this package and must start without NumPy.
    from .classifier import Classifier
    from .forecaster import Forecaster
    from .model import REMEDY, Model
    from .translator import Translator

    model = Model(path, threads)
    # Files of version 0.1.0 have no "answers": their output's name tells the kind.
    clients = {"labels": Classifier, "text": Translator, "forecast": Forecaster}
    outputs = {"probabilities": "labels", "text": "text", "forecast": "forecast"}
    answers = model.facts.get("answers") or next(
        (outputs[name] for name in model.outputs if name in outputs), None
    )
    if answers not in clients:
        raise PolyheadError(
            f"{path}: its task is {model.facts.get('task')!r}, which this version does "
            "not know: upgrade polyhead"
        )
    try:
        return clients[answers](model)
    except (LookupError, TypeError, ValueError) as error:
        raise PolyheadError(
            f"{path}: its metadata does not fit its task ({error}): {REMEDY}"
        ) from None

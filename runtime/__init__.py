"""Runs exported .tflite files with NumPy and LiteRT alone.

    pip install --no-deps polyhead
    pip install numpy ai-edge-litert

Example:

    from polyhead import runtime

    model = runtime.load("saved_models/language-identifier/export/model_int8.tflite")
    model.predict(["Königreich der Niederlande"])
"""

from .classifier import Classification, Classifier
from .errors import PolyheadError
from .forecaster import Forecast, Forecaster
from .model import Model
from .translator import Translation, Translator

if __name__ != "polyhead.runtime":
    raise ImportError(f"import polyhead.runtime, not {__name__}")

__all__ = [
    "Classification",
    "Classifier",
    "Forecast",
    "Forecaster",
    "Model",
    "PolyheadError",
    "Translation",
    "Translator",
    "load",
]

_CLIENTS = {
    "text-classification": Classifier,
    "translation": Translator,
    "forecasting": Forecaster,
}


def load(path, threads=1):
    """Opens a .tflite file that Polyhead has exported.

    Args:
        path: the file.
        threads: that LiteRT may use.

    Returns:
        A `Classifier`, `Translator` or `Forecaster`, by the file's task.

    Raises:
        PolyheadError: the file is missing, cut short, altered or none of ours.
    """
    model = Model(path, threads)
    task = model.facts["task"]
    if task not in _CLIENTS:
        raise PolyheadError(
            f"{path}: its task is {task!r}, which this version does not know: "
            "upgrade polyhead"
        )
    return _CLIENTS[task](model)

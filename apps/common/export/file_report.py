"""The facts about a .tflite file in the report of an export, for every task."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .inspection import LARGEST, inspect_tflite
from .litert import measure


def read_file_facts(path: Path, inputs: Mapping[str, np.ndarray]) -> dict:
    """Size, latency, memory, operators and largest tensors of a file.

    Args:
        path: the .tflite file.
        inputs: real examples, row by row.
    """
    content = inspect_tflite(path)
    return {
        "bytes": content["bytes"],
        **measure(path, inputs),
        "latency_ms_two_threads": measure(path, inputs, 2)["latency_ms"],
        "operators": content["operators"],
        "tensors": content["tensors"][:LARGEST],
    }

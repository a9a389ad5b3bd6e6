"""What the report of an export says of a .tflite file, whatever it answers."""

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

    Returns:
        `bytes`, `latency_ms` and `latency_ms_two_threads` (median, p95),
        `memory_bytes`, `operators` and `tensors`.
    """
    found = inspect_tflite(path)
    return {
        "bytes": found["bytes"],
        **measure(path, inputs),
        "latency_ms_two_threads": measure(path, inputs, 2)["latency_ms"],
        "operators": found["operators"],
        "tensors": found["tensors"][:LARGEST],
    }

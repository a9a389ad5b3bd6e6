"""The exported files of a run, timed again on this machine."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from polyhead.runtime.model import Model

from ..common.alignment import align, megabytes
from ..common.errors import PolyheadError
from ..common.export.litert import measure

THREADS = (1, 2)


def benchmark_files(
    folder: Path, examples: Callable[[Model], Mapping[str, np.ndarray]]
) -> dict:
    """Times every .tflite file of an export folder, each in a fresh process.

    `examples` gives real examples, row by row, as a file takes them. Returns
    `name -> {"bytes", "memory_bytes", "latency_ms": {threads: {median, p95}}}`.
    """
    paths = sorted(folder.glob("model_*.tflite"))
    if not paths:
        run = folder.parent
        raise PolyheadError(f"{folder}: no .tflite file: polyhead export {run}")
    results = {}
    for path in paths:
        inputs = examples(Model(path))
        measured = {threads: measure(path, inputs, threads) for threads in THREADS}
        results[path.name] = {
            "bytes": path.stat().st_size,
            "memory_bytes": measured[1]["memory_bytes"],
            "latency_ms": {k: v["latency_ms"] for k, v in measured.items()},
        }
    return results


def format_benchmark(results: dict) -> str:
    """The results of `benchmark_files` as a table."""
    rows: list[tuple[str, ...]] = [
        ("file", "size", "1 thread", "p95", "2 threads", "p95", "memory")
    ]
    for name, facts in results.items():
        times = [
            f"{facts['latency_ms'][threads][key]:.2f} ms"
            for threads in THREADS
            for key in ("median", "p95")
        ]
        memory = facts["memory_bytes"]
        grown = "-" if memory is None else megabytes(memory)
        rows.append((name, megabytes(facts["bytes"]), *times, grown))
    return "\n".join(align(rows))

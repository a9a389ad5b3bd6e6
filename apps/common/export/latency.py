"""Measures latency and memory of a .tflite file: a script for a separate process.

It imports only NumPy and LiteRT, as a small client would.
"""

import json
import os
import sys
import time
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

WARM_UP = 5
RUNS = 200


def peak_bytes() -> int | None:
    """The peak memory of the process, or None if the system does not report it."""
    try:
        # Not getrusage: there a child process begins with the peak of its parent.
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def find_tensors(interpreter: Any) -> tuple[dict[str, int], list[int]]:
    """The tensor indices of the signature: inputs by name, and outputs."""
    # The interpreter cannot run while a runner exists; this one ends with the function.
    runner = interpreter.get_signature_runner("serving_default")
    inputs = {n: d["index"] for n, d in runner.get_input_details().items()}
    return inputs, [d["index"] for d in runner.get_output_details().values()]


def main(path: str, examples: str, threads: str) -> None:
    with np.load(examples) as file:
        inputs = {name: file[name] for name in file.files}
    rows = len(next(iter(inputs.values())))
    before = peak_bytes()
    interpreter = Interpreter(os.fsencode(path), num_threads=int(threads))
    interpreter.allocate_tensors()
    places, outputs = find_tensors(interpreter)
    for name, place in places.items():  # a file may leave a length open
        interpreter.resize_tensor_input(place, inputs[name][:1].shape)
    interpreter.allocate_tensors()
    seconds = []
    for run in range(WARM_UP + RUNS):
        row = run % rows
        start = time.perf_counter()
        for name, place in places.items():
            interpreter.set_tensor(place, inputs[name][row : row + 1])
        interpreter.invoke()
        for place in outputs:
            interpreter.get_tensor(place)
        seconds.append(time.perf_counter() - start)
    after = peak_bytes()
    median, p95 = np.percentile(np.array(seconds[WARM_UP:]) * 1e3, [50, 95])
    latency = {"median": round(float(median), 4), "p95": round(float(p95), 4)}
    memory = None if before is None or after is None else after - before
    print(json.dumps({"latency_ms": latency, "memory_bytes": memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs a .tflite file with NumPy and LiteRT alone."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.model import open_file
from polyhead.runtime.text_bytes import texts_to_bytes

from ..errors import PolyheadError


class TFLitePredictor:
    """An exported .tflite file, ready to run; threads may share it."""

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise PolyheadError(f"{path}: missing: export the run first")
        self.interpreter, self.inputs, self.outputs = open_file(self.path, threads)
        self.lock = threading.Lock()  # see `polyhead.runtime.model.Model`

    @property
    def max_input_bytes(self) -> int:
        """The length N of the input `text uint8[1, N]`."""
        return int(self.inputs["text"]["shape"][1])

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the rows of `inputs` one by one; returns the rows of each output."""
        results: dict[str, list] = {name: [] for name in self.outputs}
        for row in range(len(next(iter(inputs.values())))):
            example = {name: array[row : row + 1] for name, array in inputs.items()}
            with self.lock:
                self._invoke(example)
                for name, detail in self.outputs.items():
                    output = self.interpreter.get_tensor(detail["index"])
                    results[name].append(output[0])
        return {
            name: np.stack(arrays)
            if arrays
            else np.zeros((0, *self.outputs[name]["shape"][1:]), np.float32)
            for name, arrays in results.items()
        }

    def _invoke(self, inputs: Mapping[str, np.ndarray]) -> None:
        resized = False
        for name, detail in self.inputs.items():
            if -1 in detail["shape_signature"]:
                shape = inputs[name].shape
                self.interpreter.resize_tensor_input(detail["index"], shape)
                resized = True
        if resized:
            self.interpreter.allocate_tensors()
        for name, detail in self.inputs.items():
            self.interpreter.set_tensor(detail["index"], inputs[name])
        self.interpreter.invoke()

    def predict_texts(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The rows of each output for texts; the file has an input `text`."""
        text, _ = texts_to_bytes(texts, self.max_input_bytes)
        return self(text=text)


def custom_operators(content: bytes) -> list[str]:
    """The names of the operators in a file that are not TFLite builtins."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    custom = schema.BuiltinOperator.CUSTOM
    names = {c.CustomCode().decode() for c in codes if c.BuiltinCode() == custom}
    return sorted(names)


def count_subgraphs(content: bytes) -> int:
    """The number of graphs in a file: each loop and branch has graphs of its own."""
    from ai_edge_litert import schema_py_generated as schema

    return schema.Model.GetRootAs(content).SubgraphsLength()


def measure(path: Path, inputs: Mapping[str, np.ndarray], threads: int = 1) -> dict:
    """Measures latency and memory of a file in a new process, on real examples.

    Returns `{"latency_ms": {"median", "p95"}, "memory_bytes"}`; the memory is the
    growth of the process's peak, or None if the system does not report it.
    """
    with tempfile.TemporaryDirectory() as folder:
        examples = Path(folder) / "inputs.npz"
        arrays: dict[str, Any] = dict(inputs)
        np.savez(examples, **arrays)
        # -P: modules in the script's folder must not shadow others.
        script = Path(__file__).with_name("latency.py")
        arguments = [script, path, examples, str(threads)]
        command = [sys.executable, "-P", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        raise PolyheadError(f"{path}: LiteRT cannot run it ({reason}): export it again")
    return json.loads(done.stdout.splitlines()[-1])

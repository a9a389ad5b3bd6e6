"""A .tflite file: its facts, and its one signature, ready to run."""

import hashlib
import json
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .errors import PolyheadError

SIGNATURE = "serving_default"
FACTS = "polyhead.json"
REMEDY = "copy it again, or export the run again"


class Model:
    """A .tflite file, which threads may share: a call waits for that before it.

    Args:
        path: path of the file.
        threads: number of threads that LiteRT may use.

    Attributes:
        facts: the content of its polyhead.json: task, labels, columns, metrics.
        inputs, outputs: name -> shape, of the signature's tensors.

    Raises:
        PolyheadError: the file is missing, cut short, altered, or not from Polyhead.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int = 1) -> None:
        self.path = Path(path)
        # Checked first: LiteRT does not check a file, and a damaged one could crash it.
        self.facts = read_facts(self.path)
        self._interpreter, self._inputs, self._outputs = open_file(self.path, threads)
        # An interpreter has one place for inputs and answers. One for each thread would
        # read the file again and keep its memory for each, also where a server begins a
        # thread for each request; a call is soon done, and `threads` share its work.
        self._lock = threading.Lock()
        self.inputs = {k: tuple(map(int, d["shape"])) for k, d in self._inputs.items()}
        self.outputs = {
            k: tuple(map(int, d["shape"])) for k, d in self._outputs.items()
        }

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Runs one example.

        Args:
            inputs: arrays of the shapes in `self.inputs`, which begin with 1.

        Returns:
            Name -> array, of the shapes in `self.outputs`.

        Raises:
            PolyheadError: an input is missing, unknown, or has another shape.
        """
        if inputs.keys() != self._inputs.keys():
            raise PolyheadError(
                f"{self.path}: it takes {', '.join(self._inputs)}, not "
                f"{', '.join(inputs) or 'nothing'}"
            )
        arrays = {}
        for name, detail in self._inputs.items():
            array = arrays[name] = np.ascontiguousarray(inputs[name], detail["dtype"])
            if array.shape != self.inputs[name]:
                raise PolyheadError(
                    f"{self.path}: input '{name}' has shape {array.shape}, but the "
                    f"file takes {self.inputs[name]}"
                )
        with self._lock:
            for name, array in arrays.items():
                self._interpreter.set_tensor(self._inputs[name]["index"], array)
            self._interpreter.invoke()
            return {
                name: self._interpreter.get_tensor(detail["index"])
                for name, detail in self._outputs.items()
            }


def open_file(path: Path, threads: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Opens a file with LiteRT: the interpreter, and the details of inputs and outputs.

    Raises:
        PolyheadError: LiteRT cannot run the file, or it has no signature.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        # Bytes: a name may hold some that are no UTF-8.
        interpreter = Interpreter(os.fsencode(path), num_threads=threads)
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner(SIGNATURE)
    except (ValueError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise PolyheadError(
            f"{path}: LiteRT cannot run it ({reason}): {REMEDY}"
        ) from error
    # In the order of their places in the file, not of their names.
    places = [each["index"] for each in interpreter.get_output_details()]
    outputs = sorted(
        runner.get_output_details().items(),
        key=lambda output: places.index(output[1]["index"]),
    )
    return interpreter, runner.get_input_details(), dict(outputs)


def read_facts(path: Path) -> dict[str, Any]:
    """Reads polyhead.json inside a .tflite file, and checks that the file is whole.

    Raises:
        PolyheadError: the file is missing, cut short, altered, or not from Polyhead.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise PolyheadError(f"{path}: {reason}: check the path") from None
    if content[4:8] != b"TFL3":
        raise PolyheadError(f"{path}: no .tflite file: {REMEDY}")
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(archive.read(FACTS))
        size, digest = int(facts["model_bytes"]), facts["model_sha256"]
    except Exception:  # a damaged zip raises errors of many kinds
        raise PolyheadError(
            f"{path}: cut short, or not written by polyhead (it has no {FACTS}): "
            f"{REMEDY}"
        ) from None
    if hashlib.sha256(memoryview(content)[:size]).hexdigest() != digest:
        raise PolyheadError(f"{path}: altered after it was written: {REMEDY}")
    return facts

"""Writes .tflite files: builtin operators, batch 1, static shapes, one signature."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.model import SIGNATURE

from ..devices.rewriting import rewrite
from ..errors import PolyheadError, UsageError
from .formats import VARIANTS
from .litert import TFLitePredictor, custom_operators

CALIBRATION_ROWS = 200


def export_tflite(
    function: Callable,
    weights: Sequence[np.ndarray],
    tables: Mapping[str, np.ndarray],
    inputs: Mapping[str, np.ndarray],
    path: Path,
    variant: str = "float32",
    per_channel: bool = True,
    any_length: bool = False,
) -> None:
    """Converts a pure `function(weights, tables, **inputs)`, whose result is a dict.

    Args:
        weights: constants of the file, quantised by the variant.
        tables: constants of the file, not quantised.
        inputs: real examples, row by row. They give names, shapes and types of the
            inputs, and calibrate "full_int8".
        per_channel: whether each output channel has a scale of its own.
        any_length: whether the second dimension of the inputs is left open.
    """
    import tensorflow as tf

    if variant not in VARIANTS:
        raise UsageError(f"variant {variant!r}: choose from {', '.join(VARIANTS)}")

    @tf.function(autograph=False)
    def serve(**tensors: Any) -> Any:
        # Weights stay arrays, which become constants where they are used. A constant
        # made here would be an input of a branch, and the converter quantises no
        # inputs. A variable would become READ_VARIABLE, which fails at run time.
        kept = {name: tf.constant(value) for name, value in tables.items()}
        return function(weights, kept, **tensors)

    rows = {name: np.asarray(array) for name, array in inputs.items()}
    signature = {
        name: tf.TensorSpec(_shape(array, any_length, None), array.dtype, name)
        for name, array in rows.items()
    }
    concrete = serve.get_concrete_function(**signature)
    content = rewrite(_convert(concrete, rows, variant, per_channel))
    _refuse_custom(path, custom_operators(content))
    path.write_bytes(content)
    _check_signature(TFLitePredictor(path), inputs, any_length)


def _convert(
    concrete: Any, rows: Mapping[str, np.ndarray], variant: str, per_channel: bool
) -> bytes:
    import tensorflow as tf

    # Without a module the file has no signature.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
    builtins = tf.lite.OpsSet.TFLITE_BUILTINS
    converter.target_spec.supported_ops = [builtins]
    converter._experimental_disable_per_channel = not per_channel
    if variant != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if variant == "full_int8":
        integers = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        converter.target_spec.supported_ops = [integers, builtins]
        count = min(CALIBRATION_ROWS, len(next(iter(rows.values()))))
        converter.representative_dataset = lambda: (
            {name: array[row : row + 1] for name, array in rows.items()}
            for row in range(count)
        )
    try:
        with warnings.catch_warnings():
            # The converter itself uses an interpreter that is deprecated.
            warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
            return converter.convert()
    except Exception as error:
        missing = _missing_operators(str(error))
        _refuse_custom("the graph", _locate(concrete, missing))
        raise


def _missing_operators(message: str) -> list[str]:
    """The operators in the converter's message that TFLite does not have."""
    lists = re.findall(r"^(?:TF Select|Custom) ops: (.*)$", message, re.MULTILINE)
    return sorted({name.strip() for line in lists for name in line.split(",")})


def _locate(concrete: Any, names: Sequence[str]) -> list[str]:
    """Each operator with its first node in the graph, whose name has the layer."""
    graph = concrete.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    places = {node.op: node.name for node in reversed(nodes)}
    return [f"{n} (at {places[n]})" if n in places else n for n in names]


def _refuse_custom(path: Path | str, names: Sequence[str]) -> None:
    if names:
        raise PolyheadError(
            f"{path}: these operators are no TFLite builtins, and no plain client "
            f"runs them: {', '.join(names)}; write the model without them"
        )


def _shape(array: np.ndarray, any_length: bool, unknown: int | None) -> list:
    """The shape of one row."""
    shape = [1, *np.shape(array)[1:]]
    return [1, unknown, *shape[2:]] if any_length else shape


def _check_signature(
    predictor: TFLitePredictor, inputs: Mapping[str, np.ndarray], any_length: bool
) -> None:
    """Refuses a file with unexpected inputs, or with outputs of dynamic shape."""
    shapes = {n: list(d["shape_signature"]) for n, d in predictor.inputs.items()}
    wanted = {n: _shape(array, any_length, -1) for n, array in inputs.items()}
    outputs = {n: list(d["shape_signature"]) for n, d in predictor.outputs.items()}
    dynamic = [n for n, shape in outputs.items() if -1 in shape or not shape]
    if shapes != wanted or dynamic:
        raise PolyheadError(
            f"{predictor.path}: {SIGNATURE} takes {shapes} and gives {outputs}, "
            f"but should take {wanted} and give static shapes; the function makes "
            "shapes from values"
        )

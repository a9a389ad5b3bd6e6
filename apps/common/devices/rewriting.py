"""Rewrites what the oldest LiteRT would compute wrongly, or not at all.

The versions of operators do not tell these: its kernels have faults. What a file
answers stays as it is.
"""

from typing import Any

import flatbuffers
import numpy as np

# Operators whose weights XNNPACK packs at once, or that it does not run.
KEPT = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "GATHER"}
ALIGNMENT = 16  # of buffers, as the schema of .tflite files requires
# `Any`: the schema is generated code without types.


def rewrite(content: bytes) -> bytes:
    """The content of a .tflite file as the oldest LiteRT runs it.

    - XNNPACK of LiteRT 1.0 makes float32 of float16 constants in one place of memory,
      which the next graph of the file takes over. In a file of several graphs (loops,
      branches) all but the weights of products become float32 here.
    - LiteRT before 1.4 divides no int8. Such a division becomes one of float32.
    """
    file = _File(content)
    changed = [file.divide_floats(graph) for graph in file.model.subgraphs]
    if len(changed) > 1:
        changed += [file.widen_halves(graph) for graph in file.model.subgraphs]
        file.forget_unread()
    return pack(file.model) if any(changed) else content


class _File:
    """The objects of a file."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema, self.types = schema, schema.TensorType
        self.model = schema.ModelT.InitFromPackedBuf(content, 0)
        self.names = {v: k for k, v in vars(schema.BuiltinOperator).items()}
        self.widened: dict[int, int] = {}  # buffer -> buffer

    def name(self, operator: Any) -> str:
        code = self.model.operatorCodes[operator.opcodeIndex]
        # Old files have the number in the older field, of one byte.
        return self.names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "")

    def widen_halves(self, graph: Any) -> bool:
        """Makes float32 of the float16 constants of a graph; whether it has any."""
        users: dict[int, set[str]] = {place: {"the caller"} for place in graph.outputs}
        for operator in graph.operators:
            for place in _inputs(operator):
                users.setdefault(place, set()).add(self.name(operator))
        operators = []
        for operator in graph.operators:
            made = operator.outputs[0] if self.name(operator) == "DEQUANTIZE" else -1
            source = graph.tensors[operator.inputs[0]] if made >= 0 else None
            if (
                source is None
                or source.type != self.types.FLOAT16
                or self.model.buffers[source.buffer].data is None
                or users.get(made, set()) <= KEPT
            ):
                operators.append(operator)
                continue
            if source.buffer not in self.widened:
                data = np.asarray(self.model.buffers[source.buffer].data, np.uint8)
                buffer = self.schema.BufferT()
                buffer.data = data.view(np.float16).astype(np.float32).view(np.uint8)
                self.widened[source.buffer] = len(self.model.buffers)
                self.model.buffers.append(buffer)
            graph.tensors[made].buffer = self.widened[source.buffer]
        changed = len(operators) < len(graph.operators)
        graph.operators = operators
        return changed

    def forget_unread(self) -> None:
        """Empties the buffers of float16 that no operator reads any more."""
        read = {
            graph.tensors[place].buffer
            for graph in self.model.subgraphs
            for operator in graph.operators
            for place in _inputs(operator)
        }
        for buffer in self.widened.keys() - read:
            self.model.buffers[buffer].data = None

    def divide_floats(self, graph: Any) -> bool:
        """Makes a graph's divisions of int8 those of float32; whether it has any."""
        operators = []
        for operator in graph.operators:
            out = operator.outputs[0] if self.name(operator) == "DIV" else -1
            if out < 0 or graph.tensors[out].type != self.types.INT8:
                operators.append(operator)
                continue
            places = [*operator.inputs, out]
            left, right, wide = (self.add_float(graph, place) for place in places)
            operators.append(self.convert("DEQUANTIZE", 2, places[0], left))
            operators.append(self.convert("DEQUANTIZE", 2, places[1], right))
            operator.inputs, operator.outputs = _places(left, right), _places(wide)
            operators += [operator, self.convert("QUANTIZE", 1, wide, out)]
        changed = len(operators) > len(graph.operators)
        graph.operators = operators
        return changed

    def add_float(self, graph: Any, place: int) -> int:
        """The place of a new float32 tensor of the shape of another."""
        like, tensor = graph.tensors[place], self.schema.TensorT()
        tensor.name, tensor.type = like.name + b"_float", self.types.FLOAT32
        tensor.shape, tensor.shapeSignature = like.shape, like.shapeSignature
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def convert(self, name: str, version: int, source: int, target: int) -> Any:
        """A new operator of one input, one output and no options."""
        code, operator = self.schema.OperatorCodeT(), self.schema.OperatorT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode, code.version = code.builtinCode, version
        operator.opcodeIndex = len(self.model.operatorCodes)
        self.model.operatorCodes.append(code)
        operator.inputs, operator.outputs = _places(source), _places(target)
        return operator


def pack(model: Any) -> bytes:
    """The content of a file of the schema's `ModelT`."""
    builder = _AlignedBuilder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class _AlignedBuilder(flatbuffers.Builder):
    """Aligns buffers as the schema requires; the original does not."""

    def StartVector(self, size: int, count: int, alignment: int) -> int:
        return super().StartVector(size, count, ALIGNMENT if size == 1 else alignment)


def _places(*places: int) -> np.ndarray:
    return np.array(places, np.int32)


def _inputs(operator: Any) -> list[int]:
    """The places of the tensors that an operator reads."""
    return [p for p in (() if operator.inputs is None else operator.inputs) if p >= 0]

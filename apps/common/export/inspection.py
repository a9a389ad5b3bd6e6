"""The content of a .tflite file, read without running it."""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.model import read_facts

from ..alignment import align, megabytes
from ..devices.runtimes import Operator, describe_oldest, find_oldest, find_processors
from ..errors import PolyheadError, reason_of
from ..files import check_path
from .litert import measure

LARGEST = 12  # tensors that are shown
# `Any`: the schema of .tflite files is generated code without types.


def inspect_tflite(path: str | Path) -> dict:
    """Reads the content of any .tflite file.

    Returns `bytes`, `subgraphs`, `inputs` and `outputs` (name -> shape and type),
    `operators` (name -> count), `oldest` (see `find_oldest`; with `tensorflow_lite`,
    the release that the converter has noted), `processors` (see `find_processors`),
    `tensors` (name, shape, type and bytes, the largest first) and `facts` (the content
    of its polyhead.json, or None).
    """
    from ai_edge_litert import schema_py_generated as schema

    path = Path(path)
    check_path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolyheadError(f"{path}: {reason_of(error)}: check the path") from None
    if content[4:8] != b"TFL3":
        raise PolyheadError(f"{path}: no .tflite file")
    try:
        model = schema.Model.GetRootAs(content)
        operators = read_operators(content)
        return {
            "bytes": len(content),
            "subgraphs": model.SubgraphsLength(),
            "inputs": _signature(schema, model, "Inputs"),
            "outputs": _signature(schema, model, "Outputs"),
            "operators": dict(Counter(o.name for o in operators).most_common()),
            "oldest": find_oldest(operators) | {"tensorflow_lite": _noted(model)},
            "processors": find_processors(operators),
            "tensors": _tensors(schema, model),
            "facts": _facts(path),
        }
    except Exception:  # the reader of the schema checks nothing
        raise PolyheadError(
            f"{path}: cut short or altered: copy it again, or export the run again"
        ) from None


def read_file_facts(path: Path, inputs: Mapping[str, np.ndarray]) -> dict:
    """Size, latency, memory, operators and largest tensors, for an export's report.

    `inputs` are real examples, row by row.
    """
    content = inspect_tflite(path)
    return {
        "bytes": content["bytes"],
        **measure(path, inputs),
        "latency_ms_two_threads": measure(path, inputs, 2)["latency_ms"],
        "operators": content["operators"],
        "oldest": content["oldest"],
        "processors": content["processors"],
        "tensors": content["tensors"][:LARGEST],
    }


def _facts(path: Path) -> dict[str, Any] | None:
    try:
        return read_facts(path)
    except PolyheadError:
        return None


def _list(table: Any, name: str) -> list[Any]:
    """All items of a list in the file."""
    count = getattr(table, f"{name}Length")()
    return [getattr(table, name)(i) for i in range(count)]


def _signature(schema: Any, model: Any, side: str) -> dict[str, dict]:
    """The inputs or outputs of the first signature, else of the main subgraph."""
    subgraph = model.Subgraphs(0)
    if model.SignatureDefsLength():
        signature = model.SignatureDefs(0)
        maps = _list(signature, side)
        places = {each.Name().decode(): each.TensorIndex() for each in maps}
        if side == "Outputs":  # in the order of their places, not of their names
            order = _list(subgraph, side)
            places = dict(sorted(places.items(), key=lambda x: order.index(x[1])))
    else:
        numbers = _list(subgraph, side)
        places = {subgraph.Tensors(i).Name().decode(): i for i in numbers}
    return {n: _describe(schema, subgraph.Tensors(i)) for n, i in places.items()}


def _name(enum: Any, number: int) -> str:
    """The schema's name of a number; a newer file may have an unknown one."""
    names = {v: k for k, v in vars(enum).items() if isinstance(v, int)}
    return names.get(number, f"#{number}")


def _describe(schema: Any, tensor: Any) -> dict[str, Any]:
    dynamic = tensor.ShapeSignatureLength() > 0
    shape = tensor.ShapeSignatureAsNumpy() if dynamic else tensor.ShapeAsNumpy()
    # The shape of a scalar is read as the number 0.
    shape = [] if isinstance(shape, int) else shape.tolist()
    return {"shape": shape, "type": _name(schema.TensorType, tensor.Type()).lower()}


def read_operators(content: bytes) -> list[Operator]:
    """All operators of all graphs of a .tflite file."""
    from ai_edge_litert import schema_py_generated as schema

    model, codes = schema.Model.GetRootAs(content), []
    for code in _list(model, "OperatorCodes"):
        custom = code.CustomCode()
        # Old files have the number in the older field, of one byte.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        known = _name(schema.BuiltinOperator, number)
        codes.append((custom.decode() if custom else known, code.Version()))
    found = []
    for subgraph in _list(model, "Subgraphs"):
        for operator in _list(subgraph, "Operators"):
            places = {*_list(operator, "Inputs"), *_list(operator, "Outputs")} - {-1}
            tensors = [subgraph.Tensors(i) for i in places]
            tensors = [t for t in tensors if not model.Buffers(t.Buffer()).DataLength()]
            shown = [_describe(schema, tensor) for tensor in tensors]
            types = frozenset(facts["type"] for facts in shown)
            is_dynamic = any(-1 in facts["shape"] for facts in shown)
            name, version = codes[operator.OpcodeIndex()]
            found.append(Operator(name, version, types, is_dynamic))
    return found


def _noted(model: Any) -> str | None:
    """The TensorFlow Lite that the converter says a file needs, if it says so."""
    for metadata in _list(model, "Metadata"):
        if metadata.Name() == b"min_runtime_version":
            noted = model.Buffers(metadata.Buffer()).DataAsNumpy().tobytes()
            return noted.rstrip(b"\0").decode() or None
    return None


def _tensors(schema: Any, model: Any) -> list[dict[str, Any]]:
    tensors, seen = [], set()
    for subgraph in _list(model, "Subgraphs"):
        for tensor in _list(subgraph, "Tensors"):
            size = model.Buffers(tensor.Buffer()).DataLength()
            if size and tensor.Buffer() not in seen:  # tensors may share a buffer
                seen.add(tensor.Buffer())
                facts = {"name": tensor.Name().decode(), **_describe(schema, tensor)}
                tensors.append(facts | {"bytes": size})
    return sorted(tensors, key=lambda facts: -facts["bytes"])


def format_inspection(content: dict[str, Any]) -> str:
    """Formats the result of `inspect_tflite` for the terminal."""
    lines = [f"{megabytes(content['bytes'])}, {content['subgraphs']} subgraphs"]
    facts = content["facts"]
    if facts is None:
        lines.append("not written by polyhead, or altered since")
    else:
        shown = ("name", "task", "polyhead", "author", "license")
        lines += [f"{key}: {facts[key]}" for key in shown if facts.get(key)]
        lines += [f"{k}: {v:.4g}" for k, v in facts.get("metrics", {}).items()]
    oldest, lite = content["oldest"], content["oldest"]["tensorflow_lite"]
    noted = f" (the converter says TensorFlow Lite {lite})" if lite else ""
    lines.append(f"oldest runtime: {describe_oldest(oldest)}{noted}")
    lines += [f"{name}: {fits}" for name, fits in content["processors"].items()]
    for side in ("inputs", "outputs"):
        lines += ["", side]
        for name, facts in content[side].items():
            lines.append(f"  {name}  {facts['type']}{facts['shape']}")
    operators = [(n, str(count)) for n, count in content["operators"].items()]
    lines += ["", *align([("operator", "count"), *operators])]
    tensors = content["tensors"]
    rows = [("tensor", "shape", "type", "bytes")]
    rows += [
        (t["name"][-48:], str(t["shape"]), t["type"], f"{t['bytes']:,}")
        for t in tensors[:LARGEST]
    ]
    rest = math.fsum(t["bytes"] for t in tensors[LARGEST:])
    if rest:
        rows.append((f"{len(tensors) - LARGEST} smaller", "", "", f"{int(rest):,}"))
    return "\n".join([*lines, "", *align(rows)])

"""What a .tflite file asks of a device: the oldest LiteRT, and what may run it."""

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Every exported file loads in it and in all later ones.
OLDEST = "1.0.1"
# Release -> the operators that it has at a newer version than the releases before it.
# benchmarks/operator_versions.py has asked each release for them.
VERSIONS = Path(__file__).with_name("operator_versions.json")
# Kernels that came without a new version: (operator, type) -> the release.
TYPES = {("DIV", "int8"): "1.4.0"}
CONTROL = {"CALL_ONCE", "IF", "WHILE"}
# What XNNPACK and GPUs compute with; a file's whole numbers and booleans are others.
COMPUTED = {"float16", "float32", "int8", "uint8"}


@dataclass(frozen=True)
class Operator:
    """An operator in a file.

    Args:
        name: its name in the schema of .tflite files.
        version: of its kernel.
        types: types of the tensors that it reads and writes, without constants.
        is_dynamic: whether a shape among these is known when the file runs alone.
    """

    name: str
    version: int
    types: frozenset[str] = frozenset()
    is_dynamic: bool = False


def find_oldest(operators: Iterable[Operator]) -> dict[str, str | None]:
    """The oldest release of LiteRT that has all operators of a file.

    Returns `litert`, which is None if no known release has them, and `because`: the
    operators that no older release has, or that are unknown.
    """
    releases = list(_versions())
    first, because = 0, set[str]()
    for operator in operators:
        found = _first_release(operator)
        if found > first:
            first, because = found, set()
        if found == first and found:
            because.add(f"{operator.name} of version {operator.version}")
    known = first < len(releases)
    return {
        "litert": releases[first] if known else None,
        "because": ", ".join(sorted(because)) or None,
    }


def describe_oldest(facts: dict[str, str | None]) -> str:
    """What `find_oldest` has found, in a line."""
    if facts["litert"] is None:
        return f"unknown: {facts['because']} is in no release that was tried"
    because = f", for {facts['because']}" if facts["because"] else ""
    return f"LiteRT {facts['litert']}{because}"


def find_processors(operators: Sequence[Operator]) -> dict[str, str]:
    """Which delegates of LiteRT may run a file, by what its operators are.

    Returns a delegate to "yes", "in part" or "no", and why. It is what types, shapes
    and branches allow: no delegate was tried. The CPU runs the rest of a file.
    """
    count = len(operators)
    plain = sum(o.name not in CONTROL and o.types <= COMPUTED for o in operators)
    control = sorted({o.name for o in operators} & CONTROL)
    numbers = f"{plain:,} of {count:,} operators compute with floats or int8 alone"
    fits = "yes" if plain == count else f"in part: {numbers}"
    accelerated = fits
    if control:
        accelerated = f"no: it has no {' and '.join(control)}"
    elif any(o.is_dynamic for o in operators):
        accelerated = "no: some shapes are known only when it runs"
    # NNAPI, which Android deprecates since version 15, has the limits of an NPU.
    return {"XNNPACK on the CPU": fits, "GPU": accelerated, "NPU": accelerated}


def _first_release(operator: Operator) -> int:
    """The place of the first release that has an operator; their number if none has."""
    later = [TYPES.get((operator.name, kind), OLDEST) for kind in operator.types]
    first = max((list(_versions()).index(release) for release in later), default=0)
    for place, added in enumerate(_versions().values()):
        if added.get(operator.name, 0) >= operator.version:
            return max(place, first)
    return len(_versions())


@functools.cache
def _versions() -> dict[str, dict[str, int]]:
    return json.loads(VERSIONS.read_text("utf-8"))

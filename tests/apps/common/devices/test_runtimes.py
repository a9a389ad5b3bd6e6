"""The oldest LiteRT that a file loads in, and what may run it."""

import json

import numpy as np
import pytest
from export_tools import INPUTS, make_exportable, write_linear_tflite
from shipped_tools import RUNS, SHIPPED

from polyhead.apps.common.devices.runtimes import (
    OLDEST,
    VERSIONS,
    Operator,
    describe_oldest,
    find_oldest,
    find_processors,
)
from polyhead.apps.common.export.export import export
from polyhead.apps.common.export.inspection import (
    format_inspection,
    inspect_tflite,
    read_operators,
)
from polyhead.apps.common.export.report import format_export_report

FILES = [
    path for run in RUNS for path in sorted(SHIPPED.glob(f"{run}/export/*.tflite"))
]
FLOATS = Operator("FULLY_CONNECTED", 9, frozenset({"float32"}))
WHOLE = Operator("GATHER", 4, frozenset({"float32", "int32"}))


def pad_booleans(weights, tables, x):
    import tensorflow as tf

    return {"y": tf.pad(x > 0, [[0, 0], [0, 2]])}


def convert(function, **inputs):
    """A file of a function; what `export_tflite` writes the tests look at."""
    import tensorflow as tf

    specs = {k: tf.TensorSpec([1, *v.shape[1:]], v.dtype, k) for k, v in inputs.items()}
    concrete = tf.function(lambda **x: function([], {}, **x)).get_concrete_function(
        **specs
    )
    return tf.lite.TFLiteConverter.from_concrete_functions(
        [concrete], concrete
    ).convert()


def test_the_table_knows_every_release_and_only_grows():
    releases = json.loads(VERSIONS.read_text("utf-8"))
    assert next(iter(releases)) == OLDEST
    known = {}
    for added in releases.values():
        for name, version in added.items():
            assert version > known.get(name, 0)
        known |= added
    assert len(known) > 150


def test_the_newest_operator_decides():
    assert find_oldest([FLOATS, WHOLE]) == {"litert": OLDEST, "because": None}
    found = find_oldest([FLOATS, Operator("PAD", 5), Operator("TRANSPOSE", 7)])
    assert found == {"litert": "2.0.2", "because": "PAD of version 5"}
    assert describe_oldest(found) == "LiteRT 2.0.2, for PAD of version 5"


@pytest.mark.parametrize("operator", [Operator("PAD", 99), Operator("FlexErf", 1)])
def test_what_no_release_has_is_unknown(operator):
    found = find_oldest([FLOATS, Operator("PAD", 5), operator])
    assert found["litert"] is None
    named = f"{operator.name} of version {operator.version}"
    assert describe_oldest(found) == f"unknown: {named} is in no release that was tried"


def test_processors_are_chosen_by_types_shapes_and_branches():
    assert set(find_processors([FLOATS, FLOATS]).values()) == {"yes"}
    found = find_processors([FLOATS, WHOLE])
    assert len(set(found.values())) == 1
    assert found["GPU"].startswith("in part: 1 of 2 operators")
    loop = Operator("WHILE", 1, frozenset({"float32"}))
    found = find_processors([FLOATS, loop])
    assert found["GPU"] == found["NPU"] == "no: it has no WHILE"
    assert found["XNNPACK on the CPU"].startswith("in part: 1 of 2")
    moving = Operator("ADD", 1, frozenset({"float32"}), is_dynamic=True)
    assert find_processors([moving])["NPU"].startswith("no: some shapes")


@pytest.mark.tensorflow
def test_a_pad_of_booleans_is_seen(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(pad_booleans, x=INPUTS["x"]))
    shown = format_inspection(inspect_tflite(path))
    assert "oldest runtime: LiteRT 2.0.2, for PAD of version 5 (the converter" in shown


@pytest.mark.tensorflow
def test_the_report_tells_the_oldest_runtime_and_what_fits(tmp_path):
    report = export(make_exportable(), tmp_path, ["tflite"], ["float32"])
    facts = report["files"]["model_float32.tflite"]
    assert facts["oldest"]["litert"] == OLDEST and facts["oldest"]["tensorflow_lite"]
    assert facts["processors"]["GPU"] == "yes"
    assert OLDEST in format_export_report(report)
    page = (tmp_path / "report.md").read_text("utf-8")
    assert f"- Oldest runtime: LiteRT {OLDEST}.\n" in page and "- GPU: yes.\n" in page
    facts["oldest"] |= {"litert": "2.0.2", "because": "PAD of version 5"}
    line = (
        "model_float32.tflite: its oldest runtime is LiteRT 2.0.2, for PAD of version"
    )
    assert line in format_export_report(report)


@pytest.mark.tensorflow
def test_integers_and_constants_are_told_apart(tmp_path):
    path = write_linear_tflite(tmp_path / "model.tflite", "int8")
    types = {o.name: o.types for o in read_operators(path.read_bytes())}
    assert types["FULLY_CONNECTED"] == {"float32"}  # its weights are int8

    def look_up(weights, tables, place):
        import tensorflow as tf

        return {"y": tf.gather(np.eye(4, dtype=np.float32), place)}

    (found,) = read_operators(convert(look_up, place=np.zeros((9, 3), np.int32)))
    assert found.types == {"float32", "int32"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SHIPPED)))
def test_what_is_shipped_loads_in_the_oldest_runtime(path):
    oldest = find_oldest(read_operators(path.read_bytes()))
    assert oldest == {"litert": OLDEST, "because": None}

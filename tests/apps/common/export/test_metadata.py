"""What a .tflite file says of itself: the standard's flatbuffer, and a zip."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from export_tools import INPUTS, TABLES, WEIGHTS, linear, make_exportable

from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.metadata import add_metadata
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.runtime.model import read_facts

pytestmark = pytest.mark.tensorflow

ABOUT = replace(
    make_exportable().metadata,
    name="a model",
    version="1.2.3",
    author="somebody",
    license="MIT",
    labels={"y": ["one", "two"]},
    facts={"answers": "labels"},
    vocabulary=["[PAD]", "piece"],
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A .tflite file without metadata."""
    path = tmp_path_factory.mktemp("plain") / "model.tflite"
    export_tflite(linear, WEIGHTS, TABLES, INPUTS, path)
    return path


def read_table(table, slot):
    """The table that a slot points at, read by hand: `slot` counts fields from 0."""
    import flatbuffers

    place = table.Offset(4 + 2 * slot)
    return flatbuffers.table.Table(table.Bytes, table.Indirect(table.Pos + place))


def read_text(table, slot):
    return table.String(table.Pos + table.Offset(4 + 2 * slot)).decode()


def read_first(table, slot):
    """The first table of the list that a slot points at."""
    import flatbuffers

    place = table.Vector(table.Offset(4 + 2 * slot))
    return flatbuffers.table.Table(table.Bytes, table.Indirect(place))


def read_root(content):
    """The root table of a file's metadata."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content)
    entries = {
        model.Metadata(i).Name(): model.Metadata(i).Buffer()
        for i in range(model.MetadataLength())
    }
    data = model.Buffers(entries[b"TFLITE_METADATA"]).DataAsNumpy().tobytes()
    assert data[4:8] == b"M001"
    start = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
    return flatbuffers.table.Table(data, start)


def test_metadata_are_the_standard_flatbuffer(plain):
    content = add_metadata(plain.read_bytes(), ABOUT)
    root = read_root(content)
    fields = {slot: read_text(root, slot) for slot in (0, 1, 2, 4, 5)}
    expected = {0: "a model", 1: "A line.", 2: "1.2.3", 4: "somebody", 5: "MIT"}
    assert fields == expected
    subgraph = read_first(root, 3)
    assert read_text(read_first(subgraph, 2), 0) == "x"
    output = read_first(subgraph, 3)
    assert read_text(output, 0) == "y" and read_text(output, 1) == "sums"
    assert read_text(read_first(output, 6), 0) == "y_labels.txt"
    tokenizer = read_table(read_first(subgraph, 5), 1)
    assert read_text(read_first(tokenizer, 0), 0) == "vocab.txt"


def test_the_files_inside_are_a_zip(plain, tmp_path):
    content = add_metadata(plain.read_bytes(), ABOUT)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.read("y_labels.txt").decode().split() == ["one", "two"]
        assert archive.read("vocab.txt").decode().split("\n") == ["[PAD]", "piece"]
        facts = json.loads(archive.read("polyhead.json"))
    assert facts["answers"] == "labels"
    (tmp_path / "model.tflite").write_bytes(content)
    assert read_facts(tmp_path / "model.tflite") == facts  # the check of size and hash


def test_metadata_change_no_answer_and_align_every_buffer(plain, tmp_path):
    from ai_edge_litert import schema_py_generated as schema

    path = tmp_path / "model.tflite"
    path.write_bytes(add_metadata(plain.read_bytes(), ABOUT))
    before, after = (TFLitePredictor(each)(**INPUTS)["y"] for each in (plain, path))
    np.testing.assert_array_equal(before, after)
    model = schema.Model.GetRootAs(path.read_bytes())
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    places = [b._tab.Vector(b._tab.Offset(4)) for b in buffers if b.DataLength()]
    assert places and all(place % 16 == 0 for place in places)

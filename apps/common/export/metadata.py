"""The metadata of a .tflite file: TFLite metadata, and a zip with its files.

Reference:
    metadata_schema.fbs of MediaPipe, version 1.5.0,
    https://github.com/google-ai-edge/mediapipe/tree/master/mediapipe/tasks/metadata
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np

from polyhead.runtime.model import FACTS

from ..devices.rewriting import pack

DESCRIPTION, LABELS, VOCABULARY = 1, 2, 5  # kinds of an associated file
PARSER_VERSION = "1.2.1"
BERT_TOKENIZER = 4  # of the union ProcessUnitOptions

# A table of a flatbuffer: slot -> string, small integer, table, or list of these.
Table = dict[int, Any]


@dataclass(frozen=True)
class File:
    """A file inside the .tflite file; `kind` is one of the constants above."""

    name: str
    content: bytes
    kind: int = DESCRIPTION

    def table(self) -> Table:
        return {0: self.name, 2: self.kind}


@dataclass(frozen=True)
class Metadata:
    """The metadata of a model."""

    description: str  # what the model does
    inputs: Mapping[str, str]  # name of each input -> its description
    outputs: Mapping[str, str]  # in the order that clients find them in
    name: str = ""
    version: str = ""  # of Polyhead in training
    author: str = ""
    license: str = ""
    # Output -> the name of each of its numbers.
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # What a client has to know, in types of JSON, for polyhead.json.
    facts: Mapping[str, object] = field(default_factory=dict)
    vocabulary: Sequence[str] = ()  # of a BERT tokenizer, if the client tokenizes


def add_metadata(content: bytes, metadata: Metadata) -> bytes:
    """Adds metadata and its files to the content of a .tflite file.

    The file has one signature and no metadata yet. Clients that ignore metadata read
    the result as before; any program that reads zip archives finds its files.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    _order_outputs(model, list(metadata.outputs))
    inputs, outputs = _names(model, "inputs"), _names(model, "outputs")
    labels = {
        name: File(f"{name}_labels.txt", "\n".join(values).encode(), LABELS)
        for name, values in metadata.labels.items()
    }
    files = list(labels.values())
    kinds = {n: {6: [file.table()]} for n, file in labels.items()}
    subgraph: Table = {
        2: [{0: n, 1: metadata.inputs[n]} for n in inputs],
        3: [{0: n, 1: metadata.outputs[n]} | kinds.get(n, {}) for n in outputs],
    }
    if metadata.vocabulary:
        words = "\n".join(metadata.vocabulary).encode()
        files.append(File("vocab.txt", words, VOCABULARY))
        subgraph[5] = [{0: BERT_TOKENIZER, 1: {0: [files[-1].table()]}}]
    root: Table = {
        0: metadata.name,
        1: metadata.description,
        2: metadata.version,
        3: [subgraph],
        4: metadata.author,
        5: metadata.license,
        6: [File(FACTS, b"").table()],
        7: PARSER_VERSION,
    }
    tables = flatbuffers.Builder(1024)
    tables.Finish(_write(tables, root), b"M001")
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(tables.Output(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    packed = pack(model)
    facts = dict(metadata.facts) | {
        "model_bytes": len(packed),
        "model_sha256": hashlib.sha256(packed).hexdigest(),
    }
    text = json.dumps(facts, ensure_ascii=False, indent=1)
    return _append(
        packed, [*files, File(FACTS, text.encode("utf-8", "backslashreplace"))]
    )


def _order_outputs(model: Any, names: Sequence[str]) -> None:
    """Puts the outputs into the order of `names`: the converter sorts them.

    Clients without signatures find an output by its place, which a new one may not
    change.
    """
    entries, graph = model.signatureDefs[0].outputs, model.subgraphs[0]
    place_of = {each.tensorIndex: names.index(each.name.decode()) for each in entries}
    graph.outputs = sorted(graph.outputs, key=lambda index: place_of[index])


def _names(model: Any, side: str) -> list[str]:
    """The names of the inputs or outputs in the signature, in the model's order."""
    entries = getattr(model.signatureDefs[0], side)
    names = {each.tensorIndex: each.name.decode() for each in entries}
    return [names[place] for place in getattr(model.subgraphs[0], side)]


def _write(builder: Any, node: Any) -> int:
    """Writes a string, a list or a table, and returns its offset."""
    if isinstance(node, str):
        return builder.CreateString(node, errors="backslashreplace")
    if isinstance(node, list):
        places = [_write(builder, each) for each in node]
        builder.StartVector(4, len(places), 4)
        for offset in reversed(places):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()
    offsets = {
        slot: _write(builder, value)
        for slot, value in node.items()
        if not isinstance(value, int)
    }
    builder.StartObject(max(node) + 1)
    for slot, value in node.items():
        if slot in offsets:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
        else:
            builder.PrependInt8Slot(slot, value, 0)
    return builder.EndObject()


def _append(packed: bytes, files: Sequence[File]) -> bytes:
    """Adds a zip archive without dates, and uncompressed as MediaPipe requires."""
    stream = io.BytesIO(packed)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.writestr(zipfile.ZipInfo(file.name), file.content)
    return stream.getvalue()

"""The .tflite form that MediaPipe's TextClassifier runs: ids in, its tokenizer inside.

This is BERT's form: three int32 inputs, a vocabulary and labels in the metadata, one
graph. MediaPipe tokenizes, so a client gives plain text. There are two files:
`mediapipe.tflite` takes as many ids as a text has and is faster;
`mediapipe_static.tflite` always takes `max_tokens` ids, as some runtimes require.

The weights are float16: scores stay within 1e-3 of Keras's at half the size of float32.
`--variants int8` halves the size again and is faster, but changes the scores by several
thousandths.

Reference: tasks/cc/text/utils/text_model_utils.cc and
calculators/tensor/bert_preprocessor_calculator.cc in
https://github.com/google-ai-edge/mediapipe.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import PolyheadError, UsageError
from .inspection import read_file_facts
from .litert import TFLitePredictor, count_subgraphs
from .metadata import Metadata, add_metadata
from .tflite import export_tflite
from .verification import Form, Metric, compare

INPUTS = ("ids", "mask", "segment_ids")  # MediaPipe finds them by these names
FILES = {"mediapipe.tflite": True, "mediapipe_static.tflite": False}  # any length
VARIANTS = ("float16", "int8", "float32")  # the first requested one is written


@dataclass(frozen=True)
class MediaPipeForm:
    """A classifier as MediaPipe calls it, with held-out examples.

    `function(weights, tables, ids, mask, segment_ids)` is pure and gives a dict of
    outputs. The probabilities are the first output by name.
    """

    function: Callable
    ids: Sequence[np.ndarray]  # of the examples, from [CLS] to [SEP], of any length
    expected: Mapping[str, np.ndarray]  # some or all of Keras's outputs for them
    max_tokens: int  # the length of the static file's inputs
    metadata: Metadata  # with the vocabulary

    def write(
        self,
        weights: Sequence[np.ndarray],
        metric: Metric,
        folder: Path,
        variants: Sequence[str],
        max_loss: float,
    ) -> dict[str, dict]:
        """Writes and verifies both files; see `export.FurtherForm`."""
        variant = choose_variant(variants)
        cut = [cut_ids(row, self.max_tokens) for row in self.ids]
        padded = _inputs(cut, self.max_tokens)
        usual = int(np.median([len(row) for row in cut]))
        files = {}
        for name, any_length in FILES.items():
            path = folder / name
            function = self.function
            export_tflite(
                function, weights, {}, padded, path, variant, any_length=any_length
            )
            content = path.read_bytes()
            check_one_graph(name, content)
            path.write_bytes(add_metadata(content, self.metadata))
            # MediaPipe cuts ids for the static file; the other file cuts them itself.
            rows = self.ids if any_length else cut
            outputs = run_rows(path, rows, 0 if any_length else self.max_tokens)
            form = Form(self.function, padded, self.expected)
            exact = variant == "float32"
            facts = compare(name, outputs, form, metric, exact, max_loss)
            length = usual if any_length else self.max_tokens
            measured = {key: ids[:, :length] for key, ids in padded.items()}
            kind = {"variant": variant, "max_tokens": self.max_tokens}
            facts = kind | facts | {"measured_tokens": length}
            files[name] = facts | read_file_facts(path, measured)
        return files


def choose_variant(variants: Sequence[str]) -> str:
    """The first of `VARIANTS` that is requested."""
    possible = [variant for variant in VARIANTS if variant in variants]
    if not possible:
        raise UsageError(
            f"variants {', '.join(variants)}: none of these is for MediaPipe: choose "
            f"from {', '.join(VARIANTS)}"
        )
    return possible[0]


def check_one_graph(name: str, content: bytes) -> None:
    """Raises a PolyheadError for a file with branches or loops: MediaPipe fails."""
    count = count_subgraphs(content)
    if count != 1:
        raise PolyheadError(
            f"{name}: {count} graphs, but MediaPipe runs files of one alone; write the "
            "model without branches and loops (IF, WHILE)"
        )


def run_rows(path: Path, ids: Sequence[np.ndarray], length: int) -> dict:
    """Runs a file on rows of ids, padded to `length` unless that is 0."""
    predictor = TFLitePredictor(path)
    rows = [predictor(**_inputs([row], length or len(row))) for row in ids]
    return {n: np.concatenate([row[n] for row in rows]) for n in predictor.outputs}


def cut_ids(ids: np.ndarray, max_tokens: int) -> np.ndarray:
    """Cuts ids as MediaPipe does: the last id stays."""
    if len(ids) <= max_tokens:
        return ids
    return np.append(ids[: max_tokens - 1], ids[-1])


def _inputs(rows: Sequence[np.ndarray], length: int) -> dict[str, np.ndarray]:
    """The file's inputs `(rows, length)`, padded with 0."""
    ids = np.zeros((len(rows), length), np.int32)
    for padded, row in zip(ids, rows, strict=True):
        padded[: len(row)] = row
    mask = (ids != 0).astype(np.int32)
    return dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))

"""The .tflite form that MediaPipe's TextClassifier runs: ids in, its tokenizer inside.

BERT's form: three int32 inputs, a vocabulary and labels in the metadata, one graph.
MediaPipe tokenizes by itself, so a client gives plain text. Two files are written:
`mediapipe.tflite` takes as many ids as a text has, which is the faster one, and
`mediapipe_static.tflite` always `max_tokens`, since some runtimes want that.

They are float16: scores stay within 1e-3 of Keras's at half the size of float32.
Weights of eight bits are half of that again, and faster, but move the scores by several
thousandths; `--variants int8` asks for them.

Reference: tasks/cc/text/utils/text_model_utils.cc and
calculators/tensor/bert_preprocessor_calculator.cc in
https://github.com/google-ai-edge/mediapipe.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import PolyheadError, UsageError
from .file_report import read_file_facts
from .litert import TFLitePredictor, count_subgraphs
from .metadata import Metadata, add_metadata
from .tflite import export_tflite
from .verification import Form, Metric, compare

INPUTS = ("ids", "mask", "segment_ids")  # MediaPipe finds them by these names
FILES = {"mediapipe.tflite": True, "mediapipe_static.tflite": False}  # any length?
VARIANTS = ("float16", "int8", "float32")  # the first that is asked for is written


@dataclass(frozen=True)
class MediaPipeForm:
    """A classifier as MediaPipe calls it, with held-out examples of it.

    Args:
        function: `(weights, tables, ids, mask, segment_ids)` to a dict of outputs,
            the one with the labels' probabilities first by name; pure.
        ids: the examples' ids, from [CLS] to [SEP], of whatever length.
        expected: Keras's outputs for them: some or all of the function's.
        max_tokens: the static file's length.
        metadata: with the vocabulary.
    """

    function: Callable
    ids: Sequence[np.ndarray]
    expected: Mapping[str, np.ndarray]
    max_tokens: int
    metadata: Metadata

    def write(
        self,
        weights: Sequence[np.ndarray],
        metric: Metric,
        folder: Path,
        variants: Sequence[str],
        max_loss: float,
    ) -> dict[str, dict]:
        """Writes and verifies the files; see `export_mediapipe`."""
        return export_mediapipe(self, weights, metric, folder, variants, max_loss)


def choose_variant(variants: Sequence[str]) -> str:
    """The variant that is written where several are asked for."""
    for variant in VARIANTS:
        if variant in variants:
            return variant
    raise UsageError(
        f"variants {', '.join(variants)}: none of these is for MediaPipe: choose from "
        f"{', '.join(VARIANTS)}"
    )


def export_mediapipe(
    form: MediaPipeForm,
    weights: Sequence[np.ndarray],
    metric: Metric,
    folder: Path,
    variants: Sequence[str],
    max_loss: float,
) -> dict[str, dict]:
    """Writes both files and verifies them.

    Args:
        form: how MediaPipe calls the model.
        weights: of the model.
        metric: what makes an answer right.
        folder: where to write.
        variants: the first of `VARIANTS` among them is written.
        max_loss: points of the metric that the file may lose.

    Returns:
        name of each file -> the facts for the report.

    Raises:
        PolyheadError: a file cannot be made, or falls short of Keras.
    """
    variant = choose_variant(variants)
    cut = [cut_ids(row, form.max_tokens) for row in form.ids]
    padded = _inputs(_pad(cut, form.max_tokens))
    files = {}
    for name, any_length in FILES.items():
        path = folder / name
        export_tflite(
            form.function,
            weights,
            {},
            padded,
            path,
            variant,
            any_length=any_length,
        )
        content = path.read_bytes()
        check_one_graph(name, content)
        path.write_bytes(add_metadata(content, form.metadata))
        # MediaPipe cuts what the static file takes, and the other one cuts by itself.
        rows = form.ids if any_length else cut
        outputs = run_rows(path, rows, 0 if any_length else form.max_tokens)
        made = Form(form.function, padded, form.expected)
        exact = variant == "float32"
        facts = compare(name, outputs, made, metric, exact, max_loss)
        usual = int(np.median([len(row) for row in cut]))
        length = usual if any_length else form.max_tokens
        files[name] = {
            "variant": variant,
            "max_tokens": form.max_tokens,
            **facts,
            "measured_tokens": length,
            **read_file_facts(path, _inputs(_pad(cut, form.max_tokens)[:, :length])),
        }
    return files


def check_one_graph(name: str, content: bytes) -> None:
    """Refuses a file with branches or loops.

    Raises:
        PolyheadError: MediaPipe would not load the file.
    """
    count = count_subgraphs(content)
    if count != 1:
        raise PolyheadError(
            f"{name}: {count} graphs, but MediaPipe runs files of one alone; write the "
            "model without branches and loops (IF, WHILE)"
        )


def run_rows(path: Path, ids: Sequence[np.ndarray], length: int) -> dict:
    """Rows of ids through a file, one by one, padded to `length` or, if 0, as they are.

    Returns:
        name of each output -> its rows.
    """
    predictor = TFLitePredictor(path)
    found = [predictor(**_inputs(_pad([row], length or len(row)))) for row in ids]
    return {
        name: np.concatenate([outputs[name] for outputs in found])
        for name in predictor.outputs
    }


def cut_ids(ids: np.ndarray, max_tokens: int) -> np.ndarray:
    """Ids as MediaPipe cuts them: the last one stays."""
    if len(ids) <= max_tokens:
        return ids
    return np.append(ids[: max_tokens - 1], ids[-1])


def _pad(rows: Sequence[np.ndarray], length: int) -> np.ndarray:
    padded = np.zeros((len(rows), length), np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded


def _inputs(ids: np.ndarray) -> dict[str, np.ndarray]:
    mask = (ids != 0).astype(np.int32)
    return dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))

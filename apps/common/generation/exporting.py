"""What of a text-to-text model is exported, and how its files are verified."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from polyhead.layers.candidates import START
from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

from ..data.pairs import Pairs, choose
from ..data.splits import sample_rows
from ..export.export import Exportable
from ..export.metadata import Metadata
from ..export.verification import Form, Metric
from .batches import pad_rows
from .scores import Scorer, main_score
from .serving import Serving, draw_numbers

BYTES = "UTF-8 bytes of the text, zero-padded"
TIE = 1e-5  # closer than this, float32 decides nothing
MAX_EXAMPLES = 2000  # that verify an export
SIGNATURE_EXAMPLES = 200  # that verify each further signature of the SavedModel
DRAWN_EXAMPLES = 50  # that verify the one that draws
DRAWING = {"temperature": 0.8, "top_k": 50, "top_p": 0.95}


def make_text_exportable(
    serving: Serving,
    pairs: Pairs,
    split: str,
    scorer: Scorer,
    description: str,
    facts: Mapping[str, object],
    max_input_bytes: int = 256,
    max_output_bytes: int = 256,
    beam_size: int = 1,
) -> Exportable:
    """A text-to-text model, and held-out pairs on which its files are verified.

    Args:
        pairs: a seeded sample of at most 2,000 is used.
        split: what they are: "test" or "validation".
        description: of the .tflite files, such as "Translation: text to text".
        facts: of the task, which the .tflite files tell their clients.
        max_input_bytes: the length N of the .tflite files' input.
        max_output_bytes: the length M of their output.
        beam_size: of the .tflite files and of the SavedModel's default; 1 is greedy.
    """
    config, total = serving.config, len(pairs.sources)
    pairs = choose(pairs, sample_rows(total, MAX_EXAMPLES, config.seed))
    sources = pairs.sources
    text, truncated = texts_to_bytes(sources, max_input_bytes)
    hypotheses = serving.generate(sources, serving.method(beam_size), max_input_bytes)
    answers = [best(row)[0] for row in hypotheses]
    expected, truncated_outputs = texts_to_bytes(answers, max_output_bytes)
    search = f"beam search of {beam_size}" if beam_size > 1 else "greedy search"
    examples = {"split": split, "rows": len(sources), "of": total, "seed": config.seed}
    some, widest = sources[:SIGNATURE_EXAMPLES], max(2, config.beam_size)
    return Exportable(
        weights=serving.weights,
        tables=serving.tables,
        savedmodel=strings_form(serving, sources, beam_size),
        signatures={
            "greedy": strings_form(serving, some, 1),
            "beam": strings_form(serving, some, widest),
            "sample": draws_form(serving, sources[:DRAWN_EXAMPLES]),
        },
        tflite=Form(
            serving.bytes_function(max_output_bytes, beam_size),
            {"text": text},
            {"text": expected},
            {
                "max_input_bytes": max_input_bytes,
                "max_output_bytes": max_output_bytes,
                "beam_size": beam_size,
                "truncated": int(truncated.sum()),
                "truncated_outputs": int(truncated_outputs.sum()),
            },
            is_tie=lambda row: (
                margin(serving, sources[row], max_input_bytes, beam_size) < TIE
            ),
        ),
        per_channel=False,  # the table is tied, and the largest part by far
        metric=make_metric(pairs.targets, scorer),
        metadata=Metadata(
            f"{description}, by {search}.",
            {"text": f"{BYTES}, cut between two characters."},
            {"text": f"{BYTES}."},
            facts={"answers": "text", **facts},
        ),
        examples=examples,
    )


def strings_form(serving: Serving, sources: Sequence[str], beam_size: int) -> Form:
    """A signature of the SavedModel, and what Keras gives for the sources."""
    return Form(
        serving.strings_function(beam_size),
        {"text": encode(sources)},
        outputs(serving.generate(sources, serving.method(beam_size))),
        is_tie=lambda row: margin(serving, sources[row], beam_size=beam_size) < TIE,
    )


def draws_form(serving: Serving, sources: Sequence[str]) -> Form:
    """The signature that draws, and what Keras gives for the same random numbers."""
    count = len(sources)
    seeds = np.arange(count, dtype=np.int32)
    draws = np.asarray(draw_numbers(seeds, serving.max_tokens))
    hypotheses = serving.generate(sources, serving.sampling(**DRAWING), draws=draws)
    types = {"temperature": np.float32, "top_k": np.int32, "top_p": np.float32}
    settings = {
        name: np.full(count, DRAWING[name], kind) for name, kind in types.items()
    }
    return Form(
        serving.draws_function(),
        {"text": encode(sources), "seed": seeds, **settings},
        outputs(hypotheses),
        # A draw may fall on the border of two pieces, within rounding.
        is_tie=lambda row: True,
        max_ties=1,
    )


def margin(
    serving: Serving, text: str, max_input_bytes: int | None = None, beam_size: int = 1
) -> float:
    """How sure decoding was of the answer to a text.

    For greedy decoding it is the least gap, over the steps, between the scores of the
    two best next pieces; for a beam search the gap between the scores of its two best
    hypotheses. Below 1e-5 float32 decides nothing.
    """
    if beam_size > 1:
        method = serving.method(beam_size, 2)
        (hypotheses,) = serving.generate([text], method, max_input_bytes)
        scores = [score for _, score in hypotheses]
        return scores[0] - scores[1] if len(scores) > 1 else float("inf")
    source = pad_rows(serving.encode_texts([text], max_input_bytes))
    ids = np.asarray(serving.compiled(serving.method(1))(source)[0])
    target = np.concatenate([[[START]], ids[:, : int((ids > 0).sum())]], axis=1)
    with serving.scope(serving.weights):
        logits = serving.model([source, target.astype("int32")], training=False)
    highest = np.sort(ops.convert_to_numpy(logits)[0], axis=-1)[:, -2:]
    return float((highest[:, 1] - highest[:, 0]).min())


def encode(sources: Sequence[str]) -> np.ndarray:
    """Texts as a signature of the SavedModel takes them."""
    return np.array([text.encode("utf-8", "replace") for text in sources], object)


def outputs(hypotheses: Sequence[list[tuple[bytes, float]]]) -> dict[str, np.ndarray]:
    """What `Serving.generate` gave, as a signature of the SavedModel gives it."""
    answers = [best(row) for row in hypotheses]
    return {
        "text": np.array([text for text, _ in answers], object),
        "score": np.array([value for _, value in answers], np.float32),
    }


def best(hypotheses: list[tuple[bytes, float]]) -> tuple[bytes, float]:
    """The first hypothesis; an empty one where there is none."""
    return hypotheses[0] if hypotheses else (b"", 0.0)


def make_metric(targets: Sequence[str], scorer: Scorer) -> Metric:
    """The scorer's main measure; an answer differs if any byte does."""

    def score(outputs: Mapping[str, Any]) -> float:
        texts = [to_bytes(row).decode("utf-8", "replace") for row in outputs["text"]]
        return main_score(texts, targets[: len(texts)], scorer)

    def differs(outputs: Mapping[str, Any], expected: Mapping[str, Any]) -> np.ndarray:
        rows = zip(outputs["text"], expected["text"], strict=True)
        return np.array([to_bytes(a) != to_bytes(b) for a, b in rows], bool)

    return Metric(scorer.main, score, differs, points=1.0)


def to_bytes(row: Any) -> bytes:
    """A text from a string, or from a row of zero-padded bytes."""
    if isinstance(row, bytes):
        return row
    return cut_text(np.asarray(row, np.uint8).tobytes(), len(row))[0]

"""What of a translator is exported, and how its files are verified."""

from collections.abc import Callable, Sequence

import numpy as np

from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

from ..common.data.splits import sample_rows
from ..common.export.export import Exportable
from ..common.export.metadata import Metadata
from ..common.export.verification import Form, Metric
from ..common.generation.scores import score, tokenizer_for
from .pairs import Pairs
from .serving import Serving, draw_numbers

BYTES = "UTF-8 bytes of the text, zero-padded"
TIE = 1e-5  # closer than this, float32 decides nothing
MAX_EXAMPLES = 2000  # that verify an export
SIGNATURE_EXAMPLES = 200  # that verify each further signature of the SavedModel
DRAWN_EXAMPLES = 50  # that verify the one that draws
DRAWING = {"temperature": 0.8, "top_k": 50, "top_p": 0.95}


def make_exportable(
    serving: Serving,
    pairs: Pairs,
    split: str,
    max_input_bytes: int = 256,
    max_output_bytes: int = 256,
    beam_size: int = 1,
) -> Exportable:
    """The translator, and held-out pairs on which its files are verified.

    Args:
        serving: the translator.
        pairs: held-out pairs; a seeded sample of at most 2,000 is used.
        split: what they are: "test" or "validation".
        max_input_bytes: the length N of the .tflite files' input.
        max_output_bytes: the length M of their output.
        beam_size: of the .tflite files and the SavedModel's serving_default.
    """
    config = serving.config
    rows = sample_rows(len(pairs.sources), MAX_EXAMPLES, config.seed)
    sources = [pairs.sources[row] for row in rows]
    targets = [pairs.targets[row] for row in rows]
    text, truncated = texts_to_bytes(sources, max_input_bytes)
    method = serving.method(beam_size)
    answers = [
        best(row)[0] for row in serving.translate(sources, method, max_input_bytes)
    ]
    expected, cut = texts_to_bytes(answers, max_output_bytes)

    facts = {
        "max_input_bytes": max_input_bytes,
        "max_output_bytes": max_output_bytes,
        "beam_size": beam_size,
        "truncated": int(truncated.sum()),
        "truncated_outputs": int(cut.sum()),
    }
    further = {"greedy": 1, "beam": max(2, config.beam_size)}
    return Exportable(
        weights=serving.weights,
        tables=serving.tables,
        savedmodel=strings_form(serving, sources, beam_size),
        signatures={
            **{
                name: strings_form(serving, sources[:SIGNATURE_EXAMPLES], size)
                for name, size in further.items()
            },
            "sample": draws_form(serving, sources[:DRAWN_EXAMPLES]),
        },
        tflite=Form(
            serving.bytes_function(max_output_bytes, beam_size),
            {"text": text},
            {"text": expected},
            facts,
            is_tie=make_is_tie(serving, sources, beam_size, max_input_bytes),
        ),
        per_channel=False,  # the table is tied, and the largest part by far
        metric=make_metric(targets, tokenizer_for(config.target_language)),
        metadata=Metadata(
            "Translation: text to text, by "
            + (f"beam search of {beam_size}." if beam_size > 1 else "greedy search."),
            {"text": f"{BYTES}, cut between two characters."},
            {"text": f"{BYTES}."},
            facts={
                "task": "translation",
                "source_language": config.source_language,
                "target_language": config.target_language,
            },
        ),
        examples={
            "split": split,
            "rows": len(rows),
            "of": len(pairs.sources),
            "seed": config.seed,
        },
    )


def strings_form(serving: Serving, sources: Sequence[str], beam_size: int) -> Form:
    """A signature of the SavedModel, and what Keras gives for the sources."""
    found = serving.translate(sources, serving.method(beam_size))
    function = serving.strings_function(beam_size)
    is_tie = make_is_tie(serving, sources, beam_size)
    return Form(function, {"text": encode(sources)}, outputs(found), is_tie=is_tie)


def make_is_tie(
    serving: Serving,
    sources: Sequence[str],
    beam_size: int,
    max_input_bytes: int | None = None,
) -> Callable[[int], bool]:
    """Whether float32 cannot decide on the translation of a row of the sources."""

    def is_tie(row: int) -> bool:
        return serving.margin(sources[row], max_input_bytes, beam_size) < TIE

    return is_tie


def draws_form(serving: Serving, sources: Sequence[str]) -> Form:
    """The signature that draws, and what Keras gives for the same random numbers."""
    count = len(sources)
    seeds = np.arange(count, dtype=np.int32)
    draws = np.asarray(draw_numbers(seeds, serving.max_tokens))
    found = serving.translate(sources, serving.sampling(**DRAWING), draws=draws)
    settings = {
        name: np.full(count, value, np.int32 if name == "top_k" else np.float32)
        for name, value in DRAWING.items()
    }
    inputs = {"text": encode(sources), "seed": seeds, **settings}
    return Form(
        serving.draws_function(),
        inputs,
        outputs(found),
        # A draw may fall on the border of two pieces, within rounding.
        is_tie=lambda row: True,
        max_ties=1,
    )


def encode(sources: Sequence[str]) -> np.ndarray:
    return np.array([text.encode("utf-8", "replace") for text in sources], object)


def outputs(found) -> dict[str, np.ndarray]:
    """What `Serving.translate` gave, as a signature of the SavedModel gives it."""
    answers = [best(row) for row in found]
    return {
        "text": np.array([text for text, _ in answers], object),
        "score": np.array([value for _, value in answers], np.float32),
    }


def best(hypotheses) -> tuple[bytes, float]:
    """The first hypothesis; an empty one where there is none."""
    return hypotheses[0] if hypotheses else (b"", 0.0)


def make_metric(targets: Sequence[str], tokenize: str) -> Metric:
    """BLEU; a translation differs if any byte does.

    Args:
        targets: what is wanted.
        tokenize: sacreBLEU's tokenizer.
    """

    def texts(outputs) -> list[str]:
        return [to_bytes(row).decode("utf-8", "replace") for row in outputs["text"]]

    def bleu(outputs) -> float:
        found = texts(outputs)
        return score(found, targets[: len(found)], tokenize, bootstrap=0)["bleu"]

    def differs(outputs, expected):
        rows = zip(outputs["text"], expected["text"], strict=True)
        return np.array([to_bytes(a) != to_bytes(b) for a, b in rows], bool)

    return Metric("bleu", bleu, differs, points=1.0)


def to_bytes(row) -> bytes:
    """A text from a string, or from a row of zero-padded bytes."""
    if isinstance(row, bytes):
        return row
    return cut_text(np.asarray(row, np.uint8).tobytes(), len(row))[0]

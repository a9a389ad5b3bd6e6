"""What of a text-to-text model is exported, and how its files are verified."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from polyhead.layers.candidates import START
from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

from ..data.kept import Kept
from ..export.export import Exportable
from ..export.metadata import Metadata
from ..export.verification import Form, Metric
from ..text.limits import describe_cuts
from .batches import pad_rows
from .questions import answers_of
from .scores import References, Scorer, score_by
from .serving.hypotheses import Hypothesis, draw_numbers, sum_cuts
from .serving.serving import Serving

BYTES = "UTF-8 bytes of the text, zero-padded"
TIE = 1e-5  # closer than this, float32 decides nothing
SIGNATURE_EXAMPLES = 200  # that verify each further signature of the SavedModel
DRAWN_EXAMPLES = 50  # that verify the one that draws
DRAWING = {"temperature": 0.8, "top_k": 50, "top_p": 0.95}


def make_text_exportable(
    serving: Serving,
    kept: Kept,
    scorer: Scorer,
    description: str,
    facts: Mapping[str, object],
    max_input_bytes: int,
    max_output_bytes: int,
    beam_size: int = 1,
) -> Exportable:
    """A text-to-text model, and held-out pairs on which its files are verified.

    Args:
        kept: see `pairs.keep_pairs`.
        description: of the .tflite files, such as "Translation: text to text".
        facts: of the task, which the .tflite files tell their clients.
        max_input_bytes: the length N of the .tflite files' input.
        max_output_bytes: the length M of their output.
        beam_size: of the .tflite files and of the SavedModel's default; 1 is greedy.
    """
    sources, targets = (kept.texts[name] for name in ("text", "target"))
    search = f"beam search of {beam_size}" if beam_size > 1 else "greedy search"
    some, widest = sources[:SIGNATURE_EXAMPLES], max(2, serving.config.beam_size)
    whole = serving.generate(sources, serving.method(beam_size))
    sizes = max_input_bytes, max_output_bytes
    return Exportable(
        weights=serving.weights,
        tables=serving.tables,
        savedmodel=strings_form(serving, sources, beam_size, whole),
        signatures={
            "greedy": strings_form(serving, some, 1),
            "beam": strings_form(serving, some, widest),
            "sample": draws_form(serving, sources[:DRAWN_EXAMPLES]),
        },
        tflite=bytes_form(serving, sources, whole, *sizes, beam_size),
        per_channel=False,  # the table is tied, and the largest part by far
        metric=make_metric(answers_of(sources, targets), scorer),
        metadata=Metadata(
            f"{description}, by {search}.",
            {"text": f"{BYTES}, cut between two characters."},
            {
                "text": f"{BYTES}.",
                "truncated": "0; plus 1 if the model does not read the whole text, "
                "plus 2 if its answer is cut.",
                "score": "Log-probability of the answer over its number of pieces.",
            },
            facts={"answers": "text", **facts},
        ),
        examples=kept.facts,
    )


def bytes_form(
    serving: Serving,
    sources: Sequence[str],
    whole: Sequence[list[Hypothesis]],
    max_input_bytes: int,
    max_output_bytes: int,
    beam_size: int,
) -> Form:
    """The .tflite files' form; `whole` are Keras's hypotheses for the whole sources."""
    text, cut = texts_to_bytes(sources, max_input_bytes)
    hypotheses = list(whole)
    if cut.any():
        places = np.flatnonzero(cut).tolist()
        method = serving.method(beam_size)
        shorter = [sources[place] for place in places]
        found = serving.generate(shorter, method, max_input_bytes)
        for place, row in zip(places, found, strict=True):
            hypotheses[place] = row
    answers = [best(row) for row in hypotheses]
    expected, long = texts_to_bytes([x.text for x in answers], max_output_bytes)
    read = [cut_text(source, max_input_bytes)[0] for source in sources]
    by_pieces = serving.reader.find_cut(
        [data.decode("utf-8", "replace") for data in read]
    )
    full = long | np.array([answer.cut for answer in answers], bool)
    return Form(
        serving.bytes_function(max_output_bytes, beam_size),
        {"text": text},
        {
            "text": expected,
            "truncated": np.asarray(sum_cuts(by_pieces, full)),
            "score": np.array([answer.score for answer in answers], np.float32),
        },
        {
            "max_input_bytes": max_input_bytes,
            "max_output_bytes": max_output_bytes,
            "beam_size": beam_size,
            "truncated": int(cut.sum()),
            "truncated_by_pieces": int(by_pieces.sum()),
            "truncated_outputs": int(full.sum()),
        },
        is_tie=lambda row: (
            margin(serving, sources[row], max_input_bytes, beam_size) < TIE
        ),
        whole=expected_of(whole),
        cut=describe_cuts(cut, max_input_bytes, long, max_output_bytes),
    )


def strings_form(
    serving: Serving,
    sources: Sequence[str],
    beam_size: int,
    hypotheses: Sequence[list[Hypothesis]] | None = None,
) -> Form:
    """A signature of the SavedModel, and what Keras gives for the sources."""
    if hypotheses is None:
        hypotheses = serving.generate(sources, serving.method(beam_size))
    return Form(
        serving.strings_function(beam_size),
        {"text": encode(sources)},
        expected_of(hypotheses, serving.reader.find_cut(sources)),
        is_tie=lambda row: margin(serving, sources[row], beam_size=beam_size) < TIE,
    )


def draws_form(serving: Serving, sources: Sequence[str]) -> Form:
    """The signature that draws, and what Keras gives for the same random numbers."""
    count = len(sources)
    seeds = np.arange(count, dtype=np.int32)
    draws = np.asarray(draw_numbers(seeds, serving.max_output_tokens))
    hypotheses = serving.generate(sources, serving.sampling(**DRAWING), draws=draws)
    types = {"temperature": np.float32, "top_k": np.int32, "top_p": np.float32}
    settings = {
        name: np.full(count, DRAWING[name], kind) for name, kind in types.items()
    }
    return Form(
        serving.draws_function(),
        {"text": encode(sources), "seed": seeds, **settings},
        expected_of(hypotheses, serving.reader.find_cut(sources)),
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
        scores = [each.score for each in hypotheses]
        return scores[0] - scores[1] if len(scores) > 1 else float("inf")
    source = pad_rows(serving.reader.encode_texts([text], max_input_bytes)[0])
    ids = np.asarray(serving.compiled(serving.method(1))(source)[0])
    target = np.concatenate([[[START]], ids[:, : int((ids > 0).sum())]], axis=1)
    with serving.scope(serving.weights):
        logits = serving.model([source, target.astype("int32")], training=False)
    highest = np.sort(ops.convert_to_numpy(logits)[0], axis=-1)[:, -2:]
    return float((highest[:, 1] - highest[:, 0]).min())


def encode(sources: Sequence[str]) -> np.ndarray:
    """Texts as a signature of the SavedModel takes them."""
    return np.array([text.encode("utf-8", "replace") for text in sources], object)


def expected_of(
    hypotheses: Sequence[list[Hypothesis]], by_pieces: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """What `Serving.generate` gave, as a signature of the SavedModel gives it.

    `by_pieces (texts,)` says which texts have more pieces than the model reads; without
    it, there is no "truncated".
    """
    answers = [best(row) for row in hypotheses]
    outputs = {
        "text": np.array([answer.text for answer in answers], object),
        "score": np.array([answer.score for answer in answers], np.float32),
    }
    if by_pieces is not None:
        full = np.array([answer.cut for answer in answers], bool)
        outputs["truncated"] = np.asarray(sum_cuts(by_pieces, full))
    return outputs


def best(hypotheses: list[Hypothesis]) -> Hypothesis:
    """The first hypothesis; an empty one where there is none."""
    return hypotheses[0] if hypotheses else Hypothesis(b"", 0.0, False)


def make_metric(references: References, scorer: Scorer) -> Metric:
    """The scorer's main measure and exact matches; an answer differs if any byte does.

    A file's answers must also be like Keras's, whatever the references are: a measure
    that is 0 for both says nothing.
    """
    from sacrebleu.metrics import CHRF

    def texts_of(outputs: Mapping[str, Any]) -> list[str]:
        return [to_bytes(row).decode("utf-8", "replace") for row in outputs["text"]]

    def measure(name: str) -> Callable[[Mapping[str, Any]], float]:
        def score(outputs: Mapping[str, Any]) -> float:
            texts = texts_of(outputs)
            return score_by(name, texts, references[: len(texts)], scorer)

        return score

    def liken(outputs: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
        given, wanted = texts_of(outputs), texts_of(expected)
        if given == wanted:
            return 100.0
        return CHRF().corpus_score(given, [wanted]).score

    def differs(outputs: Mapping[str, Any], expected: Mapping[str, Any]) -> np.ndarray:
        rows = zip(outputs["text"], expected["text"], strict=True)
        return np.array([to_bytes(a) != to_bytes(b) for a, b in rows], bool)

    return Metric(
        scorer.main,
        measure(scorer.main),
        differs,
        points=scorer.points,
        shares={} if scorer.main == "exact" else {"exact": measure("exact")},
        likeness={"chrf_to_keras": liken},
    )


def to_bytes(row: Any) -> bytes:
    """A text from a string, or from a row of zero-padded bytes."""
    if isinstance(row, bytes):
        return row
    return cut_text(np.asarray(row, np.uint8).tobytes(), len(row))[0]

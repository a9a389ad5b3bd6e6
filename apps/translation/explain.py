"""Which source pieces the decoder attends to, as a picture and as JSON."""

from pathlib import Path

import numpy as np
from keras import ops

from polyhead.layers.candidates import END, START
from polyhead.runtime.texts import one_text

from ..common.errors import PolyheadError, UsageError
from ..common.files import write_json

MOST_PIECES = 60  # that the picture shows on each axis


def explain(run, text: str, output: str | Path | None = None) -> dict:
    """Shows which source pieces each piece of the translation attends to.

    The weights are the mean over the decoder's layers and heads. They show where
    information was read, which for words is often but not always an alignment.

    Args:
        text: what to translate.
        output: a PNG file; the numbers are written beside it as JSON.

    Returns:
        `{"text", "translation", "source", "target", "attention"}`: the pieces of
        both sides and the weights `(target, source)`, whose rows sum to 1.

    Reference: Bahdanau et al., https://arxiv.org/abs/1409.0473 (its figure 3).
    """
    text = one_text(text)
    if output is not None and Path(output).suffix.lower() != ".png":
        raise UsageError(f"--output {output}: give a name that ends in .png")
    serving, model, pieces = run.serving, run.model, run.tokenizer.pieces
    (source,), (case,) = serving.reader.encode_texts([text])
    if not len(source):
        raise PolyheadError(
            "the text is empty, or white space alone: there is nothing to explain"
        )
    letters = serving.reader.case
    written = run.predict([letters.read(text)])[0][0][0]
    target = run.tokenizer.encode_all([written])[0][: serving.max_output_tokens - 1]
    memory, mask = model.encode(ops.convert_to_tensor(source[None].astype("int32")))
    inputs = ops.convert_to_tensor(np.append(START, target)[None].astype("int32"))
    _, scores = model.decode(inputs, memory, mask, return_scores=True)
    cross = [ops.convert_to_numpy(cross_scores) for _, cross_scores in scores]
    weights = np.mean(cross, axis=(0, 1, 2))  # (T, S)
    keys, queries = (
        ["<end>" if i == END else pieces[i].decode("utf-8", "replace") for i in side]
        for side in (source, np.append(target, END))
    )
    explanation = {
        "text": text,
        "translation": letters.give(written.encode(), case).decode(),
        "source": keys,
        "target": queries,
        "attention": np.round(weights, 5).tolist(),
    }
    if output is not None:
        from ..common.attention_plot import plot_attention

        path, axes = Path(output), ("translation", "source")
        plot_attention(path, [weights], queries, keys, names=axes, most=MOST_PIECES)
        write_json(path.with_suffix(".json"), explanation)
    return explanation

"""What decided a label: gradient times input for each piece of a text.

In the deep branch the input is the piece's vector. In the wide branch it is the table
rows of the hashed words and word pairs; their weights are shared among the pieces that
spell them. Both are gradients of the best label's logit, so their sum is one signed
number for each piece.

Reference: Simonyan et al., "Deep Inside Convolutional Networks", ICLR workshop 2014;
Shrikumar et al., "Not Just a Black Box", arXiv:1605.01713 (gradient times input).
"""

from pathlib import Path

import keras
import numpy as np
from keras import ops

from polyhead.runtime.rounding import shorten
from polyhead.runtime.text_bytes import cut_text
from polyhead.runtime.texts import one_text

from ..common.errors import UsageError
from ..common.files import write_json
from ..common.gradients import gradients
from .networks.wide import BagOfBuckets, word_edges
from .serving import Serving


def explain(run, text: str, output: str | Path | None = None) -> dict:
    """Shows which pieces of a text speak for its label, and which against it.

    Args:
        text: one text.
        output: a .png file. The words are drawn there, the attention of each layer
            in `*_attention.png`, and what is returned goes to `*.json`.

    Returns:
        `text`, `label` (the most probable one), `probability`, `truncated`, `tokens`
        and `words`. Each token and each word has its `text`, the bytes `start` and
        `end` (exclusive) between which it stands, its signed weights `deep` and `wide`,
        and their sum `weight`.
    """
    text = one_text(text)
    if run.config.word_pieces:
        raise UsageError(
            f"{run.path}: a run that reads WordPieces cannot be explained yet, "
            "only those of tiny, small and base with tokenizer 'bytes'"
        )
    if output is None:
        return attribute(run.serving, text)
    path = Path(output)
    if path.suffix.lower() != ".png":
        raise UsageError(
            f"{output}: explain draws a picture: give --output a .png name"
        )
    from ..common.attention_plot import plot_attention
    from ..common.text.word_plot import plot_words

    explanation = attribute(run.serving, text)
    scores = attention(run.serving, text)
    plot_words(path, explanation)
    tokens = [token["text"] for token in explanation["tokens"]]
    titles = [f"Layer {n}, mean over heads" for n in range(1, len(scores) + 1)]
    attention_path = path.with_stem(f"{path.stem}_attention")
    plot_attention(attention_path, scores, tokens, tokens, titles)
    write_json(path.with_suffix(".json"), explanation)
    return explanation


def attribute(serving: Serving, text: str) -> dict:
    """The content of the JSON file; see `explain`."""
    data, ids, truncated = _encode(serving, text)
    probabilities = serving.predict([text])[0]
    label = int(probabilities.argmax())
    deep, wide = weigh_pieces(serving.model, np.array([ids], np.int32), label)
    pieces = serving.tokenizer.pieces
    # Every text is read with one space before it.
    ends = np.cumsum([len(pieces[i]) for i in ids]) - 1
    starts = np.maximum(np.concatenate([[0], ends[:-1]]), 0)
    first = np.flatnonzero(word_starts(word_edges(pieces), ids))
    words = np.add.reduceat(np.array([deep, wide]), first, axis=1)
    word_ends = ends[np.append(first[1:], len(ids)) - 1]

    def rows(starts, ends, deep, wide) -> list[dict]:
        return [
            {
                "text": data[start:end].decode("utf-8", "replace"),
                "start": int(start),
                "end": int(end),
                "deep": shorten(d),
                "wide": shorten(w),
                "weight": shorten(d + w),
            }
            for start, end, d, w in zip(starts, ends, deep, wide, strict=True)
        ]

    return {
        "text": text,
        "label": serving.label_names[label],
        "probability": shorten(probabilities[label]),
        "truncated": truncated,
        "tokens": rows(starts, ends, deep, wide),
        "words": rows(starts[first], word_ends, *words),
    }


def _encode(serving: Serving, text: str) -> tuple[bytes, list[int], bool]:
    """The bytes of a text, its piece ids, and whether any of them were left out."""
    data, cut = cut_text(text, serving.max_bytes)
    ids = serving.tokenizer.encode(data.decode("utf-8", "replace"))
    if not ids:
        raise UsageError("the text is empty: give one with a word to explain")
    kept = ids[: serving.max_tokens]
    return data, kept, cut or len(kept) < len(ids)


def weigh_pieces(model: keras.Model, ids: np.ndarray, label: int) -> tuple:
    """Gradient times input, float32 `(T,)`, of the deep and of the wide branch.

    The model gives logits for piece `ids (1, T)` without padding; that of the label
    counts.
    """
    names = ("embedding", "words", "bag")
    layers = {layer.name: layer for layer in model.layers if layer.name in names}
    # The model in two: up to the branches' inputs, and from there on.
    outputs = {name: layer.output for name, layer in layers.items()}
    inner = [name for name in ("embedding", "bag") if name in layers]
    before = keras.Model(model.inputs[0], outputs)
    after = keras.Model([model.inputs[0], *map(outputs.get, inner)], model.output)
    starts = word_starts(layers["words"].edges, ids[0]) if "words" in layers else None
    ids = ops.convert_to_tensor(ids)
    activations = before(ids)
    values = [activations[name] for name in inner]
    slopes = gradients(lambda *x: after([ids, *x])[0, label], values)
    vectors = ops.convert_to_numpy(values[0])[0]  # (T, E)
    deep = (vectors * slopes[0][0]).sum(axis=1)
    if starts is None:
        return deep, np.zeros_like(deep)
    buckets = ops.convert_to_numpy(activations["words"])
    shares = weigh_buckets(layers["bag"], buckets, slopes[1][0])
    return deep, share_among_pieces(shares, buckets[0], starts)


def weigh_buckets(bag: BagOfBuckets, buckets, slope) -> np.ndarray:
    """Gradient times input `(N,)` of the table row of each of `buckets (1, N)`.

    `slope (dim,)` is the gradient with respect to the bag's output.
    """
    rows = ops.convert_to_numpy(bag.table(buckets))[0]  # (N, dim)
    real = buckets[0] > 0
    scale = bag.learning_rate_ratio / np.sqrt(max(real.sum(), 1))
    return (rows @ slope) * real * np.float32(scale)


def word_starts(edges: str, ids) -> np.ndarray:
    """Which pieces `(T,)` begin a word, as in `HashedWords`."""
    edge = np.array([int(edges[i]) for i in ids])
    starts = edge % 2 == 1
    starts[1:] |= edge[:-1] // 2 == 1  # the piece before ends a word
    starts[0] = True
    return starts


def share_among_pieces(weights, buckets, starts) -> np.ndarray:
    """Spreads the buckets' weights evenly over the pieces `(T,)` that spell them.

    `weights (2 T,)` and `buckets (2 T,)` are of words and then of pairs, each at the
    last piece of a word; a bucket is 0 where there is none. `starts (T,)` says which
    pieces begin a word.
    """
    length = len(starts)
    shared = np.zeros(length, np.float32)
    begin = np.maximum.accumulate(np.where(starts, np.arange(length), 0))
    for index in np.flatnonzero(buckets):
        last = index % length
        first = begin[last]
        if index >= length and first > 0:  # a pair begins a word earlier
            first = begin[first - 1]
        shared[first : last + 1] += weights[index] / (last + 1 - first)
    return shared


def attention(serving: Serving, text: str) -> list[np.ndarray]:
    """The attention `(T, T)` of each layer, averaged over its heads; rows attend."""
    _, ids, _ = _encode(serving, text)
    encoder = serving.model.get_layer("encoder")
    before = keras.Model(serving.model.inputs[0], encoder.input[0])
    x = before(ops.convert_to_tensor([ids], "int32"))
    _, scores = encoder(x, return_scores=True)
    return [ops.convert_to_numpy(layer)[0].mean(axis=0) for layer in scores]

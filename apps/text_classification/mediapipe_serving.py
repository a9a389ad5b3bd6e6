"""The classifier as MediaPipe's TextClassifier calls it, with token attributions.

These say how much each token spoke for the likeliest label. The last layers are linear
in the mean over the tokens and in the sum over the hashed words, so the label's logit
is a sum over tokens and a constant; a word's share goes to its last token. Where one
label is chosen, the mean over all labels is subtracted, which changes no probability. A
token's share includes what the encoder brought to it from its neighbours.

Reference: Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR
2016 (class activation maps; there over the places of a picture).
"""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import ops

from ..common.classification.labels import label_facts
from ..common.errors import UsageError
from ..common.export.mediapipe import MediaPipeForm
from ..common.export.metadata import Metadata
from ..common.text.wordpiece import END, WordPieceTokenizer
from .serving import Serving

UNCUT = 1_000_000  # tokens
HEADS = ("joint", "wide", "deep")


def check_tokenizer(tokenizer) -> WordPieceTokenizer:
    """Gives the tokenizer back, or a UsageError if MediaPipe cuts texts otherwise."""
    if not isinstance(tokenizer, WordPieceTokenizer):
        raise UsageError(
            "format 'mediapipe': MediaPipe cannot cut texts into byte pieces: train "
            "the run with --set tokenizer=mediapipe, or fine-tune a KerasHub preset"
        )
    if not tokenizer.lowercase:
        raise UsageError(
            "format 'mediapipe': MediaPipe lowers every text, but this preset tells "
            "capitals from small letters: fine-tune an uncased one"
        )
    if "" in tokenizer.pieces or any("\n" in piece for piece in tokenizer.pieces):
        raise UsageError(
            "format 'mediapipe': the vocabulary has an empty piece, which MediaPipe "
            "would leave out, and read all others one off"
        )
    return tokenizer


def make_mediapipe_form(
    serving: Serving,
    texts: Sequence[str],
    thresholds: np.ndarray | None = None,
    descriptions: Mapping[str, str] | None = None,
) -> MediaPipeForm:
    """The classifier as MediaPipe calls it, and held-out texts."""
    tokenizer = check_tokenizer(serving.tokenizer)
    uncut = WordPieceTokenizer(tokenizer.pieces, True, UNCUT)
    names = serving.label_names
    return MediaPipeForm(
        MediaPipeModel(serving, tokenizer.ids[END]),
        uncut.encode_all(texts),
        {"probabilities": serving.predict_ids(tokenizer.encode_all(texts))},
        serving.max_tokens,
        Metadata(
            "Text classifier. The first output has the labels' probabilities; the "
            "second says of each token how much it spoke for the likeliest label: "
            "above 0.5 for it, below 0.5 against it.",
            {
                "ids": "ids of the tokens, from [CLS] to [SEP], then 0",
                "mask": "1 for each token, then 0",
                "segment_ids": "0",
            },
            {
                "probabilities": "of the labels",
                "token_attributions": "of each token, from [CLS] on",
            },
            labels={"probabilities": names},
            facts=label_facts(names, serving.multi_label, thresholds, descriptions),
            vocabulary=tokenizer.pieces,
        ),
    )


class MediaPipeModel:
    """MediaPipe's three inputs to probabilities and attributions: a pure function.

    Call arguments:
        weights: as `serving.weights`.
        tables: empty.
        ids: `(1, T)` int32, cut at `max_tokens`, the last one then [SEP].
        mask: `(1, T)` int32, 1 for tokens and 0 after them.
        segment_ids: `(1, T)` int32 zeros.

    Returns:
        `probabilities (1, labels)` and `token_attributions (1, max_tokens)`: 0.5 says
        nothing, and the token that says most has 1 or 0.
    """

    def __init__(self, serving: Serving, end: int):
        self.serving, self.end = serving, end
        model = serving.model
        layers = {layer.name: layer for layer in model.layers}
        pooled = layers["pooling"].input  # the tokens' vectors (B, T, E)
        tokens = pooled[0] if isinstance(pooled, list | tuple) else pooled
        inner = {"logits": model.output, "tokens": tokens}
        if "words" in layers:
            inner["buckets"] = layers["words"].output
        self.inner = keras.Model(model.inputs, inner)
        self.bag = layers.get("bag")
        self.heads = [layers[name] for name in HEADS if name in layers]

    def __call__(self, weights, tables, ids, mask, segment_ids):
        serving = self.serving
        ids = self.cut(ids * mask + segment_ids)
        values = list(zip(serving.model.weights, weights, strict=True))
        with keras.StatelessScope(state_mapping=values):
            activations = self.inner(ids, training=False)
            logits = activations["logits"]
            shares = self.share(ids, activations)  # (1, T, labels)
        activate = ops.sigmoid if serving.multi_label else ops.softmax
        probabilities = activate(logits)
        if not serving.multi_label:
            shares = shares - ops.mean(shares, axis=-1, keepdims=True)
        # Not argmax, which Keras writes with bitwise operators.
        likeliest = ops.equal(logits, ops.max(logits, axis=-1, keepdims=True))
        likeliest = ops.cast(likeliest, "float32")
        shares = ops.sum(shares * ops.expand_dims(likeliest, 1), axis=-1)  # (1, T)
        most = ops.max(ops.abs(shares), axis=-1, keepdims=True)
        said = 0.5 + 0.5 * shares / ops.maximum(most, 1e-9)
        # MediaPipe wants static outputs, whatever a text's length.
        length = serving.max_tokens
        said = ops.concatenate([said, ops.full((1, length), 0.5)], axis=1)[:, :length]
        return {
            "probabilities": ops.reshape(probabilities, (1, logits.shape[-1])),
            "token_attributions": ops.reshape(said, (1, length)),
        }

    def cut(self, ids):
        """Ids cut at `max_tokens`, which MediaPipe does for static files alone."""
        most = self.serving.max_tokens
        ids = ids[:, :most]
        place = ops.cumsum(ops.ones_like(ids), axis=1)
        full = ops.logical_and(ops.equal(place, most), ids > 0)
        return ops.where(full, self.end, ids)

    def share(self, ids, activations):
        """Each token's share `(1, T, labels)` of the logits without the biases."""
        real = ops.cast(ops.not_equal(ids, 0), "float32")
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
        tokens = activations["tokens"]
        width = tokens.shape[-1]
        kernels = {head.name: ops.convert_to_tensor(head.kernel) for head in self.heads}
        deep = [kernels[name][:width] for name in ("joint", "deep") if name in kernels]
        shares = ops.matmul(tokens * ops.expand_dims(real / count, -1), sum(deep))
        if self.bag is not None:
            wide = kernels["joint"][width:] + kernels["wide"]
            buckets = ops.matmul(addends(self.bag, activations["buckets"]), wide)
            length = ops.shape(ids)[1]
            shares = shares + buckets[:, :length] + buckets[:, length:]
        return shares / len(self.heads)


def addends(bag, buckets):
    """What each of `buckets (B, N)` adds to its bag, `(B, N, dim)`."""
    real = ops.cast(buckets > 0, "float32")
    count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
    weight = real * bag.learning_rate_ratio / ops.sqrt(count)
    return bag.table(buckets) * ops.expand_dims(weight, -1)

"""Fine-tuning a KerasHub preset: its tokenizer, and its backbone as a classifier.

keras_hub is heavy (it brings tensorflow-text), so it is imported here alone, and only
for runs of such a preset.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from polyhead.layers import MaskedPooling, enable_lora

from ..common.errors import PolyheadError, UsageError
from .config import PRESETS, Config
from .model import logits

PAD = 0  # what batches are padded with
BACKBONE = "backbone"  # name of the layer in model.keras


def import_keras_hub(what: str):
    """Imports keras_hub, which also registers what a model.keras of it names."""
    try:
        import keras_hub
    except ImportError as error:
        raise PolyheadError(
            f"{what} needs keras-hub, which cannot be imported "
            f"({str(error).splitlines()[0]}): pip install keras-hub"
        ) from error
    return keras_hub


def check_preset(preset: str) -> None:
    """Refuses a preset that is neither a folder nor a BERT of KerasHub's."""
    if "://" in preset or Path(preset).is_dir():
        return
    known = import_keras_hub(f"preset {preset!r}").models.BertBackbone.presets
    if preset not in known:
        raise UsageError(
            f"preset {preset!r}: one of {', '.join([*PRESETS, *sorted(known)])}, "
            "or a folder in KerasHub's or Transformers' form"
        )


def _load(config: Config, kind: str, **settings):
    hub = import_keras_hub(f"preset {config.preset!r}")
    try:
        loaded = getattr(hub.models, kind).from_preset(config.preset, **settings)
    except Exception as error:  # downloads, json, h5py, safetensors: each their own
        raise PolyheadError(
            f"preset {config.preset!r}: cannot be loaded "
            f"({' '.join(str(error).split())[:200]}): name a BERT preset of KerasHub, "
            "or a folder of one in KerasHub's or Transformers' form"
        ) from error
    wanted = getattr(hub.models, kind.replace("Backbone", "BertBackbone"))
    if not isinstance(loaded, wanted):
        raise UsageError(
            f"preset {config.preset!r}: a {type(loaded).__name__}; only BERT presets "
            "can be fine-tuned so far"
        )
    return loaded


class PresetTokenizer:
    """KerasHub's tokenizer, called as the app's own `Tokenizer` is.

    Args:
        vocabulary: its pieces.
        lowercase: whether texts are lowered.
        max_tokens: texts are cut to as many ids, [CLS] and [SEP] among them.
    """

    def __init__(self, vocabulary: Sequence[str], lowercase: bool, max_tokens: int):
        hub = import_keras_hub("the tokenizer of a KerasHub preset")
        self.pieces = list(vocabulary)
        self.lowercase = lowercase
        self.max_tokens = max_tokens
        self.tokenizer = hub.models.BertTokenizer(self.pieces, lowercase=lowercase)
        if self.tokenizer.pad_token_id != PAD:
            raise UsageError(
                f"the vocabulary has [PAD] at {self.tokenizer.pad_token_id}, not at "
                f"{PAD}; only presets that pad with {PAD} can be fine-tuned"
            )

    @classmethod
    def from_preset(cls, config: Config) -> "PresetTokenizer":
        """The tokenizer of the older run to begin with, or of the preset."""
        if config.init_from:
            path = Path(config.init_from) / "tokenizer.json"
            return cls.load(path, config.max_tokens)
        loaded = _load(config, "BertTokenizer")
        return cls(loaded.get_vocabulary(), loaded.lowercase, config.max_tokens)

    @classmethod
    def load(cls, path: str | Path, max_tokens: int | None = None) -> "PresetTokenizer":
        """Reads what `save` wrote."""
        try:
            saved = json.loads(Path(path).read_text(encoding="utf-8"))
            parts = saved["vocabulary"], saved["lowercase"], saved["max_tokens"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PolyheadError(
                f"{path}: not a readable tokenizer ({error}): train the run again with "
                "--overwrite"
            ) from error
        return cls(*parts[:2], max_tokens or parts[2])

    def save(self, path: str | Path) -> None:
        content = {
            "type": "keras_hub.models.BertTokenizer",
            "lowercase": self.lowercase,
            "max_tokens": self.max_tokens,
            "vocabulary": self.pieces,
        }
        text = json.dumps(content, ensure_ascii=False, indent=0)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def encode_all(
        self, texts: Sequence[str], piece_dropout: float = 0.0, rng=None
    ) -> list[np.ndarray]:
        """Ids of each text from [CLS] to [SEP], int32.

        `piece_dropout` is left aside: a preset has learned one spelling of a word.
        """
        first, last = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        # As everywhere, a text ends at its first zero byte.
        data = [text.split("\0", 1)[0].encode("utf-8", "replace") for text in texts]
        pieces = self.tokenizer.tokenize([line.decode() for line in data])
        kept = self.max_tokens - 2
        return [np.array([first, *row[:kept], last], np.int32) for row in pieces]


def build_classifier(config: Config, num_labels: int) -> keras.Model:
    """The preset, or the older run's model, as a classifier to be trained.

    Args:
        config: a resolved configuration.
        num_labels: number of labels.

    Returns:
        A functional model of `(B, T)` int32 ids with the output "joint", built
        under the global dtype policy.
    """
    if config.init_from:
        path = Path(config.init_from) / "model.keras"
        model = copy_classifier(load_classifier(path), config, num_labels)
    else:
        dtype = keras.config.dtype_policy()
        settings = {"dropout": config.dropout, "dtype": dtype, "name": BACKBONE}
        model = _classifier(_load(config, "Backbone", **settings), config, num_labels)
    if config.lora_rank:
        for layer in model.get_layer(BACKBONE).layers:
            if layer.name.startswith("transformer_layer"):
                enable_lora(layer, config.lora_rank)
            else:
                layer.trainable = False
    return model


def _classifier(backbone, config: Config, num_labels: int) -> keras.Model:
    if config.max_tokens > backbone.max_sequence_length:
        raise UsageError(
            f"max_tokens is {config.max_tokens}; preset {config.preset!r} takes "
            f"{backbone.max_sequence_length} at most"
        )
    backbone.pooled_dense.trainable = False  # its output is not used
    ids = keras.Input((None,), dtype="int32", name="ids")
    inputs = {
        "token_ids": ids,
        "padding_mask": ops.cast(ops.not_equal(ids, PAD), "int32"),
        "segment_ids": ops.zeros_like(ids),
    }
    pooled = pool(backbone, MaskedPooling("mean", name="pooling"), inputs)  # (B, E)
    pooled = keras.layers.Dropout(config.dropout, seed=config.seed + 1)(pooled)
    joint = logits(num_labels, config.seed, "joint")(pooled)
    return keras.Model(ids, {"joint": joint})


def pool(backbone, pooling, inputs):
    """Mean of the real tokens' vectors `(B, E)`; they suit every BERT alike."""
    tokens = backbone(inputs)["sequence_output"]  # (B, T, E)
    real = ops.cast(inputs["padding_mask"], "bool")
    return pooling(tokens, padding_mask=real)


def copy_classifier(model: keras.Model, config: Config, num_labels: int) -> keras.Model:
    """The same classifier under the global dtype policy, adapters merged.

    A head for another number of labels begins anew.
    """
    old = model.get_layer(BACKBONE)
    settings = {"dtype": keras.config.dtype_policy(), "dropout": config.dropout}
    backbone = type(old).from_config({**old.get_config(), **settings})
    copy = _classifier(backbone, config, num_labels)
    for source, target in zip(
        old._flatten_layers(), backbone._flatten_layers(), strict=True
    ):
        store: dict = {}  # as in a file, kernels hold what their adapters add
        source.save_own_variables(store)
        target.load_own_variables(store)
    head, old_head = copy.get_layer("joint"), model.get_layer("joint")
    if head.kernel.shape == old_head.kernel.shape:
        head.set_weights(old_head.get_weights())
    return copy


def load_classifier(path: Path) -> keras.Model:
    """Reads a `model.keras` that holds a KerasHub backbone."""
    import_keras_hub(str(path))
    return keras.saving.load_model(path, compile=False)

"""Fine-tuning a KerasHub preset: its vocabulary, and its backbone as a classifier."""

from pathlib import Path

import keras
from keras import ops

from polyhead.layers import MaskedPooling, enable_lora

from ...common.errors import PolyheadError, UsageError
from ...common.run.saving import load_model
from ...common.text.wordpiece import WordPieceTokenizer
from ..config import Config
from .hub import import_keras_hub
from .model import logits

PAD = 0  # what batches are padded with
BACKBONE = "backbone"  # name of the layer in model.keras


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


def preset_tokenizer(config: Config) -> WordPieceTokenizer:
    """The preset's vocabulary, read by MediaPipe's rules.

    KerasHub's own tokenizer cannot be a part of the exported files.
    """
    loaded = _load(config, "BertTokenizer")
    vocabulary, lowercase = loaded.get_vocabulary(), loaded.lowercase
    return WordPieceTokenizer(vocabulary, lowercase, config.max_tokens)


def build_classifier(config: Config, num_labels: int) -> keras.Model:
    """The preset, or the older run's model, as a classifier under the dtype policy."""
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
    real = ops.cast(ops.not_equal(ids, PAD), "int32")  # (B, T)
    segments = ops.zeros_like(ids)
    inputs = {"token_ids": ids, "padding_mask": real, "segment_ids": segments}
    tokens = backbone(inputs)["sequence_output"]  # (B, T, E)
    # The mean of the real tokens' vectors suits every BERT.
    pooling = MaskedPooling("mean", name="pooling")
    pooled = pooling(tokens, padding_mask=ops.cast(real, "bool"))  # (B, E)
    pooled = keras.layers.Dropout(config.dropout, seed=config.seed + 1)(pooled)
    joint = logits(num_labels, config.seed, "joint")(pooled)
    return keras.Model(ids, {"joint": joint})


def copy_classifier(model: keras.Model, config: Config, num_labels: int) -> keras.Model:
    """The same with adapters merged; a head for another number of labels is new."""
    old = model.get_layer(BACKBONE)
    settings = {"dtype": keras.config.dtype_policy(), "dropout": config.dropout}
    backbone = type(old).from_config({**old.get_config(), **settings})
    copy = _classifier(backbone, config, num_labels)
    layers = [part._flatten_layers() for part in (old, backbone)]
    for source, target in zip(*layers, strict=True):
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
    return load_model(path)

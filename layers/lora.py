"""Low-rank adapters (LoRA) on whole layers and models."""

import gc

import keras
from keras import ops

ADAPTER_WEIGHTS = (
    "lora_kernel_a",
    "lora_kernel_b",
    "lora_embeddings_a",
    "lora_embeddings_b",
)


def enable_lora(layer: keras.layers.Layer, rank: int) -> None:
    """Freezes all weights of `layer` and trains low-rank changes of its kernels.

    It works on any Keras layer or model: Keras's own `enable_lora` is called on each
    Dense, EinsumDense and Embedding inside. To train a new head in full, enable the
    layers below the head one by one. Compile the model again afterwards. Saved files
    contain the kernels with the low-rank changes added.

    Args:
        layer: `keras.layers.Layer` or `keras.Model` that is built.
        rank: int. Rank of the changes.

    Raises:
        ValueError: If the layer is not built or already has adapters.

    Example:

    >>> dense = keras.layers.Dense(8)
    >>> dense.build((None, 16))
    >>> enable_lora(dense, rank=2)
    >>> [tuple(w.shape) for w in dense.trainable_weights]
    [(16, 2), (2, 8)]

    Reference:
        Hu et al., LoRA, https://arxiv.org/abs/2106.09685
    """
    if not layer.built:
        raise ValueError(f"Build {layer.name!r} (call it once) before enable_lora.")
    targets = _targets(layer)
    if any(target.lora_enabled for target in targets):
        raise ValueError(
            f"{layer.name!r} already has LoRA adapters. Call merge_lora first."
        )
    for weight in layer.trainable_weights:
        weight.trainable = False
        weight.frozen_by_lora = True
    for target in targets:
        target.enable_lora(rank)


def merge_lora(layer: keras.layers.Layer) -> None:
    """Adds the learned changes to the kernels and removes the adapters.

    The outputs of the layer stay the same, and the weights that `enable_lora` froze are
    trainable again. Compile the model again afterwards. Keras has no such function.

    Args:
        layer: `keras.layers.Layer` or `keras.Model`. One without adapters is left
            unchanged.

    Example:

    >>> dense = keras.layers.Dense(8)
    >>> dense.build((None, 16))
    >>> enable_lora(dense, rank=2)
    >>> merge_lora(dense)
    >>> [tuple(w.shape) for w in dense.trainable_weights]
    [(16, 8), (8,)]
    """
    # Keras runs the garbage collector for each deleted variable, which takes seconds in
    # a large process. Frozen objects are skipped.
    gc.freeze()
    try:
        for target in _targets(layer):
            if target.lora_enabled:
                _merge(target)
    finally:
        gc.unfreeze()
    for weight in layer.weights:
        if getattr(weight, "frozen_by_lora", False):
            weight.trainable = True
            weight.frozen_by_lora = False


def _targets(layer):
    """The layers inside `layer` that have Keras's adapters, each of them once."""
    sublayers = {id(sublayer): sublayer for sublayer in layer._flatten_layers()}
    return [
        sublayer
        for sublayer in sublayers.values()
        if hasattr(sublayer, "enable_lora") and hasattr(sublayer, "lora_enabled")
    ]


def _merge(layer):
    # Keras saves the merged kernel, in the precision of the variable.
    store = {}
    layer.save_own_variables(store)
    store = {name: ops.convert_to_numpy(value) for name, value in store.items()}
    for name in ADAPTER_WEIGHTS:
        if hasattr(layer, name):
            delattr(layer, name)
    layer.lora_enabled = False
    layer.lora_rank = layer.lora_alpha = None
    layer.load_own_variables(store)


class LoraMethods:
    """Gives a layer the methods `enable_lora` and `merge_lora`."""

    def enable_lora(self, rank: int) -> None:
        """Runs `polyhead.layers.enable_lora` on this layer."""
        enable_lora(self, rank)

    def merge_lora(self) -> None:
        """Runs `polyhead.layers.merge_lora` on this layer."""
        merge_lora(self)

"""Low-rank adapters (LoRA) on whole layers and models."""

import gc

from keras import ops

ADAPTER_WEIGHTS = (
    "lora_kernel_a",
    "lora_kernel_b",
    "lora_embeddings_a",
    "lora_embeddings_b",
)


def enable_lora(layer, rank):
    """Freezes all weights of `layer` and trains low-rank changes of its kernels.

    Works on any Keras layer or model: each Dense, EinsumDense and Embedding inside gets
    Keras's own adapters. To train a new head in full, enable the layers below it one
    by one. Compile the model again afterwards. Files hold the kernels with the change
    added.

    Args:
        layer: A built layer or model.
        rank: Rank of the change.

    Raises:
        ValueError: If the layer is not built, or has adapters already.

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
        raise ValueError(f"{layer.name!r} has LoRA adapters already; merge_lora first.")
    for weight in layer.trainable_weights:
        weight.trainable = False
        weight.frozen_by_lora = True
    for target in targets:
        target.enable_lora(rank)


def merge_lora(layer):
    """Adds the learned changes to the kernels and removes the adapters.

    The layer computes what it did before, holds no adapter weights, and what
    `enable_lora` froze can be trained again. Compile the model again afterwards.

    Args:
        layer: A layer or model; one without adapters is left as it is.

    Example:

    >>> dense = keras.layers.Dense(8)
    >>> dense.build((None, 16))
    >>> enable_lora(dense, rank=2)
    >>> merge_lora(dense)
    >>> [tuple(w.shape) for w in dense.trainable_weights]
    [(16, 8), (8,)]
    """
    # Keras collects garbage at each deleted variable, which takes seconds in a large
    # process; objects that are frozen meanwhile need not be looked at.
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
    parts = {id(part): part for part in layer._flatten_layers()}  # shared ones once
    return [
        part
        for part in parts.values()
        if hasattr(part, "enable_lora") and hasattr(part, "lora_enabled")
    ]


def _merge(layer):
    # What Keras would save is the merged kernel, in the variable's own precision.
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
    """`enable_lora` and `merge_lora` as methods of a layer."""

    def enable_lora(self, rank):
        """See `polyhead.layers.enable_lora`."""
        enable_lora(self, rank)

    def merge_lora(self):
        """See `polyhead.layers.merge_lora`."""
        merge_lora(self)

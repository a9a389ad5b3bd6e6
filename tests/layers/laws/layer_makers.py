"""Makers of layers for a LayerCase, and functions that run them step by step."""

import keras
from keras import ops
from layer_tools import by_steps


@keras.saving.register_keras_serializable("polyhead-tests")
class Wrapped(keras.layers.Layer):
    """Calls another layer in the way that `mode` names."""

    def __init__(self, inner, mode, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner
        self.mode = mode

    def call(self, x):
        if self.mode == "bias":  # x: (B, H, T, S)
            shape = ops.shape(x)
            if None in shape:  # symbolic, of open length
                return x
            return x + ops.cast(self.inner(shape[2], shape[3]), x.dtype)
        if self.mode == "tied":
            return self.inner(self.inner(x), reverse=True)
        normal, statistics = self.inner.normalize(x)
        return normal, self.inner.denormalize(normal, statistics)

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return super().get_config() | {"inner": inner, "mode": self.mode}

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config["inner"])
        return cls(**{**config, "inner": inner})


def making(cls, *args, **fixed):
    """A maker of `cls` for a LayerCase; nested layers are made anew each time."""

    def make(**kwargs):
        made = {k: v() if callable(v) else v for k, v in (fixed | kwargs).items()}
        return cls(*args, **made)

    return make


def wrapping(mode, cls, *args, **fixed):
    def make(seed=None, dtype=None, name=None):
        inner = cls(*args, **fixed, seed=seed, dtype=dtype)
        return Wrapped(inner, mode, dtype=dtype, name=name)

    return make


def decoder_steps(layer, inputs, run=by_steps):
    mask = inputs.get("memory_padding_mask")
    memory = layer.project_memory(ops.convert_to_tensor(inputs["memory"]), mask)
    return run(layer, inputs["x"], memory_cache=memory)


def self_steps(layer, inputs, run=by_steps):
    mask = inputs.get("padding_mask")
    named = {} if mask is None else {"padding_mask": ops.convert_to_tensor(mask)}
    return run(layer, inputs["x"], **named)


def plain_steps(layer, inputs, run=by_steps):
    return run(layer, inputs["x"])

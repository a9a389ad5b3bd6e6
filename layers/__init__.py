"""Transformer layers for Keras 3, the same on TensorFlow, JAX and PyTorch."""

if __name__ != "polyhead.layers":
    # Under a second name every class would be registered twice, and loaded models
    # would hold classes that are not those of polyhead.layers.
    raise ImportError(f"Import polyhead.layers, not {__name__}.")

from .arithmetic import attention, masked_softmax
from .attention import MultiHeadAttention
from .biases import LinearBias, RelativeBias
from .caches import make_cache, write_cache
from .embedding import TokenEmbedding
from .encoder import Encoder, EncoderBlock
from .feedforward import FeedForward
from .lora import enable_lora, merge_lora
from .masks import causal_mask, combine_masks, window_mask
from .pooling import MaskedPooling
from .positions import LearnedPositions, RotaryPositions, SinusoidalPositions
from .residual import Residual

__all__ = [
    "Encoder",
    "EncoderBlock",
    "FeedForward",
    "LearnedPositions",
    "LinearBias",
    "MaskedPooling",
    "MultiHeadAttention",
    "RelativeBias",
    "Residual",
    "RotaryPositions",
    "SinusoidalPositions",
    "TokenEmbedding",
    "attention",
    "causal_mask",
    "combine_masks",
    "enable_lora",
    "make_cache",
    "masked_softmax",
    "merge_lora",
    "window_mask",
    "write_cache",
]

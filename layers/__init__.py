"""Transformer layers for Keras 3, the same on TensorFlow, JAX and PyTorch."""

if __name__ != "polyhead.layers":
    # Importing under another name would register every class twice, and loaded models
    # would then contain other classes than those of polyhead.layers.
    raise ImportError(f"Import polyhead.layers, not {__name__}.")

from .attention import attention, masked_softmax
from .beam_search import beam_search
from .biases import LinearBias, RelativeBias
from .caches import grow_cache, make_cache, write_cache
from .decoder import Decoder
from .decoder_block import DecoderBlock
from .decoding import greedy, sample
from .dropout import ByteDropout
from .embedding import SegmentEmbedding, TokenEmbedding
from .encoder import Encoder
from .encoder_block import EncoderBlock
from .feedforward import FeedForward
from .lora import enable_lora, merge_lora
from .masks import causal_mask, combine_masks, window_mask
from .multi_head_attention import MultiHeadAttention
from .patches import PatchEmbedding
from .pointer import PointerHead
from .pooling import MaskedPooling
from .positions import LearnedPositions, SinusoidalPositions
from .residual import Residual
from .reversible_normalization import ReversibleNormalization
from .rotary import RotaryPositions
from .samplers import draw_symbols, has_stopped, keep_probable
from .smoothing_bank import SmoothingBank

__all__ = [
    "ByteDropout",
    "Decoder",
    "DecoderBlock",
    "Encoder",
    "EncoderBlock",
    "FeedForward",
    "LearnedPositions",
    "LinearBias",
    "MaskedPooling",
    "MultiHeadAttention",
    "PatchEmbedding",
    "PointerHead",
    "RelativeBias",
    "Residual",
    "ReversibleNormalization",
    "RotaryPositions",
    "SegmentEmbedding",
    "SinusoidalPositions",
    "SmoothingBank",
    "TokenEmbedding",
    "attention",
    "beam_search",
    "causal_mask",
    "combine_masks",
    "draw_symbols",
    "enable_lora",
    "greedy",
    "grow_cache",
    "has_stopped",
    "keep_probable",
    "make_cache",
    "masked_softmax",
    "merge_lora",
    "sample",
    "window_mask",
    "write_cache",
]

"""What a text-to-text model reads of a text: piece ids, in Python and in a graph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from polyhead.layers.candidates import END, PAD
from polyhead.runtime.text_bytes import cut_text

from ...text.byte_pieces import Tokenizer
from ...text.letter_case.letters import LetterCase
from ...text.limits import token_limits
from ..batches import encode_source

SPACE = 32  # bytes up to it are white space and control characters


class Reader:
    """Texts to piece ids, and the case that is taken from them.

    The answer gets it back, see `letter_case`: of a run whose `config` has
    `carry_case`. Older runs leave all texts as they are.
    """

    def __init__(self, tokenizer: Tokenizer, config: Any) -> None:
        self.tokenizer = tokenizer
        self.case = LetterCase(config.carry_case)
        self.max_tokens, _ = token_limits(config)
        self.max_bytes = tokenizer.most_bytes(config.max_tokens)
        self.tables = {**tokenizer.tables, **self.case.tables}

    def tokenize(self, tables: Any, text: Any) -> tuple[Any, Any, Any]:
        """`(B, N)` bytes to `(B, max_tokens)` int32 piece ids, with the end symbol.

        A text of white space alone has no pieces: its answer is empty. The second
        result, booleans `(B,)`, says which texts have more pieces; the third is their
        case `(B, 1)`, None where it stays.
        """
        text = ops.cast(text, "int32")
        # Bytes after the first zero byte are no text.
        ended = ops.cumsum(ops.cast(ops.equal(text, 0), "int32"), axis=1)
        text = ops.where(ended > 0, 0, text)
        text = ops.where(ops.max(text, axis=1, keepdims=True) > SPACE, text, 0)
        case = None
        if self.case.carried:
            from ...text.letter_case.graph import take_case

            text, case = take_case(tables, text)
        ids, cut = self.tokenizer.encode_graph(tables, text, self.max_tokens - 1)
        none = ops.zeros_like(ids[:, :1])
        before = ops.concatenate([none, ids], axis=1)
        ids = ops.concatenate([ids, none], axis=1)
        ended = ops.logical_and(ops.equal(ids, PAD), ops.not_equal(before, PAD))
        return ops.where(ended, END, ids), cut, case

    def give_case(self, tables: Any, text: Any, case: Any) -> Any:
        """Answers, `(B, M)` bytes, in the case that `tokenize` took."""
        if case is None:
            return text
        from ...text.letter_case.graph import give_case

        return give_case(tables, ops.cast(text, "int32"), case)

    def give_case_strings(self, tables: Any, text: Any, case: Any) -> Any:
        """As `give_case`, of strings `(B,)` in TensorFlow."""
        import tensorflow as tf

        if case is None:
            return text
        longest = tf.maximum(tf.reduce_max(tf.strings.length(text)), 1)
        data = tf.io.decode_raw(text, tf.uint8, fixed_length=longest)
        data = self.give_case(tables, data, case)
        characters = tf.constant([b"", *(bytes([code]) for code in range(1, 256))])
        return tf.strings.reduce_join(tf.gather(characters, data), axis=1)

    def find_cut(self, texts: Sequence[str]) -> np.ndarray:
        """Which texts have more pieces than the model reads: bool `(texts,)`."""
        read = [self.case.read(text) for text in texts]
        return np.array(self.tokenizer.find_cut(read, self.max_tokens - 1), bool)

    def encode_texts(
        self, texts: Sequence[str], max_input_bytes: int | None = None
    ) -> tuple[list[np.ndarray], list[int]]:
        """What `tokenize` gives, in Python: piece ids, not padded, and the cases.

        `max_input_bytes` cuts the texts as a client of the .tflite does.
        """
        limit = min(max_input_bytes or self.max_bytes, self.max_bytes)
        data = [cut_text(text, limit)[0] for text in texts]
        data = [text if max(text, default=0) > SPACE else b"" for text in data]
        cut = [self.case.take(text.decode("utf-8", "replace")) for text in data]
        ids = self.tokenizer.encode_all([text for text, _ in cut])
        return encode_source(ids, self.max_tokens), [case for _, case in cut]

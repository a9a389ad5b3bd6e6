"""Text to piece ids, with one rule for Python, SavedModel and TFLite.

Greedy longest match of byte pieces. No piece crosses the start of a word, so a whole
line is matched as the `tokenizers` library matches word by word with the same file (the
tests' oracle). All matches are found at once: every byte starts a walk of the trie. A
text is normalised before, by a table whose name the run's configuration has.
"""

import io
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer as HuggingFaceTokenizer

from polyhead.runtime.text_bytes import cut_text

from ..errors import RETRAIN, PolyheadError, reason_of
from ..files import read_file
from .normalization.normalizer import Normalizer
from .normalization.table import NONE
from .trie import DEAD, ROOT, build_trie
from .vocabulary import (
    MAX_PIECE_BYTES,
    SPECIAL,
    byte_characters,
    learn_characters,
    learn_vocabulary,
)

CHUNK_BYTES = 4_000_000  # bounds the memory of encoding a large set
SPACE = 32


class Tokenizer:
    """Byte-piece tokenizer: a vocabulary file and the tables made of it.

    Args:
        file_text: str. The vocabulary, a file of the `tokenizers` library.
        normalization: str or None. How texts are normalised, see `Normalizer`.

    Example:

    >>> tokenizer = Tokenizer.learn(["a rose is a rose"] * 9, size=300)
    >>> ids = tokenizer.encode("A rose is")
    >>> b"".join(tokenizer.pieces[i] for i in ids)
    b' a rose is'
    """

    def __init__(self, file_text: str, normalization: str | None = None) -> None:
        self.file_text = file_text
        oracle = HuggingFaceTokenizer.from_str(file_text)
        vocabulary = oracle.get_vocab(with_added_tokens=False)
        byte_of = byte_characters()
        self.case_fold = oracle.normalizer.normalize_str("A").endswith("a")
        self.pieces = [b""] * len(vocabulary)
        for piece, piece_id in vocabulary.items():
            if piece not in SPECIAL:
                self.pieces[piece_id] = bytes(byte_of[c] for c in piece)
        # A zero byte ends a text, so its piece can never be met.
        known = {p: i for i, p in enumerate(self.pieces) if p and p != b"\0"}
        self.trie = build_trie(known)
        self.normalize = Normalizer(normalization, self.case_fold)

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """The arrays that `encode_graph` reads."""
        return {**self.trie, **self.normalize.tables}

    @classmethod
    def learn(
        cls,
        texts: Iterable[str],
        size: int,
        case_fold: bool = True,
        seed: int = 0,
        kind: str = "bytes",
        normalization: str | None = None,
    ) -> "Tokenizer":
        """Learns a vocabulary of at most `size` pieces from the texts.

        `kind` is "bytes", for pieces of words of any length, or "characters".
        """
        learn = learn_characters if kind == "characters" else learn_vocabulary
        texts = map(Normalizer(normalization, case_fold), texts)
        return cls(learn(texts, size, case_fold, seed).to_str(), normalization)

    @classmethod
    def load(cls, path: str | Path, normalization: str | None = None) -> "Tokenizer":
        """Reads a vocabulary file that `save` wrote."""
        try:
            return cls(read_file(path, RETRAIN), normalization)
        except PolyheadError:
            raise
        except Exception as error:  # the library raises bare Exception
            raise PolyheadError(
                f"{path}: not a readable tokenizer ({reason_of(error)}): {RETRAIN}"
            ) from error

    def save(self, path: str | Path) -> None:
        Path(path).write_text(self.file_text, encoding="utf-8")

    def most_bytes(self, max_tokens: int) -> int:
        """Upper bound on the bytes that the first `max_tokens` tokens cover."""
        return max_tokens * MAX_PIECE_BYTES + 4

    def encode_graph(self, tables: Any, text: Any, max_tokens: int) -> tuple[Any, Any]:
        """`(B, N)` int32 bytes to ids, and whether they are cut, in `keras.ops`.

        Returns:
            Ids `(B, max_tokens)`, and booleans `(B,)`: whether there are more pieces.
        """
        fold = self.case_fold
        if self.normalize.name != NONE:
            from .normalization.graph import normalize_bytes

            text, fold = normalize_bytes(tables, text), False
        ids = encode_bytes(tables, text, max_tokens + 1, fold)
        return ids[:, :max_tokens], ids[:, max_tokens] > 0

    def encode(self, text: str) -> list[int]:
        """The piece ids of one text."""
        return self.encode_all([text])[0].tolist()

    def encode_all(
        self,
        texts: Sequence[str],
        piece_dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> list[np.ndarray]:
        """The piece ids of many texts, each a uint16 or int32 array.

        A text ends at its first zero byte. `piece_dropout` is the chance that a match
        longer than one byte is skipped, so that the model also meets other divisions of
        a text into pieces; `rng` draws what is skipped.

        Reference: Provilkov et al., "BPE-Dropout", ACL 2020 (here for greedy
        matching, as in MaxMatch-Dropout, Hiraoka, COLING 2022).
        """
        encoded: list[np.ndarray] = []
        buffer, ends = io.BytesIO(), []
        for text in map(self.normalize, texts):
            line = text.encode("utf-8", errors="replace").split(b"\0", 1)[0]
            buffer.write(b" " + line + b"\0" if line else b"\0")
            ends.append(buffer.tell())
            if buffer.tell() >= CHUNK_BYTES:
                encoded += self._encode_buffer(buffer, ends, piece_dropout, rng)
                buffer, ends = io.BytesIO(), []
        if ends:
            encoded += self._encode_buffer(buffer, ends, piece_dropout, rng)
        return encoded

    def find_cut(self, texts: Sequence[str], max_tokens: int) -> list[bool]:
        """Which of the texts have more than `max_tokens` pieces."""
        most = self.most_bytes(max_tokens)
        rows = self.encode_all([text[: most + 1] for text in texts])
        # Where white space and the like is left out, few pieces may be many bytes.
        return [
            len(row) > max_tokens or len(cut_text(text, sys.maxsize)[0]) > most
            for row, text in zip(rows, texts, strict=True)
        ]

    def _encode_buffer(
        self, buffer: io.BytesIO, ends: list[int], piece_dropout: float, rng: Any
    ) -> list[np.ndarray]:
        data = np.frombuffer(buffer.getbuffer(), np.uint8).astype(np.int32)
        if self.case_fold:
            data = fold_case(np, data)
        keep = lambda: rng.random(len(data), np.float32) >= piece_dropout  # noqa: E731
        pieces, lengths = match(np, self.trie, data, keep if piece_dropout else None)
        # Walk all texts side by side from match to match.
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        chosen = np.zeros(len(data), bool)
        position = starts[data[starts] != 0]
        while len(position):
            chosen[position] = True
            position = position + lengths[position]
            position = position[data[position] != 0]
        where = np.flatnonzero(chosen)
        dtype = np.uint16 if len(self.pieces) < 2**16 else np.int32
        return np.split(pieces[where].astype(dtype), np.searchsorted(where, ends[:-1]))


def fold_case(xp: Any, data: Any) -> Any:
    """Lowers ASCII capitals; all other bytes stay."""
    upper = (data >= ord("A")) & (data <= ord("Z"))
    return data + xp.where(upper, SPACE, 0)


def match(
    xp: Any,
    tables: Any,
    data: Any,
    keep: Callable[[], Any] | None = None,
    state: Any = None,
    longest: int = MAX_PIECE_BYTES,
) -> tuple[Any, Any]:
    """The longest piece at each byte: ids and lengths; 0 and 1 at a zero byte.

    Args:
        xp: `numpy` or `keras.ops`.
        tables: from `build_trie`.
        data: `(N,)` int32 bytes; texts are separated by zeros.
        keep: gives booleans `(N,)` at each call: which matches of more than one byte
            may be used. None uses all.
        state: `(N,)` int32 states to begin with; the trie's root if None.
        longest: bytes of the longest piece.
    """
    base, check, value = tables["base"], tables["check"], tables["value"]
    state = xp.zeros_like(data) + ROOT if state is None else state
    pieces, lengths = xp.zeros_like(data), xp.ones_like(data)
    ahead = data
    for length in range(1, longest + 1):
        following = xp.take(base, state, axis=0) + ahead
        # No piece holds a zero byte, so a walk ends at the end of its text.
        follows = (xp.take(check, following, axis=0) == state) & (ahead > 0)
        state = xp.where(follows, following, DEAD)
        piece = xp.take(value, state, axis=0)
        matched = piece > 0
        if keep is not None and length > 1:
            matched = matched & keep()
        pieces = xp.where(matched, piece, pieces)
        lengths = xp.where(matched, length, lengths)
        ahead = xp.concatenate([ahead[1:], xp.zeros_like(ahead[:1])], axis=0)
    return pieces, lengths


def follow_jumps(jump: Any, start: Any, count: int) -> Any:
    """The positions `(B, count)` after 0, 1, 2, ... jumps from `start (B, 1)`.

    By pointer doubling: a number of jumps is a sum of powers of two.
    """
    from keras import ops

    number = ops.cumsum(ops.ones((1, count), "int32"), axis=1) - 1
    position = start + ops.zeros_like(number)
    step = 1
    while step < count:
        jumped = ops.take(jump, position, axis=0)
        position = ops.where((number // step) % 2 == 1, jumped, position)
        jump = ops.take(jump, jump, axis=0)
        step *= 2
    return position


def encode_bytes(tables: Any, text: Any, max_tokens: int, case_fold: bool) -> Any:
    """The tokenizer as a graph of builtin TFLite operators.

    `text (B, N)`, int32 bytes that end at the first zero, becomes `(B, max_tokens)` ids
    and zeros. Later pieces are cut; `max_tokens` is static.
    """
    from keras import ops

    first = text[:, :1]
    space = ops.where(first > 0, SPACE, 0)
    # A zero more at the end, so that every text has one.
    text = ops.concatenate([space, text, ops.zeros_like(first)], axis=1)  # (B, N + 2)
    if case_fold:
        text = fold_case(ops, text)
    length = text.shape[1] or ops.shape(text)[1]
    data = ops.reshape(text, (-1,))  # (B * (N + 2),)
    pieces, lengths = match(ops, tables, data)
    index = ops.cumsum(ops.ones_like(data)) - 1
    jump = ops.where(data > 0, index + lengths, index)  # stays at the end
    row = ops.cumsum(ops.ones_like(first), axis=0) - 1
    return ops.take(pieces, follow_jumps(jump, row * length, max_tokens), axis=0)

"""Piece ids to text, with one rule for Python, SavedModel and TFLite.

The pieces' bytes are joined, without the space that `encode` puts before every text. In
a graph, byte m of the text is looked up in the piece that covers it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from keras import ops

from polyhead.layers.candidates import gather

from .vocabulary import MAX_PIECE_BYTES

SPACE = 32


def piece_tables(pieces: Sequence[bytes]) -> dict[str, np.ndarray]:
    """`{"piece_bytes": uint8 (V * 16,), "piece_lengths": int32 (V,)}`."""
    table = np.zeros((len(pieces), MAX_PIECE_BYTES), np.uint8)
    for row, piece in zip(table, pieces, strict=True):
        row[: len(piece)] = np.frombuffer(piece, np.uint8)
    lengths = np.array([len(piece) for piece in pieces], np.int32)
    return {"piece_bytes": table.reshape(-1), "piece_lengths": lengths}


def join_pieces(pieces: Sequence[bytes], ids: Iterable[int]) -> bytes:
    """The text of a row of ids.

    Example:

    >>> join_pieces([b"", b" one", b"s"], [1, 2, 0])
    b'ones'
    """
    return b"".join(pieces[i] for i in ids).removeprefix(b" ")


def decode_ids(tables: Any, ids: Any, max_bytes: int) -> tuple[Any, Any]:
    """The detokenizer as a graph: piece ids `(B, T)` in, UTF-8 bytes `(B, M)` out.

    Both are padded with 0. M is `max_bytes`; a longer text is cut between characters.
    The second result, booleans `(B,)`, says which texts are longer.
    """
    lengths = ops.take(tables["piece_lengths"], ids, axis=0)  # (B, T)
    ends = ops.cumsum(lengths, axis=1)
    # The first piece that is not empty.
    leading = ops.sum(ops.cast(ends < 1, "int32"), axis=1, keepdims=True)
    first = gather(ids, ops.minimum(leading, ids.shape[1] - 1)) * MAX_PIECE_BYTES
    first = ops.take(tables["piece_bytes"], first, axis=0)
    skipped = ops.where(ops.equal(ops.cast(first, "int32"), SPACE), 1, 0)  # (B, 1)
    # One byte more than asked for tells whether the cut would split a character.
    place = ops.expand_dims(ops.arange(max_bytes + 1, dtype="int32"), 0) + skipped
    before = ops.expand_dims(place, 2) >= ops.expand_dims(ends, 1)  # (B, M + 1, T)
    covering = ops.sum(ops.cast(before, "int32"), axis=2)  # (B, M + 1)
    inside = place < ends[:, -1:]
    covering = ops.where(inside, covering, 0)
    start = gather(ends - lengths, covering)
    offset = ops.clip(place - start, 0, MAX_PIECE_BYTES - 1)
    row = gather(ids, covering) * MAX_PIECE_BYTES + offset
    data = ops.cast(ops.take(tables["piece_bytes"], row, axis=0), "int32")
    data = ops.where(inside, data, 0)
    return _cut(data, max_bytes), (ends[:, -1:] - skipped > max_bytes)[:, 0]


def _cut(data: Any, max_bytes: int) -> Any:
    """The first M of `data (B, M + 1)`, without a character that they only begin."""
    tail = data[:, max(0, max_bytes - 3) :]  # a character has up to 3 bytes more
    begins = ops.cast(ops.not_equal(tail // 64, 2), "int32")
    count = tail.shape[1]
    order = ops.expand_dims(ops.arange(1, count + 1, dtype="int32"), 0)
    last = ops.max(begins * order, axis=1, keepdims=True) - 1 + max_bytes + 1 - count
    last = ops.where(last < max_bytes + 1 - count, max_bytes, last)  # no UTF-8 at all
    kept = ops.expand_dims(ops.arange(max_bytes, dtype="int32"), 0) < last
    return ops.where(kept, data[:, :max_bytes], 0)

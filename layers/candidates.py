"""The symbols that may come next in decoding, best first; ties to the lowest id."""

import keras
from keras import ops

PAD, START, END = 0, 1, 2  # ids: padding, and the symbols before and after a text
NEVER = float("-inf")


def largest(x, k: int):
    """Values and int32 columns `(B, k)` of the largest entries of `x (B, V)`.

    Equal entries come in the order of their columns, on every backend.
    """
    if keras.backend.backend() == "torch":  # whose top_k orders ties at random
        columns = ops.cast(ops.argsort(-x, axis=-1)[:, :k], "int32")  # stable
        return ops.take_along_axis(x, columns, axis=-1), columns
    size = x.shape[-1]
    group = min(range(2, 129), key=lambda group: _entries_sifted(size, group, k))
    if _entries_sifted(size, group, k) > size // 2:
        values, columns = ops.top_k(x, k)
        return values, ops.cast(columns, "int32")
    # A row's k best are in the k groups with the largest maxima; among equal maxima the
    # earlier groups count. So a wide row is read once for its maxima, which is fast,
    # and only a small part of it is sifted, which is slow.
    groups = size // group
    whole = groups * group
    grouped = ops.reshape(x[:, :whole] if whole < size else x, (-1, groups, group))
    _, chosen = ops.top_k(ops.max(grouped, axis=-1), k)
    chosen = ops.sort(ops.cast(chosen, "int32"), axis=-1)  # (B, k), for the ties
    values = ops.reshape(gather(grouped, chosen), (-1, k * group))
    offsets = ops.reshape(ops.arange(group, dtype="int32"), (1, 1, group))
    columns = ops.expand_dims(chosen * group, -1) + offsets
    columns = ops.reshape(columns, (-1, k * group))
    if whole < size:
        rest = ops.expand_dims(ops.arange(whole, size, dtype="int32"), 0)
        rest = ops.broadcast_to(rest, (ops.shape(x)[0], size - whole))
        values = ops.concatenate([values, x[:, whole:]], axis=-1)
        columns = ops.concatenate([columns, rest], axis=-1)
    values, places = largest(values, k)
    return values, gather(columns, places)


def _entries_sifted(size, group, k):
    """What the k largest of `size` cost by groups; with a rest, the others are copied.

    Measured: the maxima of many small groups cost more than their number.
    """
    rest = size % group
    return 2 * (size // group) + k * group + rest + (size // 16 if rest else 0)


def gather(x, index):
    """`x (B, M, ...)` at `index (B, R)`, row by row: `(B, R, ...)`."""
    size = x.shape[1]
    flat = ops.reshape(x, (-1, *x.shape[2:]))
    rows = ops.arange(ops.shape(x)[0], dtype="int32") * size
    return ops.take(flat, index + ops.expand_dims(rows, 1), axis=0)


def candidates(logits, banned, k: int, start_id: int, end_id: int):
    """The end symbol and the best others that may come next.

    Padding and start symbol never come. The log-probabilities are the model's own: they
    are not normalised again without the symbols that may not come.

    Args:
        logits: `(B, N, V)`.
        banned: `(B, N)` int32, one more symbol that may not come; padding for none.
        k: how many others; fewer exist in a small vocabulary.

    Returns:
        Log-probabilities and int32 ids, each `(B, N, C)`, C static. Column 0 is the end
        symbol. The others follow from best to worst, among equals the lowest id first;
        those that may not come are among them, with minus infinity.
    """
    beams, size = logits.shape[1:]
    logits = ops.reshape(ops.cast(logits, "float32"), (-1, size))
    # A log-softmax would write all of (B, N, V) once more.
    total = ops.logsumexp(logits, axis=-1, keepdims=True)
    values, ids = largest(logits, min(k + 4, size))  # four are forbidden at most
    banned = ops.reshape(banned, (-1, 1))
    for symbol in (PAD, start_id, end_id, banned):
        values = ops.where(ops.equal(ids, symbol), NEVER, values)
    end = logits[:, end_id : end_id + 1]
    values = ops.concatenate([end, values], axis=-1) - total
    ids = ops.concatenate([ops.full_like(ids[:, :1], end_id), ids], axis=-1)
    shape = (-1, beams, values.shape[-1])
    return ops.reshape(values, shape), ops.reshape(ids, shape)


def endless(recent):
    """The symbol that would make a run of repetitions too long; padding if none would.

    A run repeats a sequence of 1 to W // 3 symbols. It may grow to W symbols, which are
    three repetitions or more, and no further. Runs of padding do not count: padding
    never comes.

    Args:
        recent: `(B, N, W)` int32, the last W symbols.

    Returns:
        `(B, N)` int32. One symbol is enough: a run with two such periods also has their
        greatest common divisor as a period, so both give the same next symbol.
    """
    width = recent.shape[-1]
    symbol = ops.zeros_like(recent[..., 0])
    for period in range(1, width // 3 + 1):
        same = ops.equal(recent[..., period:], recent[..., :-period])
        same = ops.all(same, axis=-1)
        symbol = ops.where(same, recent[..., width - period], symbol)
    return symbol


class History:
    """The symbols so far, `(B, N, W + S)`, after W of padding that `endless` reads.

    Args:
        max_steps: S.
        max_run: W, or `None` for no such guard.
    """

    def __init__(self, max_steps: int, max_run: int | None):
        if max_run is not None and max_run < 3:
            raise ValueError(f"max_run must be 3 or more, not {max_run}.")
        self.max_steps = max_steps
        self.width = max_run or 0

    def start(self, batch_size, beams: int):
        return ops.zeros((batch_size, beams, self.width + self.max_steps), "int32")

    def banned(self, history, position):
        """What may not come at `position`: `(B, N)` int32."""
        if not self.width:
            return ops.zeros_like(history[..., 0])
        last = ops.arange(self.width, dtype="int32") + position
        return endless(ops.take(history, last, axis=-1))

    def add(self, history, position, symbols):
        """Writes `symbols (B, N)` at `position`."""
        return put(history, position + self.width, symbols)

    def ids(self, history):
        """`(B, N, S)`, without the padding."""
        return history[..., self.width :]


def put(x, column, values):
    """Writes `values (B, N)` into a column of `x (B, N, S)`."""
    size = x.shape[-1]
    here = ops.equal(ops.arange(size, dtype="int32"), column)
    here = ops.reshape(here, (1, 1, size))
    return ops.where(here, ops.expand_dims(values, -1), x)

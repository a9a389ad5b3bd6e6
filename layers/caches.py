"""Key and value caches for decoding one position at a time."""

import numbers

from keras import ops

from .tensors import Tensor


def make_cache(
    batch_size: int,
    num_heads: int,
    max_length: int,
    head_dim: int,
    dtype: str = "float32",
) -> tuple[Tensor, Tensor]:
    """Returns an empty cache for the keys and values of one attention layer.

    KerasHub keeps both in one tensor `(B, 2, S, heads, head_dim)`.

    Args:
        batch_size: int. Number of examples, B.
        num_heads: int. Number of key and value heads.
        max_length: int. Number of positions, S.
        head_dim: int. Size of a head.
        dtype: str. Type of the entries. Defaults to `"float32"`.

    Returns:
        A tuple of keys and values, each zeros `(B, heads, S, head_dim)`.

    Example:

    >>> key, value = make_cache(2, num_heads=4, max_length=16, head_dim=8)
    >>> tuple(key.shape)
    (2, 4, 16, 8)
    """
    shape = (batch_size, num_heads, max_length, head_dim)
    return ops.zeros(shape, dtype=dtype), ops.zeros(shape, dtype=dtype)


def grow_cache(cache: Tensor, slots: int) -> Tensor:
    """Adds empty slots at the end of the keys or the values.

    Args:
        cache: Tensor `(B, heads, S, head_dim)`.
        slots: int. The new number of slots, S or more.

    Returns:
        Tensor `(B, heads, slots, head_dim)`.

    Raises:
        ValueError: If `slots` is below S.

    Example:

    >>> key, _ = make_cache(2, num_heads=4, max_length=16, head_dim=8)
    >>> tuple(grow_cache(key, 24).shape)
    (2, 4, 24, 8)
    """
    num_new = slots - cache.shape[2]
    if num_new < 0:
        raise ValueError(f"A cache of {cache.shape[2]} slots cannot grow to {slots}.")
    return ops.pad(cache, ((0, 0), (0, 0), (0, num_new), (0, 0))) if num_new else cache


def write_cache(cache: Tensor, value: Tensor, position: int | Tensor) -> Tensor:
    """Writes `value` into `cache` at `position`, and never past the end.

    Args:
        cache: Tensor `(B, heads, S, head_dim)`.
        value: Tensor `(B, heads, N, head_dim)`.
        position: int or int32 scalar tensor. Slot of the first of the N entries.

    Returns:
        The new cache. If a tensor `position` would write past the end, the cache is
        returned unchanged: backends would silently overwrite the last entries.

    Raises:
        ValueError: If an int `position` would write past the end.

    Example:

    >>> key, value = make_cache(1, num_heads=1, max_length=3, head_dim=1)
    >>> write_cache(key, np.ones((1, 1, 1, 1)), position=1)[0, 0, :, 0].numpy()
    array([0., 1., 0.], dtype=float32)
    """
    size, length = cache.shape[2], value.shape[2]
    known = isinstance(position, numbers.Integral) and size is not None
    last = (ops.shape(cache)[2] if size is None else size) - length
    if known and not 0 <= int(position) <= last:
        raise ValueError(
            f"Cannot write position {position} (length {length}) into a cache of "
            f"length {size}. Make the cache longer."
        )
    position = ops.cast(position, "int32")
    fits = ops.logical_and(position >= 0, position <= last)
    start = (0, 0, ops.clip(position, 0, last), 0)
    value = ops.cast(value, cache.dtype)
    # Only the N entries are compared and replaced, so a step does not copy the cache.
    value = ops.where(fits, value, ops.slice(cache, start, ops.shape(value)))
    return ops.slice_update(cache, start, value)


def write_rows(cache, value, positions):
    """Writes `value` into `cache`, in each row from a position of its own.

    Args:
        cache: Tensor `(B, heads, S, head_dim)`.
        value: Tensor `(B, heads, T, head_dim)`.
        positions: int, or int32 tensor `()` or `(B,)`. Slot of the first of the T
            entries. Entries before slot 0 and after the last one are left out.

    Returns:
        The new cache.
    """
    length, slots = ops.shape(value)[2], ops.shape(cache)[2]
    first = ops.reshape(ops.cast(positions, "int32"), (-1, 1, 1, 1))
    slot = ops.reshape(ops.arange(slots, dtype="int32"), (1, 1, -1, 1))
    entry = slot - first  # (1 or B, 1, S, 1), which entry belongs in the slot
    is_new = ops.logical_and(entry >= 0, entry < length)
    # Every row of `cache` has its index: backends broadcast batches differently.
    entry = ops.clip(entry, 0, length - 1) + ops.zeros_like(cache, dtype="int32")
    value = ops.take_along_axis(ops.cast(value, cache.dtype), entry, axis=2)
    return ops.where(is_new, value, cache)


def check_positions(positions, length, slots):
    """Refuses entries that are known to end after the last slot of the cache."""
    if not isinstance(positions, numbers.Integral) or None in (length, slots):
        return
    if positions + length > slots:
        raise ValueError(
            f"Cannot write positions {positions} to {positions + length - 1} into a "
            f"cache of length {slots}. Make the cache longer."
        )


def count_beams(query, keys, attention_mask):
    """Returns the number of hypotheses in a step, after checking that the cache fits.

    Where the query's length is not known, it is that of the mask, or 1.

    Args:
        query: Tensor `(B, N, E)`, one position of each of N hypotheses.
        keys: Tensor `(B, heads, S, head_dim)`, the keys of the cache.
        attention_mask: Boolean tensor `(B, N, S)`, or `None`.

    Returns:
        int, N.

    Raises:
        ValueError: If N is above 1 and there is no `attention_mask`, or if S is not a
            multiple of N.
    """
    beams, slots = query.shape[1], keys.shape[2]
    if beams is None:
        beams = 1 if attention_mask is None else attention_mask.shape[1]
    if beams is None:
        raise ValueError(
            "The number of hypotheses N is not known, neither from x (B, N, E) nor "
            "from attention_mask (B, N, S). Set one of the shapes."
        )
    if beams > 1 and attention_mask is None:
        raise ValueError(
            f"A step got {beams} hypotheses and no attention_mask. Pass a boolean mask "
            "(B, N, S) with the slots of each hypothesis' history."
        )
    if slots is not None and slots % beams:
        raise ValueError(
            f"A cache of {slots} slots is not for {beams} hypotheses. Make it with "
            f"make_cache(..., beams={beams})."
        )
    return beams

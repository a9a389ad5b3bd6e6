"""Key and value caches for decoding one position at a time."""

import numbers

from keras import ops


def make_cache(batch_size, num_heads, max_length, head_dim, dtype="float32"):
    """Returns an empty cache: keys and values, each `(B, heads, S, head_dim)`.

    Example:

    >>> key, value = make_cache(2, num_heads=4, max_length=16, head_dim=8)
    >>> tuple(key.shape)
    (2, 4, 16, 8)
    """
    shape = (batch_size, num_heads, max_length, head_dim)
    return ops.zeros(shape, dtype=dtype), ops.zeros(shape, dtype=dtype)


def grow_cache(cache, slots):
    """Adds empty slots at the end of a cache `(B, heads, S, head_dim)`.

    Example:

    >>> key, _ = make_cache(2, num_heads=4, max_length=16, head_dim=8)
    >>> tuple(grow_cache(key, 24).shape)
    (2, 4, 24, 8)
    """
    more = slots - cache.shape[2]
    if more < 0:
        raise ValueError(f"A cache of {cache.shape[2]} slots cannot grow to {slots}.")
    return ops.pad(cache, ((0, 0), (0, 0), (0, more), (0, 0))) if more else cache


def write_cache(cache, value, position):
    """Writes `value` into `cache` at `position`; never past the end.

    Args:
        cache: Tensor `(B, heads, S, head_dim)`.
        value: Tensor `(B, heads, N, head_dim)`.
        position: Where the first of the N entries goes; an int or an int32 scalar.

    Returns:
        The new cache. Where the write would pass the end, an int raises and a tensor
        leaves the cache as it was: backends would silently overwrite the last entries.

    Raises:
        ValueError: If `position` is an int outside the cache.

    Example:

    >>> key, value = make_cache(1, num_heads=1, max_length=3, head_dim=1)
    >>> write_cache(key, np.ones((1, 1, 1, 1)), position=1)[0, 0, :, 0].numpy()
    array([0., 1., 0.], dtype=float32)
    """
    size, length = cache.shape[2], value.shape[2]
    if isinstance(position, numbers.Integral) and not 0 <= position <= size - length:
        raise ValueError(
            f"Cannot write position {position} (length {length}) into a cache of "
            f"length {size}. Make the cache longer."
        )
    position = ops.cast(position, "int32")
    inside = ops.logical_and(position >= 0, position <= size - length)
    start = (0, 0, ops.clip(position, 0, size - length), 0)
    value = ops.cast(value, cache.dtype)
    # Only the N entries are compared and replaced, so that a step costs no full copy.
    value = ops.where(inside, value, ops.slice(cache, start, ops.shape(value)))
    return ops.slice_update(cache, start, value)

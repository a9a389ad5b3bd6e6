"""Seeds for the parts of a layer, derived from the layer's one `seed`."""

import random


def split_seed(seed, count):
    """Returns `count` different seeds that follow from `seed` (or all `None`)."""
    if seed is None:
        return [None] * count
    source = random.Random(seed)
    return [source.randrange(2**31) for _ in range(count)]

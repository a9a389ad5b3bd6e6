"""Seeds for the parts of a layer, derived from the layer's one `seed`."""

import random


def split_seed(seed, count):
    """Returns `count` different seeds derived from `seed`; all are `None` if it is."""
    if seed is None:
        return [None] * count
    generator = random.Random(seed)
    return [generator.randrange(2**31) for _ in range(count)]

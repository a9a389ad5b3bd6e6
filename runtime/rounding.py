"""What float32 loses of numbers: 1e8 and 1e8 + 1 are one number there; and its digits.

A float32 that was read from 367.8 is 367.79998779296875 as a float of Python.
"""

import numpy as np
from numpy.typing import ArrayLike

SMALLEST = float(np.finfo(np.float32).tiny)  # smaller ones may be read as 0
SHARE = 0.1  # of the change from a value to the next


def shorten(number: np.floating) -> float:
    """The number of the fewest digits from which the same float32 is read.

    Example:

    >>> import numpy as np
    >>> from polyhead.runtime.rounding import shorten
    >>> float(np.float32(367.8)), shorten(np.float32(367.8))
    (367.79998779296875, 367.8)
    """
    return float(str(number))


def write_shortest(number: np.floating) -> str:
    """The same as text, without the point of a whole number.

    Example:

    >>> import numpy as np
    >>> from polyhead.runtime.rounding import write_shortest
    >>> [write_shortest(x) for x in np.array([367.8, 5, 1e-7], np.float32)]
    ['367.8', '5', '1e-07']
    """
    return f"{shorten(number):.9g}"


def describe_rounding(values: ArrayLike) -> str:
    """Says in one line how float32 rounds a series of numbers; "" where it is fine.

    Args:
        values: `(N,)`, float64, NaN for missing.

    Example:

    >>> import numpy as np
    >>> from polyhead.runtime.rounding import describe_rounding
    >>> describe_rounding(1e8 + np.arange(9.0))
    'float32 keeps it to steps of 8, but it changes by 1: subtract 100000000 first'
    """
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    step, change = _usual_step(known)
    if step <= SHARE * change:
        return ""
    remedy = "its small changes are lost"
    middle = float(np.median(known))
    offset = float(f"{middle:.{_digits(middle, float(np.ptp(known)))}g}")
    less, same = _usual_step(known - offset)
    if less <= SHARE * same:
        remedy = f"subtract {offset:.15g} first"
    elif np.abs(known).max() < 1.0:
        remedy = f"multiply it by {10.0 ** -np.floor(np.log10(change)):.0e} first"
    return (
        f"float32 keeps it to steps of {step:.2g}, but it changes by {change:.2g}: "
        f"{remedy}"
    )


def _usual_step(known: np.ndarray) -> tuple[float, float]:
    """The distance of numbers in float32, and the change, where values change.

    Those of the change that is the median in units of the distance.
    """
    changes = np.abs(np.diff(known))
    sizes = np.maximum(np.abs(known[1:]), np.abs(known[:-1]))[changes > 0]
    changes = changes[changes > 0]
    if not len(changes):
        return 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.spacing(sizes.astype(np.float32)).astype(np.float64)
    steps = np.maximum(np.nan_to_num(steps), SMALLEST)
    middle = np.argsort(steps / changes)[len(changes) // 2]
    return float(steps[middle]), float(changes[middle])


def _digits(middle: float, spread: float) -> int:
    """The digits of `middle` that stand well above its `spread`, 1 to 15."""
    if not middle or not spread:
        return 1
    return int(np.clip(np.log10(abs(middle) / spread), 1, 15))

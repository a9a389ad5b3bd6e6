"""The interval of a share of rows, such as accuracy."""


def wilson(count: int, rows: int) -> list[float]:
    """The 95% interval of `count` of `rows`; it knows that few rows tell little.

    Where two of two rows are right, the true share may still be 0.34. Resamples of
    these rows would all be right too.

    Reference: Wilson, "Probable Inference, the Law of Succession, and Statistical
    Inference", 1927.

    Example:

    >>> from polyhead.apps.common.scoring.proportion import wilson
    >>> [round(end, 3) for end in wilson(2, 2)]
    [0.342, 1.0]
    """
    from scipy.stats import binomtest

    ends = binomtest(count, rows).proportion_ci(method="wilson")
    return [float(ends.low), float(ends.high)]

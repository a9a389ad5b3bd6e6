"""Compares the answers of an exported file with those of Keras."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import PolyheadError

TOLERANCE = 1e-4  # for the numbers of a float32 file
FREE_EXAMPLES = 2  # this many rows may always differ: small sets measure no finer

Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Form:
    """One way to call a model, with held-out examples."""

    function: Callable  # `(weights, tables, **inputs)` to a dict of outputs; pure
    inputs: Mapping[str, np.ndarray]  # the examples, row by row
    expected: Outputs  # Keras's outputs for them
    facts: Mapping[str, object] = field(default_factory=dict)  # for the report
    # Output -> the unit in which its numbers are compared, of a shape that broadcasts.
    # Without one it is 1.
    scales: Mapping[str, np.ndarray] = field(default_factory=dict)
    # Whether rounding alone could change Keras's answer for a row. None: never.
    is_tie: Callable[[int], bool] | None = None
    max_ties: int = 5  # if more rows than this differ, none counts as a tie


@dataclass(frozen=True)
class Metric:
    """The metric of an export, and when two answers differ."""

    name: str  # in metrics.json
    score: Callable[[Outputs], float]  # the metric of the outputs of all examples
    # Compares outputs with Keras's; gives booleans `(rows,)`.
    differs: Callable[[Outputs, Outputs], np.ndarray]
    # How many points are one unit of the metric: 100 for a fraction; negative if
    # smaller is better.
    points: float = 100.0


def compare(
    name: str,
    outputs: Outputs,
    form: Form,
    metric: Metric,
    exact: bool,
    max_loss: float,
) -> dict:
    """Compares a file's outputs for the form's inputs with Keras's.

    With `exact`, all answers must be equal, and all numbers within 1e-4; without it,
    `max_loss` points of the metric may be lost. Returns the facts for the report, in
    which "ties" do not count as disagreements.
    """
    numbers = [key for key, value in form.expected.items() if value.dtype.kind == "f"]
    rows = len(next(iter(form.expected.values())))
    differs = np.array(metric.differs(outputs, form.expected), bool)
    finite = np.ones(rows, bool)  # NaN is never an answer
    for key in numbers:
        finite &= np.isfinite(outputs[key]).reshape(rows, -1).all(axis=1)
    ties = find_ties(differs, form) & finite
    count = int((differs & ~ties | ~finite).sum())
    # A tie has another answer, and so other numbers.
    gaps = [
        (np.abs(outputs[key] - form.expected[key]) / form.scales.get(key, 1.0))[~ties]
        for key in numbers
    ]
    largest = max((float(gap.max()) for gap in gaps if gap.size), default=0.0)
    score, keras = float(metric.score(outputs)), float(metric.score(form.expected))
    loss = round((keras - score) * metric.points, 9)  # 1.0 - 0.997 is above 0.003
    if exact and (count or not largest <= TOLERANCE):
        raise PolyheadError(
            f"{name}: {count} of {rows} answers are not Keras's, and its numbers are "
            f"up to {largest:.2g} off ({TOLERANCE:.0e} allowed); nothing was exported"
        )
    allowed, free = max_loss, 0
    if metric.points > 0:  # a score, not an error
        free = FREE_EXAMPLES
        allowed = max(max_loss, free / max(rows, 1) * metric.points)
    if not loss <= allowed and count > free:
        raise PolyheadError(
            f"{name}: {metric.name} {score:.4f} where Keras has {keras:.4f}: "
            f"{loss:.2f} points lost, {allowed:.2f} allowed on {rows} examples; "
            "nothing was exported; leave this variant out, or raise --max-loss"
        )
    return {
        "rows": rows,
        metric.name: score,
        "keras": keras,
        "loss_points": loss,
        "disagreements": count,
        "largest_difference": largest,
        **({"ties": int(ties.sum())} if ties.any() else {}),
    }


def find_ties(differs: np.ndarray, form: Form) -> np.ndarray:
    """The rows that differ and are ties of Keras."""
    ties = np.zeros_like(differs)
    if form.is_tie is not None and differs.sum() <= form.max_ties:
        for row in np.flatnonzero(differs):
            ties[row] = form.is_tie(int(row))
    return ties

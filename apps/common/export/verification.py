"""Comparing what an exported file answers with what Keras answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import PolyheadError

TOLERANCE = 1e-4  # of a float32 file's numbers
FREE_EXAMPLES = 2  # a set this small measures no finer

Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Form:
    """One way to call an app, with held-out examples of it.

    Args:
        function: `(weights, tables, **inputs)` to a dict of outputs; pure.
        inputs: the examples, row by row.
        expected: Keras's outputs for them.
        facts: what the report says besides of a file of this form.
        scales: output -> the unit, of a shape that broadcasts, in which its numbers
            must agree; 1 where absent.
        is_tie: whether rounding alone could change Keras's answer for a row. None:
            it never could.
        max_ties: more rows than these that differ are no such ties.
    """

    function: Callable
    inputs: Mapping[str, np.ndarray]
    expected: Outputs
    facts: Mapping[str, object] = field(default_factory=dict)
    scales: Mapping[str, np.ndarray] = field(default_factory=dict)
    is_tie: Callable[[int], bool] | None = None
    max_ties: int = 5


@dataclass(frozen=True)
class Metric:
    """What makes an answer right.

    Args:
        name: as in metrics.json.
        score: outputs of all examples to the figure.
        differs: outputs and Keras's outputs to `(rows,)` booleans: where another
            answer is given.
        points: points in one unit of the figure: 100 for a fraction; negative
            where smaller is better.
    """

    name: str
    score: Callable[[Outputs], float]
    differs: Callable[[Outputs, Outputs], np.ndarray]
    points: float = 100.0


def compare(
    name: str,
    outputs: Outputs,
    form: Form,
    metric: Metric,
    exact: bool,
    max_loss: float,
) -> dict:
    """Compares a file's outputs with Keras's.

    Args:
        name: of the file, for the message.
        outputs: what it gave for the form's inputs.
        form: the inputs, and what Keras gave for them.
        metric: what makes an answer right.
        exact: whether every answer must be Keras's, and every number within 1e-4.
        max_loss: points of the metric that may be lost otherwise.

    Returns:
        The facts for the report; "ties" are forgiven, and no disagreements.

    Raises:
        PolyheadError: the file falls short; says by how much.
    """
    numbers = [key for key, value in form.expected.items() if value.dtype.kind == "f"]
    rows = len(next(iter(form.expected.values())))
    differs = np.array(metric.differs(outputs, form.expected), bool)
    finite = np.ones(rows, bool)  # NaN is nobody's answer
    for key in numbers:
        finite &= np.isfinite(outputs[key]).reshape(rows, -1).all(axis=1)
    ties = find_ties(differs, form) & finite
    count = int((differs & ~ties | ~finite).sum())
    # Another answer has other numbers.
    gaps = [
        (np.abs(outputs[key] - form.expected[key]) / form.scales.get(key, 1.0))[~ties]
        for key in numbers
    ]
    largest = max((float(gap.max()) for gap in gaps if gap.size), default=0.0)
    ours, keras = float(metric.score(outputs)), float(metric.score(form.expected))
    loss = round((keras - ours) * metric.points, 9)  # 1.0 - 0.997 is above 0.003
    if exact and (count or not largest <= TOLERANCE):
        raise PolyheadError(
            f"{name}: {count} of {rows} answers are not Keras's, and its numbers are "
            f"up to {largest:.2g} off ({TOLERANCE:.0e} allowed); nothing was exported"
        )
    allowed, free = max_loss, 0
    if metric.points > 0:  # a share of right answers, not an error
        free = FREE_EXAMPLES
        allowed = max(max_loss, free / max(rows, 1) * metric.points)
    if not loss <= allowed and count > free:
        raise PolyheadError(
            f"{name}: {metric.name} {ours:.4f} where Keras has {keras:.4f}: "
            f"{loss:.2f} points lost, {allowed:.2f} allowed on {rows} examples; "
            "nothing was exported; leave this variant out, or raise --max-loss"
        )
    return {
        "rows": rows,
        metric.name: ours,
        "keras": keras,
        "loss_points": loss,
        "disagreements": count,
        "largest_difference": largest,
        **({"ties": int(ties.sum())} if ties.any() else {}),
    }


def find_ties(differs: np.ndarray, form: Form) -> np.ndarray:
    """Which of the rows that differ Keras itself could not decide on."""
    ties = np.zeros_like(differs)
    if form.is_tie is not None and differs.sum() <= form.max_ties:
        for row in np.flatnonzero(differs):
            ties[row] = form.is_tie(int(row))
    return ties

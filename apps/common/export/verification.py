"""Compares the answers of an exported file with those of Keras."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import PolyheadError

TOLERANCE = 1e-4  # for the numbers of a float32 file
MOST_GAP = 0.5  # of a number on the average, whatever the variant
LEAST_LIKENESS = 90.0  # of a file's answers to Keras's, from 0 to 100
FREE_EXAMPLES = 2  # this many rows may always differ: small sets measure no finer
POINT_DIGITS = 4  # another processor rounds otherwise, which loses no point

Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Form:
    """One way to call a model, with held-out examples."""

    function: Callable  # `(weights, tables, **inputs)` to a dict of outputs; pure
    inputs: Mapping[str, np.ndarray]  # the examples, row by row
    expected: Outputs  # Keras's outputs for what the file reads of them
    facts: Mapping[str, object] = field(default_factory=dict)  # for the report
    # Output -> the unit in which its numbers are compared, of a shape that broadcasts.
    # Without one it is 1.
    scales: Mapping[str, np.ndarray] = field(default_factory=dict)
    # Whether rounding alone could change Keras's answer for a row. None: never.
    is_tie: Callable[[int], bool] | None = None
    max_ties: int = 5  # if more rows than this differ, none counts as a tie
    # Keras's outputs for the whole examples, where the file reads less of some.
    whole: Outputs | None = None
    cut: str = ""  # what the file does not read of which examples, for messages


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
    # Further shares of right answers, from 0 to 1, that may fall no more than it.
    shares: Mapping[str, Callable[[Outputs], float]] = field(default_factory=dict)
    # Measures -> how alike a file's answers are to Keras's, from 0 to 100.
    likeness: Mapping[str, Callable[[Outputs, Outputs], float]] = field(
        default_factory=dict
    )


def compare(
    name: str,
    outputs: Outputs,
    form: Form,
    metric: Metric,
    exact: bool,
    max_loss: float,
) -> dict:
    """Compares a file's outputs for the form's inputs with Keras's.

    With `exact`, all answers must be those that Keras gives for what the file reads,
    and all numbers within 1e-4. In any case at most `max_loss` points of the metric,
    and of its `shares`, may be lost against Keras's answers for the whole examples, and
    the answers must be like these. Returns the facts for the report, in which "ties" do
    not count as disagreements.
    """
    rows = len(next(iter(form.expected.values())))
    differs = np.array(metric.differs(outputs, form.expected), bool)
    valid = find_valid(outputs, form.expected)
    ties = find_ties(differs, form) & valid
    gaps = find_gaps(outputs, form, ties)
    largest = largest_of(gaps)
    off = int((differs & ~ties | ~valid).sum())
    if exact and (off or not largest <= TOLERANCE):
        raise PolyheadError(
            f"{name}: {off} of {rows} answers are not Keras's, and its numbers are "
            f"up to {largest:.2g} off ({TOLERANCE:.0e} allowed); nothing was exported"
        )
    whole = form.expected if form.whole is None else form.whole
    count = off
    if form.whole is not None:
        differs = np.array(metric.differs(outputs, whole), bool)
        count = int((differs & ~ties).sum())
    score, keras = float(metric.score(outputs)), float(metric.score(whole))
    facts = {
        "rows": rows,
        metric.name: score,
        "keras": keras,
        "loss_points": round((keras - score) * metric.points, 9),  # 1.0 - 0.997
        "disagreements": count,
        "largest_difference": largest,
        **({"ties": int(ties.sum())} if ties.any() else {}),
    }
    for share, measure in metric.shares.items():
        facts |= {share: measure(outputs), f"keras_{share}": measure(whole)}
    for likeness, liken in metric.likeness.items():
        facts[likeness] = liken(outputs, whole)
    refuse_invalid(name, valid)
    refuse_loss(name, facts, metric, max_loss, form.cut)
    refuse_other_numbers(name, gaps)
    return facts


def find_valid(outputs: Outputs, expected: Outputs) -> np.ndarray:
    """The rows with numbers where Keras has numbers, and the same cuts; bool.

    NaN is an answer only where it is Keras's. Whether a text is cut does not depend on
    the weights, but whether an answer is.
    """
    rows = len(next(iter(expected.values())))
    valid = np.ones(rows, bool)
    for key, value in expected.items():
        if value.dtype.kind == "f":
            same = np.isfinite(outputs[key]) == np.isfinite(value)
            valid &= same.reshape(rows, -1).all(axis=1)
        if key == "truncated":
            valid &= (outputs[key].reshape(rows) & 1) == (value & 1)
    return valid


def refuse_invalid(name: str, valid: np.ndarray) -> None:
    """Raises a PolyheadError if any row is not what `find_valid` asks."""
    wrong = int((~valid).sum())
    if wrong:
        raise PolyheadError(
            f"{name}: {wrong} of {len(valid)} answers have no number where Keras has "
            "one, or one where it has none, or say otherwise what was cut; nothing was "
            "exported; leave this variant out"
        )


def refuse_other_numbers(name: str, gaps: Mapping[str, np.ndarray]) -> None:
    """Raises a PolyheadError for numbers that no rounding explains."""
    for key, gap in gaps.items():
        usual = float(np.nanmean(gap)) if np.isfinite(gap).any() else 0.0
        if usual > MOST_GAP:
            raise PolyheadError(
                f"{name}: its {key} is {usual:.2g} off on the average, {MOST_GAP:g} "
                "allowed; nothing was exported; leave this variant out"
            )


def find_gaps(outputs: Outputs, form: Form, ties: np.ndarray) -> dict[str, np.ndarray]:
    """How far each number is from Keras's, in the units of `form.scales`.

    A tie has another answer, so it is left out. It is infinite if only one of the two
    is a number, and NaN if neither is.
    """
    gaps = {}
    for key, value in form.expected.items():
        if value.dtype.kind != "f":
            continue
        given = outputs[key]
        with np.errstate(invalid="ignore"):
            gap = np.abs(given - value)
        finite = np.isfinite(given), np.isfinite(value)
        gap = np.where(finite[0] | finite[1], gap, np.nan)
        gap = np.where(finite[0] != finite[1], np.inf, gap)
        gaps[key] = (gap / form.scales.get(key, 1.0))[~ties]
    return gaps


def largest_of(gaps: Mapping[str, np.ndarray]) -> float:
    """The largest gap; 0 without any."""
    kept = [gap[~np.isnan(gap)] for gap in gaps.values()]
    return max((float(gap.max()) for gap in kept if gap.size), default=0.0)


def refuse_loss(
    name: str, facts: Mapping, metric: Metric, max_loss: float, cut: str
) -> None:
    """Raises a PolyheadError if a file loses more than is allowed; see `compare`."""
    rows, count = facts["rows"], facts["disagreements"]
    free = FREE_EXAMPLES if metric.points > 0 else 0  # none if it is an error
    losses = {metric.name: (facts[metric.name], facts["keras"], metric.points)}
    for share in metric.shares:
        losses[share] = facts[share], facts[f"keras_{share}"], 100.0
    least = min(LEAST_LIKENESS, 100 - max_loss)
    why = ""
    for measure, (score, keras, points) in losses.items():
        loss = round((keras - score) * points, POINT_DIGITS)
        spared = 0 if count == rows else free  # but never all of a few
        allowed = max(max_loss, spared / max(rows, 1) * points)
        if not loss <= allowed:
            why = why or (
                f"{measure} {score:.4f} where Keras has {keras:.4f}: {loss:.2f} points "
                f"lost, {allowed:.2f} allowed on {rows} examples"
            )
    for likeness in metric.likeness:
        if not facts[likeness] >= least:
            why = why or (
                f"{likeness} {facts[likeness]:.1f} between its answers and Keras's, "
                f"{least:.1f} needed on {rows} examples"
            )
    is_mute = metric.points > 0 and facts["keras"] == facts[metric.name] == 0
    if is_mute and not metric.likeness and count > (100 - least) / 100 * rows:
        why = why or (
            f"{metric.name} is 0 for it and for Keras, which says nothing, and {count} "
            f"of {rows} answers are not Keras's"
        )
    # The measure of an error sees no wrong interval, so its likeness alone decides.
    if why and (count > free or count == rows or metric.points < 0):
        remedy = "leave this variant out, or raise --max-loss"
        remedy = f"{cut}, or {remedy}" if cut else remedy
        raise PolyheadError(f"{name}: {why}; nothing was exported; {remedy}")


def find_ties(differs: np.ndarray, form: Form) -> np.ndarray:
    """The rows that differ and are ties of Keras."""
    ties = np.zeros_like(differs)
    if form.is_tie is not None and differs.sum() <= form.max_ties:
        for row in np.flatnonzero(differs):
            ties[row] = form.is_tie(int(row))
    return ties

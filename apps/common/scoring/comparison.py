"""A run beside its baselines: differences, verdicts, the protocol and the table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..alignment import align

RUN = "this run"
FEWEST_ROWS = 20  # of fewer, resamples say nothing about other rows


class Column(NamedTuple):
    """A measure in the table of scores.

    Args:
        key: in metrics.json.
        title: of the column.
        form: how a number is written, such as "{:.4f}".
        interval_form: how each end of its interval is written.
    """

    key: str
    title: str
    form: str
    interval_form: str = "{:.3f}"


def describe_difference(
    name: str,
    difference: float,
    interval: Sequence[float] | None,
    unit: str,
    rows: int | None = None,
) -> str:
    """Says in plain words whether the run is above a baseline.

    Args:
        name: of the baseline.
        difference: what the run has more than the baseline.
        interval: where 95% of the resampled differences lie; None without resamples.
        unit: of the numbers, such as "BLEU" or "points of accuracy".
        rows: how many were scored, where few rows say nothing.

    Example:

    >>> from polyhead.apps.common.scoring.comparison import describe_difference
    >>> describe_difference("nearest", -2.04, (-3.1, -0.9), "BLEU")
    'below nearest by 2.0 BLEU (95% interval -3.1 to -0.9)'
    """
    if interval is None:
        return f"{difference:+.1f} {unit} against {name}; no interval, so no claim"
    low, high = interval
    within = f"95% interval {low:+.1f} to {high:+.1f}"
    if rows is not None and rows < FEWEST_ROWS:
        return (
            f"{rows} rows are too few to tell this run from {name} "
            f"({difference:+.1f} {unit})"
        )
    if low > 0 or high < 0:
        side = "above" if low > 0 else "below"
        return f"{side} {name} by {abs(difference):.1f} {unit} ({within})"
    return (
        f"no difference from {name} that the data can show "
        f"({difference:+.1f} {unit}, {within})"
    )


def describe_scored(split: str, rows: int, what: str) -> str:
    """The part of the protocol that says which rows were scored."""
    if split == "test":
        return f"scored on all {rows} {what} of test"
    return f"no test data, so scores are on the {what} the choices were made on"


def describe_samples(baselines: Mapping[str, Mapping], verb: str, what: str) -> list:
    """The parts of the protocol on baselines that used a sample of the rows."""
    return [
        f"{name} {verb} a sample of {baseline['train_rows']} {what}"
        for name, baseline in baselines.items()
        if baseline.get("sampled")
    ]


def describe_other(source: str, what: str, texts, trained) -> str:
    """What the protocol begins with where other rows than the run's own are scored."""
    known = set(trained)
    seen = sum(text in known for text in texts)
    return (
        f"{source}, which is not the run's own test ({seen} of its {what} were "
        "trained on)"
    )


def scored_split(metrics: Mapping[str, Any]) -> str:
    """The split that measures a run: test, or validation where there is none."""
    return "test" if "test" in metrics else "validation"


def format_table(
    metrics: Mapping[str, Any],
    columns: Sequence[Column],
    unit: str = "rows",
    verdict: Callable[[str, Mapping, Mapping], str | None] | None = None,
    remarks: Sequence[str] = (),
) -> str:
    """Shows a run and its baselines in one table, and says which is ahead.

    Args:
        metrics: the content of metrics.json.
        columns: the measures; those that the run lacks are left out.
        unit: what was scored, a key of the run's scores: "rows" or "windows".
        verdict: name of a baseline, the run's scores and the baseline's to a line;
            the "verdict" in the baseline's scores where absent.
        remarks: further lines.

    Returns:
        Text of several lines.
    """
    split = scored_split(metrics)
    scores = metrics[split]
    baselines = metrics.get("baselines", {})
    columns = [column for column in columns if column.key in scores]
    rows = [["", *(column.title for column in columns)]]
    for name, values in {RUN: scores, **baselines}.items():
        rows.append([name, *(_cell(values, column) for column in columns)])
    lines = [f"{split}, {scores[unit]:,} {unit}" if unit in scores else split]
    lines += align(rows)
    for name, values in baselines.items():
        line = verdict(name, scores, values) if verdict else values.get("verdict")
        lines += [line] if line else []
    return "\n".join([*lines, *remarks])


def remark_on_validation(metrics: Mapping[str, Any], what: str = "rows") -> list[str]:
    """The remark that scores on validation data promise too much, where it is true."""
    if scored_split(metrics) == "test":
        return []
    return [f"no test data: choices were made on these {what}, expect less"]


def _cell(scores: Mapping[str, Any], column: Column) -> str:
    value = scores.get(column.key)
    if value is None:
        return "-"
    text = column.form.format(value)
    if f"{column.key}_interval" in scores:
        low, high = map(column.interval_form.format, scores[f"{column.key}_interval"])
        text += f" ({low}-{high})"
    return text

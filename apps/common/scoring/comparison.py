"""Compares a run with its baselines: differences, protocol lines and the table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..alignment import align

RUN = "this run"
FEWEST_ROWS = 20  # resamples of fewer rows say nothing about new data


class Column(NamedTuple):
    """A measure in the table of scores."""

    key: str  # in metrics.json
    title: str
    form: str  # of a number, such as "{:.4f}"
    interval_form: str = "{:.3f}"  # of the ends of its interval


def describe_difference(
    name: str,
    difference: float,
    interval: Sequence[float] | None,
    unit: str,
    rows: int | None = None,
) -> str:
    """Says whether the run is better than a baseline, in one line.

    Args:
        difference: the run's score minus the baseline's.
        interval: the 95% interval of the difference; None without resamples.
        unit: unit of the score, such as "BLEU" or "points of accuracy".
        rows: number of scored rows; too few give no verdict. None: enough.

    Example:

    >>> from polyhead.apps.common.scoring.comparison import describe_difference
    >>> describe_difference("nearest", -2.04, (-3.1, -0.9), "BLEU")
    'below nearest by 2.0 BLEU (95% interval -3.1 to -0.9)'
    """
    size = f"{difference:+.1f} {unit}"
    if interval is None:
        return f"{size} against {name}; no interval, so no claim"
    low, high = interval
    within = f"95% interval {low:+.1f} to {high:+.1f}"
    if rows is not None and rows < FEWEST_ROWS:
        return f"{rows} rows are too few to tell this run from {name} ({size})"
    if low > 0 or high < 0:
        side = "above" if low > 0 else "below"
        return f"{side} {name} by {abs(difference):.1f} {unit} ({within})"
    return f"no difference from {name} that the data can show ({size}, {within})"


def describe_scored(split: str, rows: int, what: str) -> str:
    """The line of the protocol that says which rows were scored."""
    if split == "test":
        return f"scored on all {rows} {what} of test"
    return f"no test data, so scores are on the {what} the choices were made on"


def describe_samples(baselines: Mapping, verb: str, what: str) -> list[str]:
    """The lines of the protocol on baselines that used a sample of the rows."""
    return [
        f"{name} {verb} a sample of {baseline['train_rows']} {what}"
        for name, baseline in baselines.items()
        if baseline.get("sampled")
    ]


def describe_other(
    source: str, what: str, texts: Iterable[str], trained: Iterable[str]
) -> str:
    """The first line of the protocol if other rows than the run's own are scored."""
    known = set(trained)
    seen = f"{sum(text in known for text in texts)} of its {what} were trained on"
    return f"{source}, which is not the run's own test ({seen})"


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
    """Formats the content of metrics.json as a table with verdicts.

    Args:
        columns: the measures; those that the run does not have are left out.
        unit: the key of the number of scored rows: "rows" or "windows".
        verdict: gives the line of a baseline from its name, the run's scores and its
            own. None: the "verdict" in the baseline's scores.
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
    """The remark on a run without test data, whose scores are too good."""
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

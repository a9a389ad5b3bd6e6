"""Compares a run with its baselines: differences, protocol lines and the table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..alignment import align

RUN = "this run"
FEWEST_ROWS = 20  # resamples of fewer rows say nothing about new data
LITTLE_ROWS = 30  # scores of fewer rows are shown with a warning


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
    score: float | None = None,
) -> str:
    """Says whether the run is better than a baseline, in one line.

    Args:
        difference: the run's score minus the baseline's.
        interval: the 95% interval of the difference; None without resamples.
        unit: unit of the score, such as "BLEU" or "points of accuracy".
        rows: number of scored rows; too few give no verdict. None: enough.
        score: the run's score; where both are 0, there is no verdict.

    Example:

    >>> from polyhead.apps.common.scoring.comparison import describe_difference
    >>> describe_difference("nearest", -2.04, (-3.1, -0.9), "BLEU")
    'below nearest by 2.0 BLEU (95% interval -3.1 to -0.9)'
    """
    size = f"{difference:+.1f} {unit}"
    if score is not None and not round(score, 2) and not round(difference, 2):
        return f"this run and {name} both have 0 {unit}: this measure says nothing here"
    if interval is None:
        return f"{size} against {name}; no interval, so no claim"
    low, high = interval
    within = f"95% interval {low:+.1f} to {high:+.1f}"
    if rows is not None and rows < FEWEST_ROWS:
        few = f"{count(rows, 'rows')} {'is' if rows == 1 else 'are'} too few"
        return f"{few} to tell this run from {name} ({size})"
    if low > 0 or high < 0:
        side = "above" if low > 0 else "below"
        if low == high:  # resamples of rows that are all alike tell nothing
            within = "the same in every row"
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


def describe_other(source: str) -> str:
    """The first line of the protocol if other rows than the run's own are scored."""
    return f"{source}, which is not the run's own test"


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
        unit: the key of the number of scored rows: "rows" or "windows". A baseline that
            was scored on a sample of them has their number, and the "run" on these.
        verdict: gives the line of a baseline from its name, the run's scores and its
            own. None: the "verdict" in the baseline's scores.
    """
    split = scored_split(metrics)
    scores = metrics[split]
    baselines = metrics.get("baselines", {})
    columns = [column for column in columns if column.key in scores]
    rows = [["", *(column.title for column in columns)]]
    for name, values in _name_rows(scores, baselines, unit).items():
        rows.append([name, *(_cell(values, column) for column in columns)])
    lines = [f"{split}, {count(scores[unit], unit)}" if unit in scores else split]
    lines += align(rows)
    for name, values in baselines.items():
        line = verdict(name, scores, values) if verdict else values.get("verdict")
        lines += [line] if line else []
    remarks = [
        *remark_on_few(scores.get(unit), unit),
        *remark_on_training(metrics, columns),
        *([metrics["cut"]] if "cut" in metrics else []),
        *remarks,
    ]
    differences = metrics.get("differences", [])
    if differences:
        differences = [*differences, "so metrics.json keeps the earlier scores"]
    return "\n".join([*lines, *remarks, *differences])


def _name_rows(scores: Mapping, baselines: Mapping, unit: str) -> dict[str, Mapping]:
    """The rows of the table; the run stands once more beside a sample's baselines."""
    rows = {RUN: scores}
    for name, values in baselines.items():
        of_sample = values.get("run")
        if of_sample:
            what = f"{of_sample[unit]:,} {unit}"
            rows |= {f"{RUN}, {what}": of_sample, f"{name}, {what}": values}
        else:
            rows[name] = values
    return rows


def remark_on_few(rows: int | None, unit: str) -> list[str]:
    """The remark on scores of so few rows that another few would score otherwise."""
    if rows is None or rows >= LITTLE_ROWS:
        return []
    return [f"{count(rows, unit)} only: such scores say little about other {unit}"]


def describe_cut(cut: int, rows: int, what: str) -> dict[str, str]:
    """For metrics.json: a line on scored texts of which the model read a part alone.

    Example:

    >>> from polyhead.apps.common.scoring.comparison import describe_cut
    >>> describe_cut(3, 60, "texts")
    {'cut': '3 of the 60 scored texts are longer than the model reads, and cut'}
    """
    if not cut:
        return {}
    return {
        "cut": f"{cut:,} of the {rows:,} scored {what} are longer than the model "
        "reads, and cut"
    }


def count(number: int, unit: str) -> str:
    """Such as "1 row" or "2,000 rows", from the unit "rows"."""
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


def remark_on_training(
    metrics: Mapping[str, Any], columns: Sequence[Column]
) -> list[str]:
    """The remark on a validation score that is not the one that training printed."""
    train, scores = metrics.get("train", {}), metrics.get("validation", {})
    validated = train.get("validated", {})  # older runs do not say it
    key, before = validated.get("measure"), validated.get("score")
    column = next((column for column in columns if column.key == key), None)
    if column is None or before is None or key not in scores:
        return []
    first, last = column.form.format(before), column.form.format(scores[key])
    if first == last or metrics.get("differences"):
        return []
    how = validated["how"]
    return [
        f"validation: {column.title} {first} in epoch {train['best_epoch']} of the "
        f"training{how and f' ({how})'}, {last} of the finished run"
    ]


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
    low, high = scores.get(f"{column.key}_interval", (value, value))
    if low == high:  # where all rows are alike, resamples of them tell nothing
        return text
    ends = map(column.interval_form.format, (low, high))
    return f"{text} ({'-'.join(ends)})"

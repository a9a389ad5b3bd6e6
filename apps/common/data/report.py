"""The parts that the data reports of all tasks share."""

from collections.abc import Mapping, Sequence


def format_parts(
    counts: Mapping[str, int], sources: Mapping[str, str], unit: str
) -> list[str]:
    """A line for each split: its name, its size and the source of its data.

    Args:
        counts: split -> its size.
        sources: split -> the name of its data.
        unit: unit of the sizes, such as "rows".
    """
    return [
        f"{split:<12}{count:>9,} {unit:<6} {sources.get(split, '')}".rstrip()
        for split, count in counts.items()
    ]


def finish_report(lines: Sequence[str], warnings: Sequence[str]) -> str:
    """The lines of a report with its warnings at the end, as one text."""
    return "\n".join([*lines, "", *(f"warning: {w}" for w in warnings)]).rstrip()

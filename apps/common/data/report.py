"""What is shown of data before a training: the parts that all reports have."""

from collections.abc import Mapping, Sequence


def format_parts(
    counts: Mapping[str, int], sources: Mapping[str, str], unit: str
) -> list[str]:
    """A line for each part of the data: its name, its size and where it comes from.

    Args:
        counts: part -> its size.
        sources: part -> what its data are called.
        unit: of the sizes, such as "rows".
    """
    return [
        f"{part:<12}{count:>9,} {unit:<6} {sources.get(part, '')}".rstrip()
        for part, count in counts.items()
    ]


def finish_report(lines: Sequence[str], warnings: Sequence[str]) -> str:
    """The lines of a report with its warnings at the end, as one text."""
    return "\n".join([*lines, "", *(f"warning: {w}" for w in warnings)]).rstrip()

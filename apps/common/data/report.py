"""The parts that the data reports of all tasks share."""

from collections.abc import Mapping, Sequence


def format_parts(
    counts: Mapping[str, int], sources: Mapping[str, str], unit: str
) -> list[str]:
    """A line for each split: its name, its size in `unit`s, and where it is from."""
    return [
        f"{split:<12}{count:>9,} {unit:<6} {sources.get(split, '')}".rstrip()
        for split, count in counts.items()
    ]


def finish_report(lines: Sequence[str], warnings: Sequence[str]) -> str:
    """The lines of a report with its warnings at the end, as one text."""
    return "\n".join([*lines, "", *(f"warning: {w}" for w in warnings)]).rstrip()

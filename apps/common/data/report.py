"""The parts that the data reports of all tasks share."""

from collections.abc import Mapping, Sequence

MOST_LINES, WIDTH = 20, 160  # of a report that is shown before a training
WARNING = "warning: "


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
    return "\n".join([*lines, "", *(f"{WARNING}{w}" for w in warnings)]).rstrip()


def shorten_report(text: str) -> str:
    """A report for the eyes: its first lines and its last two, and every warning.

    `--dry-run` shows the whole of it.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    warnings = [line for line in lines if line.startswith(WARNING)]
    lines = [line for line in lines if not line.startswith(WARNING)]
    if len(lines) > MOST_LINES:
        more = f"... {len(lines) - MOST_LINES + 1} more lines: see --dry-run ..."
        lines = [*lines[: MOST_LINES - 3], more, *lines[-2:]]
    cut = [f"{x[: WIDTH - 4]} ..." if len(x) > WIDTH else x for x in lines]
    return "\n".join([*cut, *warnings])

"""Tables, sizes and lists for the terminal."""

from collections.abc import Sequence


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row: the first column is left-aligned, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        padded = [cell.rjust(w) for cell, w in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *padded]).rstrip())
    return lines


def megabytes(count: int) -> str:
    """A number of bytes, as tables show it."""
    return f"{count / 1e6:.2f} MB"


def list_some(items: Sequence[object], most: int = 3) -> str:
    """The first items, and how many more there are: "a, b, c and 4 more"."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(map(str, items[:most])) + more

"""Answers as text, JSON or CSV: one form for every task."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence

STYLES = ("text", "json", "jsonl", "csv", "tsv")
_SPACES = dict.fromkeys(map(ord, "\t\n\r"), " ")
Table = tuple[Sequence[str], Iterable[Sequence]]  # header and rows


def write_answers(
    style: str,
    lines: Callable[[], Iterable[str]],
    records: Callable[[], Iterable[dict]],
    table: Callable[[], Table],
) -> str:
    """What `predict` prints, in one of the `STYLES`.

    They are lines of text, records as one JSON array or each on a line, and a table
    with commas or tabs. A table with tabs has no quotes: a tab or a line break inside
    a field is a space there.
    """
    if style == "json":
        objects = [json.dumps(record, ensure_ascii=False) for record in records()]
        return "[\n" + ",\n".join(objects) + "\n]\n" if objects else "[]\n"
    if style == "jsonl":
        return "".join(f"{json.dumps(x, ensure_ascii=False)}\n" for x in records())
    if style == "tsv":
        header, rows = table()
        fields = ([str(x).translate(_SPACES) for x in row] for row in (header, *rows))
        return "".join("\t".join(row) + "\n" for row in fields)
    if style == "csv":
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="\n")
        header, rows = table()
        writer.writerow(header)
        writer.writerows(rows)
        return output.getvalue()
    return "".join(f"{line}\n" for line in lines())


def add_columns(
    columns: dict[str, list], names: Sequence[str], answers: Iterable[Sequence]
) -> Table:
    """Appends columns `names`, with the answers of each row, to those of the input."""
    header = list(columns)
    for name in names:
        while name in header:  # the input's own column keeps its name
            name += "_"
        header.append(name)
    rows = zip(*columns.values(), strict=True)
    return header, [[*row, *answer] for row, answer in zip(rows, answers, strict=True)]


def number_names(names: Sequence[str], ranks: int) -> list[str]:
    """Column names for each rank: "label", "label_2", "label_3"."""
    return [
        name if rank == 1 else f"{name}_{rank}"
        for rank in range(1, ranks + 1)
        for name in names
    ]

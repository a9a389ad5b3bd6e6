"""Answers as text, JSON or CSV: one form for every task."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence

Table = tuple[Sequence[str], Iterable[Sequence]]  # header and rows


def write_answers(
    style: str,
    lines: Callable[[], Iterable[str]],
    records: Callable[[], Iterable[dict]],
    table: Callable[[], Table],
) -> str:
    """What `predict` prints.

    Args:
        style: "text", "json" or "csv".
        lines: gives the lines of the style "text".
        records: gives an object an answer, for the style "json".
        table: gives header and rows, for the style "csv".
    """
    if style == "json":
        objects = [json.dumps(record, ensure_ascii=False) for record in records()]
        return "[\n" + ",\n".join(objects) + "\n]\n" if objects else "[]\n"
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
    """The columns of the input, and those of the answers behind them.

    Args:
        columns: name -> values, of the input.
        names: of the new columns; one that the input has too gets a "_" at its end.
        answers: for each row the values of the new columns.
    """
    header = list(columns)
    for name in names:
        while name in header:  # the file's own column keeps its name
            name += "_"
        header.append(name)
    rows = zip(*columns.values(), strict=True)
    return header, [[*row, *answer] for row, answer in zip(rows, answers, strict=True)]


def number_names(names: Sequence[str], ranks: int) -> list[str]:
    """Names of columns for each rank: "label", "label_2", "label_3"."""
    return [
        name if rank == 1 else f"{name}_{rank}"
        for rank in range(1, ranks + 1)
        for name in names
    ]

"""Translations as text, JSON or CSV."""

import csv
import io
import json
import math


def format_translations(inputs, answers, style):
    """Returns what `predict` prints.

    Args:
        inputs: an `Inputs`.
        answers: for each text a list of (translation, score), best first.
        style: "text": one line a translation, so one line out for each line in where
            one is asked for; "json": with scores; "csv": the input's columns and one
            more a translation.
    """
    if style == "json":
        return _format_json(inputs.records(), answers)
    if style == "csv":
        return _format_csv(inputs.columns, answers)
    width = max(map(len, answers), default=1)
    lines = []
    for answer in answers:
        # Each input has as many lines as the others, or they could not be told apart.
        found = [text for text, _ in answer] + [""] * width
        lines += [" ".join(text.splitlines()) + "\n" for text in found[:width]]
    return "".join(lines)


def _format_json(records, answers):
    records = [
        {
            **record,
            "translations": [
                {"text": translation, "score": round(score, 6)}
                if math.isfinite(score)
                else {"text": translation}
                for translation, score in answer
            ],
        }
        for record, answer in zip(records, answers, strict=True)
    ]
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return f"[\n{lines}\n]\n" if records else "[]\n"


def _format_csv(columns, answers):
    width = max(map(len, answers), default=1)
    header = list(columns)
    for rank in range(1, width + 1):
        name = "translation" if rank == 1 else f"translation_{rank}"
        while name in header:  # the file's own column keeps its name
            name += "_"
        header.append(name)
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(header)
    for row, answer in zip(zip(*columns.values(), strict=True), answers, strict=True):
        found = [text for text, _ in answer] + [""] * width
        writer.writerow([*row, *found[:width]])
    return output.getvalue()

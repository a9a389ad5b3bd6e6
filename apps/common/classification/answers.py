"""Labels and probabilities as text, JSON or CSV."""

import csv
import io
import json


def format_predictions(inputs, answers, style, separator=None):
    """Returns what `predict` prints.

    Args:
        inputs: an `Inputs`.
        answers: for each text a list of (label, probability), best first.
        style: "text", "json" or "csv".
        separator: joins the labels of a text in CSV, where a text can have any
            number of them; None gives each rank columns of its own.
    """
    if style == "json":
        return _format_json(inputs.records(), answers)
    if style == "csv":
        return _format_csv(inputs.columns, answers, separator)
    lines = []
    for text, answer in zip(inputs.texts, answers, strict=True):
        fields = [f"{label}\t{probability:.4f}" for label, probability in answer]
        # One line an input, whatever the text holds.
        lines.append("\t".join([*(fields or ["-"]), " ".join(text.split())]) + "\n")
    return "".join(lines)


def _format_json(records, answers):
    records = [
        {
            **record,
            "predictions": [
                {"label": label, "probability": round(float(probability), 6)}
                for label, probability in answer
            ],
        }
        for record, answer in zip(records, answers, strict=True)
    ]
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return f"[\n{lines}\n]\n" if records else "[]\n"


def _format_csv(columns, answers, separator):
    if separator is not None:
        answers = [_join(answer, separator) for answer in answers]
    else:
        answers = [[(name, f"{p:.6f}") for name, p in answer] for answer in answers]
    width = max(map(len, answers), default=0)
    header = list(columns)
    for rank in range(1, width + 1):
        for name in ("predicted_label", "probability"):
            name = name if rank == 1 else f"{name}_{rank}"
            while name in header:  # the file's own column keeps its name
                name += "_"
            header.append(name)
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(header)
    rows = zip(*columns.values(), strict=True)
    for row, answer in zip(rows, answers, strict=True):
        writer.writerow([*row, *(field for pair in answer for field in pair)])
    return output.getvalue()


def _join(answer, separator):
    labels = separator.join(label for label, _ in answer)
    return [(labels, separator.join(f"{p:.6f}" for _, p in answer))]

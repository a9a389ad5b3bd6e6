"""Forecasts as text, JSON or CSV."""

import csv
import io
import json


def format_forecasts(config_columns, forecasts, style):
    """Returns what `predict` prints.

    Args:
        config_columns: the run's `Columns`: how time and series are called.
        forecasts: a `Forecast` for each series.
        style: "text", "json" or "csv"; CSV is wide: a row a step, a column for each
            target and each of its quantiles.
    """
    if style == "json":
        return _format_json(forecasts)
    header, rows = _rows(config_columns, forecasts, exact=style == "csv")
    if style == "csv":
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="\n")
        writer.writerows([header, *rows])
        return output.getvalue()
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in [header, *rows]
    ]
    return "".join(line.rstrip() + "\n" for line in lines)


def _rows(columns, forecasts, exact):
    several = columns.series is not None
    header = [columns.time, *([columns.series] if several else [])]
    for target in columns.targets:
        header.append(target)
        header += [f"{target}_q{level:g}" for level in forecasts[0].levels]
    form = "{:.9g}" if exact else "{:.5g}"
    rows = []
    shown = show_stamps([part.stamps for part in forecasts])
    for part, stamps in zip(forecasts, shown, strict=True):
        for step, stamp in enumerate(stamps):
            row = [stamp, *([part.series] if several else [])]
            for place in range(len(columns.targets)):
                row.append(form.format(part.values[step, place]))
                if part.quantiles is not None:
                    row += [form.format(q) for q in part.quantiles[step, place]]
            rows.append(row)
    return header, rows


def show_stamps(series) -> list[list[str]]:
    """Stamps of some series, written alike: without a time where all are midnights."""
    texts = [[str(stamp).replace("T", " ") for stamp in stamps] for stamps in series]
    if all(text.endswith(" 00:00:00") for stamps in texts for text in stamps):
        return [[text.removesuffix(" 00:00:00") for text in stamps] for stamps in texts]
    return texts


def _format_json(forecasts):
    records = []
    shown = show_stamps([part.stamps for part in forecasts])
    for part, stamps in zip(forecasts, shown, strict=True):
        record = {"series": part.series} if part.series else {}
        record["stamps"] = stamps
        for place, target in enumerate(part.targets):
            entry = {"forecast": [float(f"{v:.9g}") for v in part.values[:, place]]}
            if part.quantiles is not None:
                entry["quantiles"] = {
                    f"{level:g}": [
                        float(f"{v:.9g}") for v in part.quantiles[:, place, q]
                    ]
                    for q, level in enumerate(part.levels)
                }
            record.setdefault("targets", {})[target] = entry
        records.append(json.dumps(record, ensure_ascii=False))
    return "[\n" + ",\n".join(records) + "\n]\n"

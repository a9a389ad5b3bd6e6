"""The report of an export: a table, a Markdown page and a picture."""

from pathlib import Path

from ..alignment import align, megabytes
from ..devices.runtimes import OLDEST, describe_oldest
from ..figures import BLUE, GREY, ORANGE, hide_frame, new_figure, save_figure
from ..files import write_text
from ..scoring.comparison import LITTLE_ROWS

# Facts that the files of some tasks have, and their titles.
FURTHER = {
    "truncated": "cut",
    "truncated_by_pieces": "cut by model",
    "truncated_outputs": "answers cut",
    "chrf_to_keras": "chrF to Keras",
}
PAGE, PICTURE = "report.md", "report.png"


def rows_of(report: dict) -> list[tuple[str, ...]]:
    """A header row, and a row for each file."""
    metric, files = report["metric"], report["files"]
    # Of texts: how many the file cuts, and how like its answers are to Keras's.
    known = {key for facts in files.values() for key in facts}
    further = {key: title for key, title in FURTHER.items() if key in known}
    header = ("file", "size", metric, "Keras", "differ", *further.values(), "by up to")
    latencies = ("latency", "p95", "two threads", "p95", "memory")
    rows: list[tuple[str, ...]] = [(*header, *latencies, "LiteRT from")]
    for name, facts in files.items():
        memory, gap = facts.get("memory_bytes"), facts.get("largest_difference")
        rows.append(
            (
                name,
                megabytes(facts["bytes"]),
                f"{facts[metric]:.4f}",
                f"{facts['keras']:.4f}",
                f"{facts['disagreements']}/{facts['rows']}",
                *(_further(facts, key) for key in further),
                f"{gap:.1g}" if gap is not None else "-",
                _latency(facts, "latency_ms", "median"),
                _latency(facts, "latency_ms", "p95"),
                _latency(facts, "latency_ms_two_threads", "median"),
                _latency(facts, "latency_ms_two_threads", "p95"),
                "-" if memory is None else megabytes(memory),
                (facts.get("oldest") or {}).get("litert") or "-",
            )
        )
    return rows


def format_export_report(report: dict) -> str:
    """The table, and what a reader would misread in it."""
    return "\n".join([*align(rows_of(report)), *remark(report)])


def remark(report: dict) -> list[str]:
    """Lines on old runtimes, cut texts, and a metric that says nothing."""
    metric, lines = report["metric"], []
    for name, facts in report["files"].items():
        oldest = facts.get("oldest", {"litert": OLDEST})
        if oldest["litert"] != OLDEST:
            lines.append(
                f"{name}: its oldest runtime is {describe_oldest(oldest)}; other files "
                f"load in LiteRT {OLDEST}: write the model without these operators"
            )
        count, rows = facts.get("truncated", 0), facts["rows"]
        if count and "max_input_bytes" in facts:
            lines.append(
                f"{name}: reads {facts['max_input_bytes']:,} bytes, which cut {count} "
                f"of {rows} texts; --max-input-bytes changes that"
            )
        count = facts.get("truncated_by_pieces", 0)
        if count:
            lines.append(
                f"{name}: {count} of {rows} texts have more pieces than the model "
                "reads, in Keras too: train with more --set max_tokens"
            )
        count = facts.get("truncated_outputs", 0)
        if count:
            lines.append(
                f"{name}: {count} of {rows} answers are cut at their limit, "
                f"{facts['max_output_bytes']:,} bytes or the pieces that an answer may "
                "have; --max-output-bytes changes the first"
            )
    fewest = min((facts["rows"] for facts in report["files"].values()), default=0)
    if 0 < fewest < LITTLE_ROWS:
        what = "1 example says" if fewest == 1 else f"{fewest} examples say"
        lines.append(f"{what} little of other data")
    scores = {x for f in report["files"].values() for x in (f[metric], f["keras"])}
    if scores == {0.0} and any("chrf_to_keras" in f for f in report["files"].values()):
        lines.append(f"{metric} is 0 for Keras too, and says nothing here")
    return lines


def _further(facts: dict, key: str) -> str:
    value = facts.get(key)
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else f"{value}/{facts['rows']}"


def write_report(folder: Path, report: dict) -> None:
    """Writes report.md, and report.png if there are .tflite files."""
    examples = ", ".join(f"{k} {v}" for k, v in report["examples"].items())
    table = [" | ".join(row) for row in rows_of(report)]
    lines = [
        "# Exported files",
        "",
        "Each was run again on held-out examples and compared with Keras in float32;",
        f"examples: {examples}. How many answers differ from Keras's for the whole",
        "inputs, and the largest difference of a number (for a forecast in standard",
        "deviations) on what the file reads. Latency is of one example, median and",
        "95th percentile, on one thread and on two; memory is the growth of the peak",
        "of a fresh process. What GPUs and NPUs may run is read from the operators and",
        "was not tried.",
        "",
        f"| {table[0]} |",
        "|---" * len(rows_of(report)[0]) + "|",
        *(f"| {row} |" for row in table[1:]),
    ]
    remarks = remark(report)
    lines += ["", *remarks] if remarks else []
    lite = {k: v for k, v in report["files"].items() if k.endswith(".tflite")}
    if lite:
        _draw(folder / PICTURE, lite, report["metric"])
        lines += ["", f"![Size, latency and {report['metric']}]({PICTURE})"]
    for name, facts in lite.items():
        if "operators" not in facts:
            continue  # from an older export
        operators = ", ".join(f"{k} {v}" for k, v in facts["operators"].items())
        tensors = [
            f"| {t['name']} | {t['shape']} {t['type']} | {t['bytes']:,} |"
            for t in facts["tensors"]
        ]
        lines += ["", f"## {name}", "", f"Operators: {operators}.", ""]
        if "oldest" in facts:  # not from an older export
            lines.append(f"- Oldest runtime: {describe_oldest(facts['oldest'])}.")
            lines += [f"- {k}: {v}." for k, v in facts["processors"].items()]
            lines.append("")
        lines += ["| largest tensors | | bytes |", "|---|---|---|", *tensors]
    write_text(folder / PAGE, "\n".join(lines) + "\n")


def _draw(path: Path, files: dict, metric: str) -> None:
    figure, axes = new_figure(9, 0.8 + 0.45 * len(files), columns=3, sharey=True)
    names = [n.removeprefix("model_").removesuffix(".tflite") for n in files]
    latencies = [f["latency_ms"]["median"] for f in files.values()]
    panels = (
        ("size, MB", [f["bytes"] / 1e6 for f in files.values()], BLUE),
        ("median latency, ms", latencies, GREY),
        (metric, [f[metric] for f in files.values()], ORANGE),
    )
    for axis, (title, values, color) in zip(axes, panels, strict=True):
        bars = axis.barh(names, values, color=color)
        axis.bar_label(bars, fmt="%.3g", padding=3)
        axis.set_title(title, loc="left", fontsize="medium")
        axis.margins(x=0.2)
        hide_frame(axis)
    axes[0].invert_yaxis()
    keras = next(iter(files.values()))["keras"]
    axes[2].axvline(keras, color="black", linewidth=1, linestyle=":")
    axes[2].set_xlabel(f"dotted: Keras, {keras:.4g}")
    save_figure(figure, path)


def _latency(facts: dict, key: str, which: str) -> str:
    return f"{facts[key][which]:.2f} ms" if key in facts else "-"

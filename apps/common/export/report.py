"""The report of an export: a table, a Markdown page and a picture."""

from pathlib import Path

from ..alignment import align, megabytes
from ..figures import BLUE, GREY, ORANGE, hide_frame, new_figure, save_figure
from ..files import write_text

PAGE, PICTURE = "report.md", "report.png"


def rows_of(report: dict) -> list[tuple[str, ...]]:
    """A header row, and a row for each file."""
    metric = report["metric"]
    header = ("file", "size", metric, "Keras", "differ", "by up to", "latency", "p95")
    rows: list[tuple[str, ...]] = [(*header, "two threads", "p95", "memory")]
    for name, facts in report["files"].items():
        memory, gap = facts.get("memory_bytes"), facts.get("largest_difference")
        rows.append(
            (
                name,
                megabytes(facts["bytes"]),
                f"{facts[metric]:.4f}",
                f"{facts['keras']:.4f}",
                f"{facts['disagreements']}/{facts['rows']}",
                f"{gap:.1g}" if gap is not None else "-",
                _latency(facts, "latency_ms", "median"),
                _latency(facts, "latency_ms", "p95"),
                _latency(facts, "latency_ms_two_threads", "median"),
                _latency(facts, "latency_ms_two_threads", "p95"),
                "-" if memory is None else megabytes(memory),
            )
        )
    return rows


def format_export_report(report: dict) -> str:
    return "\n".join(align(rows_of(report)))


def write_report(folder: Path, report: dict) -> None:
    """Writes report.md, and report.png if there are .tflite files."""
    examples = ", ".join(f"{k} {v}" for k, v in report["examples"].items())
    table = [" | ".join(row) for row in rows_of(report)]
    lines = [
        "# Exported files",
        "",
        "Each was run again on held-out examples and compared with Keras in float32;",
        f"examples: {examples}. How many answers differ, and the largest difference of",
        "a number (for a forecast in standard deviations). Latency is of one example,",
        "median and 95th percentile, on one thread and on two; memory is the growth of",
        "the peak of a fresh process.",
        "",
        f"| {table[0]} |",
        "|---" * len(rows_of(report)[0]) + "|",
        *(f"| {row} |" for row in table[1:]),
    ]
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

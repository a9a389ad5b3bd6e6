"""Two runs side by side: what they score, and what their files weigh and take."""

from collections.abc import Mapping
from pathlib import Path

from ..common.alignment import align
from ..common.errors import RETRAIN, PolyheadError
from ..common.files import read_json
from ..common.run.folder import check_run

REMEDY = "export the run again"


def compare_runs(first: Path, second: Path) -> dict[str, tuple]:
    """The scores of two finished runs of any task, and the figures of their files.

    Returns `name -> (value of the first, value of the second)`, None where a run has no
    such figure. The names are as in "test accuracy" and "model_int8.tflite MB".
    """
    one, other = _figures(first), _figures(second)
    return {name: (one.get(name), other.get(name)) for name in one | other}


def _figures(folder: Path) -> dict[str, float]:
    check_run(folder)
    metrics = read_json(folder / "metrics.json", RETRAIN)
    figures: dict[str, float] = {}
    for split in ("validation", "test"):
        scores = metrics.get(split)
        if isinstance(scores, Mapping):
            figures |= {f"{split} {n}": v for n, v in scores.items() if _is_number(v)}
    seconds = metrics.get("train", {}).get("seconds")
    if _is_number(seconds):
        figures["training minutes"] = seconds / 60
    report = folder / "export" / "export_report.json"
    if report.exists():
        try:
            files = read_json(report, REMEDY)["files"]
            for name, facts in files.items():
                figures[f"{name} MB"] = facts["bytes"] / 1e6
                if "latency_ms" in facts:
                    figures[f"{name} ms"] = facts["latency_ms"]["median"]
        except (KeyError, TypeError, AttributeError):
            raise PolyheadError(
                f"{report}: not as export writes it: {REMEDY}"
            ) from None
    return figures


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def format_comparison(names: tuple[str, str], figures: dict[str, tuple]) -> str:
    """The comparison as a table, with how much the second has more."""
    rows: list[tuple[str, ...]] = [("", *names, "difference")]
    for name, (one, other) in figures.items():
        both = one is not None and other is not None
        gap = f"{other - one:+.4g}" if both else "-"
        shown = ["-" if value is None else f"{value:.4g}" for value in (one, other)]
        rows.append((name, *shown, gap))
    return "\n".join(align(rows))

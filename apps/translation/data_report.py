"""What the data are like, as numbers and as text."""

from collections import Counter

import numpy as np

from ..common.data.pairs import Pairs
from ..common.data.report import finish_report, format_parts
from .config import Config
from .filters import REASONS, count_bytes, sentence_key

CUT_BYTES = 256  # what an exported file reads unless told otherwise
_SIDES = ("source", "target")
_SAMPLES = 3


def describe(
    parts: dict[str, Pairs], read: int, removed: dict[str, int], config: Config
) -> dict:
    """Counts pairs and lengths of every part; warns of what looks wrong.

    Args:
        parts: the parts as they are used, "train" first.
        read: how many training pairs the source has.
        removed: how many of them are left out for each reason.
        config: the run's.
    """
    train = parts["train"]
    lengths = {split: count_bytes(part) for split, part in parts.items()}
    key = f"share_over_{CUT_BYTES}_bytes"
    return {
        "sources": {split: part.source for split, part in parts.items()},
        "languages": {
            "source": config.source_language,
            "target": config.target_language,
        },
        "rows": {split: len(part.sources) for split, part in parts.items()},
        "train_rows_read": read,
        "removed": removed,
        "sources_with_several_translations": sum(
            count > 1 for count in Counter(train.sources).values()
        ),
        "length_bytes": {
            split: {
                side: _lengths(table[:, place]) for place, side in enumerate(_SIDES)
            }
            for split, table in lengths.items()
        },
        "length_ratio": _usual_ratio(lengths["train"]),
        key: {
            split: {
                side: float(np.mean(table[:, place] > CUT_BYTES))
                for place, side in enumerate(_SIDES)
            }
            for split, table in lengths.items()
        },
        "samples": _samples(train),
        "warnings": _warnings(parts, read, removed),
    }


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lines = format_parts(report["rows"], report["sources"], "pairs")
    if any(report["languages"].values()):
        names = (name or "?" for name in report["languages"].values())
        lines.append(f"languages   {' to '.join(names)}")
    lines.append(f"removed     {_describe_removed(report['removed']) or 'none'}")
    several = report["sources_with_several_translations"]
    lines.append(f"sources     {several:,} in train have several translations")
    lines += ["", *_length_table(report), "", "samples"]
    for pair in report["samples"]:
        lines += [f"  {_show(pair[0])}", f"    -> {_show(pair[1])}"]
    return finish_report(lines, report["warnings"])


def _lengths(lengths: np.ndarray) -> dict:
    return {
        "mean": float(np.mean(lengths)),
        "95": int(np.percentile(lengths, 95, method="higher")),
        "100": int(np.max(lengths)),
    }


def _usual_ratio(lengths: np.ndarray) -> float:
    """Bytes of a target for a byte of its source: the median of the pairs."""
    return float(np.median(lengths[:, 1] / np.maximum(lengths[:, 0], 1)))


def _samples(train: Pairs) -> list[list[str]]:
    count = len(train.sources)
    places = np.unique(np.linspace(0, count - 1, _SAMPLES).astype(int)).tolist()
    return [[train.sources[place], train.targets[place]] for place in places]


def _warnings(parts: dict[str, Pairs], read: int, removed: dict[str, int]) -> list[str]:
    warnings = []
    if "test" in parts:
        test = {sentence_key(source) for source in parts["test"].sources}
        shared = sum(
            sentence_key(source) in test for source in parts["validation"].sources
        )
        if shared:
            warnings.append(f"{shared} validation sources are in test too")
    left_out = sum(removed.values())
    if left_out:
        warnings.append(
            f"{left_out} of {read} training pairs removed: {_describe_removed(removed)}"
        )
    for split, part in parts.items():
        sides = (
            ("an empty source", part.sources),
            ("an empty target", part.targets),
        )
        for what, texts in sides:
            empty = sum(not text.strip() for text in texts)
            if empty:
                warnings.append(f"{empty} {split} pairs have {what}; they stay")
    train = parts["train"]
    pairs = zip(train.sources, train.targets, strict=True)
    same = sum(source == target for source, target in pairs)
    if same > len(train.sources) / 5:
        warnings.append(
            f"{same / len(train.sources):.0%} of the training pairs have the same text "
            "on both sides: are these the right files or columns?"
        )
    return warnings


def _describe_removed(removed: dict[str, int]) -> str:
    return ", ".join(
        f"{count} {REASONS[reason]}" for reason, count in removed.items() if count
    )


def _length_table(report: dict) -> list[str]:
    over = f"over {CUT_BYTES}"
    lines = [f"{'bytes':<20}{'mean':>8}{'95%':>8}{'max':>9}{over:>10}"]
    for split, sides in report["length_bytes"].items():
        for side, length in sides.items():
            share = report[f"share_over_{CUT_BYTES}_bytes"][split][side]
            lines.append(
                f"{split + ' ' + side:<20}{length['mean']:>8.1f}{length['95']:>8,}"
                f"{length['100']:>9,}{share:>10.1%}"
            )
    ratio = report["length_ratio"]
    return [*lines, f"a target has {ratio:.2f} bytes for a byte of its source (median)"]


def _show(text: str, width: int = 72) -> str:
    """A text on one line, with its control characters escaped."""
    shown = "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1]
        for letter in text[: width + 1]
    )
    return shown if len(shown) <= width else shown[: width - 3] + "..."

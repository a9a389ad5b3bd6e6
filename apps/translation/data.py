"""From files to training, validation and test pairs, and what the data are like."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from ..common.data.pairs import Pairs, choose
from ..common.data.report import finish_report, format_parts
from ..common.data.splits import stratified_split
from ..common.errors import PolyheadError, UsageError
from .config import Config
from .filters import REASONS, count_bytes, sentence_key, sort_out
from .sources import read_split, read_splits

CUT_BYTES = 256  # what an exported file reads unless told otherwise
_SIDES = ("source", "target")
_SAMPLES = 3


@dataclass(frozen=True)
class Dataset:
    """The pairs that a run is trained and measured on, and a report on them."""

    train: Pairs
    validation: Pairs
    test: Pairs | None
    report: dict


def load_data(config: Config) -> Dataset:
    """Reads and checks the data that a Config names.

    Training pairs of no use are left out (see `filters`), and so is every sentence
    that is a source in validation or test. Validation pairs are taken from training
    where none are given; all translations of a sentence are on one side. Validation and
    test that are given are never changed.

    Texts stay as they are, control characters included, except that zero bytes, which
    would end the text in an exported file, and halves of surrogate pairs are removed.
    """
    splits = read_splits(config)
    read = len(splits["train"].sources)
    splits["train"], removed = _sort_out(splits, config)
    if "validation" not in splits:
        splits["train"], splits["validation"] = _split(splits["train"], config)
    report = describe(splits, read, removed, config)
    return Dataset(splits["train"], splits["validation"], splits.get("test"), report)


def load_pairs(
    config: Config,
    test: str | None = None,
    test_source: str | None = None,
    test_target: str | None = None,
) -> Pairs:
    """Reads other pairs for a model: a table, or two files."""
    files = replace(config, test=test, test_source=test_source, test_target=test_target)
    pairs = read_split(files, "test")
    if pairs is None:
        raise UsageError("give --test, or --test-source with --test-target")
    return pairs


def _sort_out(splits: dict[str, Pairs], config: Config) -> tuple[Pairs, dict[str, int]]:
    train = splits["train"]
    others = [pairs for split, pairs in splits.items() if split != "train"]
    held_out = {sentence_key(source) for pairs in others for source in pairs.sources}
    limits = config.max_tokens, config.max_length_ratio
    keep, removed = sort_out(train, held_out, *limits)
    if not keep.any():
        raise PolyheadError(
            f"{train.source}: no pair is left to train on: "
            f"{_describe_removed(removed, '; ')}; give other training data"
        )
    return choose(train, np.flatnonzero(keep)), removed


def _split(train: Pairs, config: Config) -> tuple[Pairs, Pairs]:
    keys = [sentence_key(source) for source in train.sources]
    no_labels = np.zeros(len(keys), dtype=np.int32)
    mask = stratified_split(keys, no_labels, config.validation_fraction, config.seed)
    if not mask.any():
        raise PolyheadError(
            f"{train.source}: {len(keys)} pairs of {len(set(keys))} different sources "
            "are too few to take a validation split from; add pairs, or give "
            "validation data"
        )
    return choose(train, np.flatnonzero(~mask)), choose(train, np.flatnonzero(mask))


def describe(
    splits: dict[str, Pairs], read: int, removed: dict[str, int], config: Config
) -> dict:
    """Counts pairs and lengths of every split; warns of what looks wrong.

    Of the `read` training pairs of the source, `removed` are left out, by reason.
    """
    train = splits["train"]
    lengths = {
        split: dict(zip(_SIDES, count_bytes(pairs).T, strict=True))
        for split, pairs in splits.items()
    }
    # Bytes of a target for a byte of its source.
    ratios = lengths["train"]["target"] / np.maximum(lengths["train"]["source"], 1)
    several = sum(count > 1 for count in Counter(train.sources).values())
    places = np.linspace(0, len(train.sources) - 1, _SAMPLES).astype(int)
    samples = choose(train, np.unique(places))
    return {
        "sources": {split: pairs.source for split, pairs in splits.items()},
        "languages": {side: getattr(config, f"{side}_language") for side in _SIDES},
        "rows": {split: len(pairs.sources) for split, pairs in splits.items()},
        "train_rows_read": read,
        "removed": removed,
        "sources_with_several_translations": several,
        "length_bytes": {
            split: {side: _summarize(sizes) for side, sizes in sides.items()}
            for split, sides in lengths.items()
        },
        "length_ratio": float(np.median(ratios)),
        f"share_over_{CUT_BYTES}_bytes": {
            split: {s: float(np.mean(sizes > CUT_BYTES)) for s, sizes in sides.items()}
            for split, sides in lengths.items()
        },
        "samples": list(map(list, zip(samples.sources, samples.targets, strict=True))),
        "warnings": _warn(splits, read, removed),
    }


def _summarize(lengths: np.ndarray) -> dict:
    return {
        "mean": float(np.mean(lengths)),
        "95": int(np.percentile(lengths, 95, method="higher")),
        "100": int(np.max(lengths)),
    }


def _warn(splits: dict[str, Pairs], read: int, removed: dict[str, int]) -> list[str]:
    warnings = []
    if "test" in splits:
        test = {sentence_key(source) for source in splits["test"].sources}
        shared = sum(sentence_key(x) in test for x in splits["validation"].sources)
        if shared:
            warnings.append(f"{shared} validation sources are in test too")
    if any(removed.values()):
        warnings.append(
            f"{sum(removed.values())} of {read} training pairs removed: "
            f"{_describe_removed(removed)}"
        )
    for split, pairs in splits.items():
        for side, texts in zip(_SIDES, (pairs.sources, pairs.targets), strict=True):
            empty = sum(not text.strip() for text in texts)
            if empty:
                note = f"{empty} {split} pairs have an empty {side}; they stay"
                warnings.append(note)
    train = splits["train"]
    same = np.mean([s == t for s, t in zip(train.sources, train.targets, strict=True)])
    if same > 1 / 5:
        warnings.append(
            f"{same:.0%} of the training pairs have the same text on both sides: are "
            "these the right files or columns?"
        )
    return warnings


def _describe_removed(removed: dict[str, int], separator: str = ", ") -> str:
    counts = {reason: count for reason, count in removed.items() if count}
    return separator.join(f"{n} {REASONS[reason]}" for reason, n in counts.items())


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lines = format_parts(report["rows"], report["sources"], "pairs")
    if any(report["languages"].values()):
        names = (name or "?" for name in report["languages"].values())
        lines.append(f"languages   {' to '.join(names)}")
    lines.append(f"removed     {_describe_removed(report['removed']) or 'none'}")
    several = report["sources_with_several_translations"]
    lines.append(f"sources     {several:,} in train have several translations")
    over = f"over {CUT_BYTES}"
    lines += ["", f"{'bytes':<20}{'mean':>8}{'95%':>8}{'max':>9}{over:>10}"]
    for split, sides in report["length_bytes"].items():
        for side, length in sides.items():
            share = report[f"share_over_{CUT_BYTES}_bytes"][split][side]
            lines.append(
                f"{split + ' ' + side:<20}{length['mean']:>8.1f}{length['95']:>8,}"
                f"{length['100']:>9,}{share:>10.1%}"
            )
    ratio = report["length_ratio"]
    lines.append(f"a target has {ratio:.2f} bytes for a byte of its source (median)")
    lines += ["", "samples"]
    for source, target in report["samples"]:
        lines += [f"  {_show(source)}", f"    -> {_show(target)}"]
    return finish_report(lines, report["warnings"])


def _show(text: str, width: int = 72) -> str:
    """A text on one line, with its control characters escaped."""
    letters = text[: width + 1]
    shown = "".join(x if x.isprintable() else ascii(x)[1:-1] for x in letters)
    return shown if len(shown) <= width else shown[: width - 3] + "..."

"""From files to training, validation and test pairs, and what the data are like."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..common.data.known_parts import (
    choose_validation,
    leave_out_trained,
    remember_parts,
    restore_parts,
)
from ..common.data.known_rows import PARTS, Known, KnownRows
from ..common.data.pairs import Pairs, choose
from ..common.data.report import finish_report, format_parts
from ..common.data.splits import fit_fraction, stratified_split
from ..common.errors import PolyheadError, UsageError
from ..common.generation.measure import choose_measure
from ..common.text.limits import MOST_TOKENS, describe_fit, fit_bytes, token_limits
from ..common.text.units import choose_tokenizer
from .config import Config
from .filters import REASONS, count_bytes, sort_out
from .sources import read_split, read_splits

_SIDES = ("source", "target")
_SAMPLES = 3
USUAL_FRACTION = 0.05  # of the pairs, for validation
# Pairs, by the tokenizer, of which fewer seldom give a right answer.
ENOUGH = {"bytes": (1000, "sentences"), "characters": (200, "words")}


@dataclass(frozen=True)
class Dataset:
    """The pairs that a run is trained and measured on, and a report on them."""

    train: Pairs
    validation: Pairs
    test: Pairs | None
    report: dict
    read: Pairs | None = None  # the training data, with the pairs of no part
    differences: tuple[str, ...] = ()  # from the data that the run was trained on
    is_whole: bool = True  # whether all pairs of the run are there, as they were


def load_data(config: Config, known: Known | None = None) -> Dataset:
    """Reads and checks the data that a Config names.

    Training pairs of no use are left out (see `filters`), and so is every sentence
    that is a source in validation or test. Validation pairs are taken from training
    where none are given; all translations of a sentence are on one side. Validation and
    test that are given are never changed.

    Texts stay as they are, control characters included, except that zero bytes, which
    would end the text in an exported file, and halves of surrogate pairs are removed.

    `known` is what is known of the run if it was trained before: its parts are found
    again by the hashes of their pairs.
    """
    splits = read_splits(config)
    how = [note for pairs in splits.values() for note in pairs.notes]
    read, count = splits["train"], len(splits["train"].sources)
    if known and known.rows:
        found = restore_parts(known.rows, splits, "spelling or target")
        train, validation, test = ordered(found.parts)
        report = describe(found.parts, count, {}, config)
        report["warnings"] = [*how, *found.differences, *report["warnings"]]
        kept = read, found.differences, found.is_whole
        return Dataset(train, validation, test, report, *kept)
    older, notes = None, list[str]()
    if config.init_from:
        older = KnownRows.load(config.init_from)
        splits, notes = leave_out_trained(splits, older, config.init_from)
    splits["train"], removed = _sort_out(splits, config)
    if "validation" not in splits:
        splits["train"], splits["validation"] = _split(splits["train"], config, older)
    report = describe(splits, count, removed, config)
    report["warnings"] = [*how, *notes, *report["warnings"]]
    return Dataset(*ordered(splits), report, read)


def remember(dataset: Dataset, init_from: str | None) -> KnownRows:
    """What a run that begins to train on `dataset` remembers of it."""
    parts = {name: getattr(dataset, name) for name in PARTS}
    rows = {name: part.known_as for name, part in parts.items() if part is not None}
    return remember_parts(rows, dataset.read, init_from)


def ordered(splits: dict[str, Pairs]) -> tuple[Pairs, Pairs, Pairs | None]:
    """Train, validation and test."""
    return splits["train"], splits["validation"], splits.get("test")


def load_pairs(
    config: Config,
    test: Any = None,
    test_source: str | None = None,
    test_target: str | None = None,
) -> Pairs:
    """Reads other pairs for a model: a table, or two files."""
    files = replace(config, test=test, test_source=test_source, test_target=test_target)
    pairs = read_split(files, "test")
    if pairs is None:
        raise UsageError("give --test, or --test-source with --test-target")
    return replace(pairs, normalization=config.normalization)


def _sort_out(splits: dict[str, Pairs], config: Config) -> tuple[Pairs, dict[str, int]]:
    train = splits["train"]
    others = [pairs for split, pairs in splits.items() if split != "train"]
    held_out = {key for pairs in others for key in pairs.keys}
    most = [limit or MOST_TOKENS for limit in token_limits(config)]
    keep, removed = sort_out(train, held_out, most, config.max_length_ratio)
    if not keep.any():
        remedy = "give other training data"
        if removed["too_long"]:
            limits = zip(("max_tokens", "max_output_tokens"), most, strict=True)
            told = " and ".join(f"{name} {limit}" for name, limit in limits)
            remedy += f", cut its texts into sentences, or raise the limits ({told})"
        raise PolyheadError(
            f"{train.source}: no pair is left to train on: "
            f"{_describe_removed(removed, '; ')}; {remedy}"
        )
    return choose(train, np.flatnonzero(keep)), removed


def _split(
    train: Pairs, config: Config, older: KnownRows | None
) -> tuple[Pairs, Pairs]:
    keys = train.keys

    def draw(places: np.ndarray) -> np.ndarray:
        labels, some = np.zeros(len(places), np.int32), [keys[i] for i in places]
        usual = fit_fraction(len(set(some)), USUAL_FRACTION)
        fraction = config.validation_fraction or usual
        return stratified_split(some, labels, fraction, config.seed)

    mask = choose_validation(keys, older, draw)
    if older and not mask.any():
        raise PolyheadError(
            f"{train.source}: {config.init_from} was trained on every source, so none "
            "is left for validation; add pairs, or give validation data"
        )
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
    chosen = choose_measure(train.targets, config.target_language)
    places = np.linspace(0, len(train.sources) - 1, _SAMPLES).astype(int)
    samples = choose(train, np.unique(places))
    return {
        "sources": {split: pairs.source for split, pairs in splits.items()},
        "languages": {side: getattr(config, f"{side}_language") for side in _SIDES},
        "rows": {split: len(pairs.sources) for split, pairs in splits.items()},
        "train_rows_read": read,
        "removed": removed,
        "sources_with_several_translations": several,
        "scored_sources": {
            split: len(set(pairs.sources))
            for split, pairs in splits.items()
            if split != "train"
        },
        "measure": config.measure or chosen.main,
        "tokenize": config.tokenize or chosen.tokenize,
        "length_bytes": {
            split: {side: _summarize(sizes) for side, sizes in sides.items()}
            for split, sides in lengths.items()
        },
        "length_ratio": float(np.median(ratios)),
        "fitting_bytes": {
            "source": fit_bytes(train.sources),
            "target": fit_bytes(train.targets),
        },
        "samples": list(map(list, zip(samples.sources, samples.targets, strict=True))),
        "warnings": _warn(splits, read, removed) + _warn_of_few(train, config),
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
        test = set(splits["test"].keys)
        shared = sum(key in test for key in splits["validation"].keys)
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


def _warn_of_few(train: Pairs, config: Config) -> list[str]:
    """Says so where a model cannot be learned from the pairs alone."""
    if config.init_from:
        return []
    kind = config.tokenizer or choose_tokenizer(train.sources, train.targets)
    enough, unit = ENOUGH[kind]
    if len(train.sources) >= enough:
        return []
    count = len(train.sources)
    pairs = f"{count:,} training pairs are" if count > 1 else "one training pair is"
    return [
        f"{pairs} too few to learn to translate "
        f"{unit} (usually {enough:,} at least): give more pairs, or begin with a run "
        "on others of the kind (--init-from RUN)"
    ]


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
    for split, sources in report["scored_sources"].items():
        if sources < report["rows"][split]:
            lines.append(
                f"            {sources:,} different in {split}: each is scored once, "
                "against all its translations"
            )
    main = {"exact": "exact match", "bleu": "BLEU"}[report["measure"]]
    lines.append(f"measure     {main} decides; BLEU tokenised by {report['tokenize']}")
    lines += ["", f"{'bytes':<20}{'mean':>8}{'95%':>8}{'max':>9}"]
    for split, sides in report["length_bytes"].items():
        for side, length in sides.items():
            line = (
                f"{split + ' ' + side:<20}{length['mean']:>8.1f}{length['95']:>8,}"
                f"{length['100']:>9,}"
            )
            if split == "train":
                line += f"  {describe_fit(report['fitting_bytes'][side])}"
            lines.append(line)
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

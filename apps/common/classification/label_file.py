"""labels.txt: the labels of a run, one on each line. Imports nothing heavy."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import RETRAIN, PolyheadError
from ..files import expecting, read_file, read_json, write_text


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels of a run, in the order of the model's outputs."""
    text = read_file(path, RETRAIN)
    if not text.endswith("\n"):
        raise PolyheadError(
            f"{path}: empty or cut short, for its last line does not end: {RETRAIN}"
        )
    names = tuple(text.removesuffix("\n").split("\n"))
    seen: set[str] = set()
    for row, name in enumerate(names, 1):
        if not name.strip():
            raise PolyheadError(f"{path}: row {row}: no label: {RETRAIN}")
        if name in seen:
            raise PolyheadError(
                f"{path}: row {row}: the label {name!r} for the second time: {RETRAIN}"
            )
        seen.add(name)
    _check_fingerprint(path, names)
    return names


def _check_fingerprint(path: Path, names: Sequence[str]) -> None:
    """Refuses labels, or an order, that are not those of the training."""
    facts = path.with_name("data.json")
    if not facts.exists():  # a run of polyhead 0.2 or before
        return
    from ..data.row_hashes import fingerprint_labels

    recorded = read_json(facts, RETRAIN)
    with expecting(facts, RETRAIN):
        known = recorded["labels"]
    if known and known != fingerprint_labels(names):
        raise PolyheadError(
            f"{path}: not the labels, in their order, that the run was trained with: "
            f"restore the file, or {RETRAIN}"
        )


def write_labels(path: Path, names: Sequence[str]) -> None:
    """Writes the labels of a run, one on each line."""
    write_text(path, "\n".join(names) + "\n")


def refuse_other_labels(
    path: Path, names: Sequence[str], source: Path, others: Sequence[str], remedy: str
) -> None:
    """Refuses labels that are not, in this order, those of another file."""
    if len(names) != len(others):
        raise PolyheadError(
            f"{path}: {len(names)} labels, but {source} has {len(others)}: {remedy}"
        )
    for row, (name, other) in enumerate(zip(names, others, strict=True), 1):
        if name != other:
            raise PolyheadError(
                f"{path}: row {row}: the label {name!r}, where {source} has "
                f"{other!r}: {remedy}"
            )

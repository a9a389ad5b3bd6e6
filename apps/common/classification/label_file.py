"""labels.txt: the labels of a run, one on each line. Imports nothing heavy.

Beside it may be descriptions.json, what people call the labels that are codes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import RETRAIN, PolyheadError
from ..files import expecting, read_file, read_json, write_json, write_text

DESCRIPTIONS = "descriptions.json"


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


def read_descriptions(folder: Path) -> dict[str, str]:
    """Label -> what people call it, of a run; empty where its data said nothing."""
    path = folder / DESCRIPTIONS
    return read_json(path, RETRAIN) if path.exists() else {}


def write_descriptions(folder: Path, descriptions: Mapping[str, str]) -> None:
    """Writes what people call the labels, if the data said so."""
    if descriptions:
        write_json(folder / DESCRIPTIONS, dict(descriptions))


def describe_label(label: str, descriptions: Mapping[str, str] | None) -> str:
    """A label as people read it: "de (German)", or the label alone."""
    more = (descriptions or {}).get(label)
    return f"{label} ({more})" if more else label


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

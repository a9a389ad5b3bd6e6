"""What a run remembers of its data: the salted hashes of the rows of each part."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from ..errors import RETRAIN, PolyheadError
from ..files import read_json, replacing, write_json
from .row_hashes import Rows, find_rows, fingerprint_labels, hash_rows, keys_of

VERSION = 1  # of the keys and their hashes
FACTS, HASHES = "data.json", "rows.npz"
PARTS = ("train", "validation", "test")
# Besides the parts: rows that were read and not used, and rows that the run with whose
# weights the training began had trained on.
LEFT_OUT, BEFORE = "left_out", "before"


@dataclass(frozen=True)
class KnownRows:
    """The hashes of a run's rows, in the order in which the run has them.

    Args:
        salt: of the hashes, so that those of two runs cannot be compared.
        parts: "train", "validation", "test", "left_out", "before" -> uint64 `(rows,)`.
        labels: fingerprint of the labels; empty for a task without labels.
    """

    salt: bytes
    parts: Mapping[str, np.ndarray]
    labels: str = ""

    @property
    def trained(self) -> np.ndarray:
        """The keys of all rows that the weights have been trained on, sorted."""
        hashes = [self.parts[name] for name in ("train", BEFORE) if name in self.parts]
        return np.unique(keys_of(np.concatenate(hashes)))

    def was_trained_on(self, keys: Sequence[str | bytes]) -> np.ndarray:
        """Which rows were trained on, by their keys; bool `(rows,)`."""
        return self._are_in(keys, self.trained)

    def was_in(self, part: str, keys: Sequence[str | bytes]) -> np.ndarray:
        """Which rows were in a part, by their keys; bool `(rows,)`."""
        hashes = self.parts.get(part, np.zeros(0, np.uint64))
        return self._are_in(keys, np.unique(keys_of(hashes)))

    def _are_in(self, keys: Sequence[str | bytes], known: np.ndarray) -> np.ndarray:
        hashes = hash_rows(self.salt, Rows(keys, [""] * len(keys)))
        return np.isin(keys_of(hashes), known)

    def save(self, path: Path) -> None:
        """Writes data.json and rows.npz into a run's folder."""
        with replacing(path / HASHES) as temporary:
            np.savez(temporary, allow_pickle=False, **self.parts)
        facts: dict[str, Any] = {"version": VERSION, "salt": self.salt.hex()}
        counts = {name: len(hashes) for name, hashes in self.parts.items()}
        write_json(path / FACTS, facts | {"rows": counts, "labels": self.labels})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self | None:
        """Reads those of a run's folder; None where it has none.

        Runs of polyhead 0.2 and older have none, and a user may delete both files.
        """
        path = Path(path)
        if not (path / FACTS).exists() or not (path / HASHES).exists():
            return None
        facts = read_json(path / FACTS, RETRAIN)
        try:
            if facts["version"] != VERSION:
                raise PolyheadError(
                    f"{path / FACTS}: version {facts['version']!r}, this version reads "
                    f"{VERSION}: install the version of polyhead that wrote it"
                )
            salt, counts = bytes.fromhex(facts["salt"]), facts["rows"]
            with np.load(path / HASHES) as arrays:
                parts = {name: arrays[name] for name in counts}
            kinds = {(x.dtype.name, x.ndim) for x in parts.values()}
            sizes = {name: len(hashes) for name, hashes in parts.items()}
            whole = kinds == {("uint64", 1)} and sizes == counts and len(salt) == 16
            if not (whole and "train" in parts and "validation" in parts):
                raise ValueError("not hashes")
            return cls(salt, parts, facts["labels"])
        except PolyheadError:
            raise
        except Exception as error:  # zip and numpy each raise their own
            raise PolyheadError(
                f"{path / HASHES} and {FACTS}: damaged ({type(error).__name__}): "
                f"{RETRAIN}, or delete both, and the run forgets its rows"
            ) from error


class Known(NamedTuple):
    """What is known of a run when its data are read again."""

    rows: KnownRows | None  # None: the run does not remember its rows
    assets: Any  # of the run, such as its labels


def remember(
    parts: Mapping[str, Rows],
    read: Rows | None = None,
    older: KnownRows | None = None,
    labels: Sequence[str] = (),
) -> KnownRows:
    """The hashes of a run that begins to train.

    Args:
        parts: the rows of each part.
        read: all rows of the training data, also those that are in no part.
        older: the hashes of the run with whose weights the training begins.
        labels: the names of the labels, in the order of the model's outputs.
    """
    salt = older.salt if older else os.urandom(16)
    hashes = {name: hash_rows(salt, rows) for name, rows in parts.items()}
    if read is not None:
        used = np.concatenate(list(hashes.values()))
        all_read = hash_rows(salt, read)
        rest = np.ones(len(all_read), bool)
        found = find_rows(used, all_read)
        rest[found[found >= 0]] = False
        hashes[LEFT_OUT] = all_read[rest]
    if older:
        earlier = [older.parts[n] for n in ("train", BEFORE) if n in older.parts]
        joined = np.unique(np.concatenate(earlier))
        new = ~np.isin(keys_of(joined), keys_of(hashes["train"]))
        hashes[BEFORE] = joined[new]
    return KnownRows(salt, hashes, fingerprint_labels(labels) if labels else "")


@dataclass(frozen=True)
class Restored:
    """The parts of a run, found again in the data as they are today.

    Args:
        places: part -> the place of each row in its source, in the run's order.
        new: rows that the run did not have.
        gone: rows of the run that are no longer there.
        changed: rows whose answer is another one now.
    """

    places: Mapping[str, np.ndarray] = field(default_factory=dict)
    new: int = 0
    gone: int = 0
    changed: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every row of the run is there, as it was."""
        return not (self.gone or self.changed)

    def describe(self, source: str, answer: str) -> list[str]:
        """A line that says what is different; none if nothing is.

        `answer` names what a row should be answered with, such as "label".
        """
        counts = {
            "new": self.new,
            "gone": self.gone,
            f"with another {answer}": self.changed,
        }
        found = [f"{count:,} {what}" for what, count in counts.items() if count]
        if not found:
            return []
        return [f"{source} has changed since the run was trained: {', '.join(found)}"]


def restore(
    known: KnownRows, current: Rows, parts: Sequence[str] = (*PARTS[:2], LEFT_OUT)
) -> Restored:
    """Finds the rows of some parts, all of one source, in the source as it is now."""
    hashes = hash_rows(known.salt, current)
    recorded = [known.parts.get(name, np.zeros(0, np.uint64)) for name in parts]
    wanted = np.concatenate(recorded)
    found = find_rows(wanted, hashes)
    lost = np.flatnonzero(found < 0)
    free = np.ones(len(hashes), bool)
    free[found[found >= 0]] = False
    spare = np.flatnonzero(free)
    # A row that has another answer now has the same key.
    again = find_rows(keys_of(wanted[lost]), keys_of(hashes[spare]))
    changed = again >= 0
    found[lost[changed]] = spare[again[changed]]
    free[spare[again[changed]]] = False
    # A row of training that another part has too was left out for it.
    others = [part for name, part in known.parts.items() if name not in parts]
    if LEFT_OUT in parts and others:
        free &= ~np.isin(hashes, np.concatenate(others))
    # What was of no use then is missed by no one.
    used = np.concatenate(
        [np.full(len(p), n != LEFT_OUT) for n, p in zip(parts, recorded, strict=True)]
    )
    ends = np.cumsum([len(part) for part in recorded])[:-1]
    places = dict(zip(parts, np.split(found, ends), strict=True))
    return Restored(
        {name: part[part >= 0] for name, part in places.items()},
        int(free.sum()),
        int((used & (found < 0)).sum()),
        int((used[lost] & changed).sum()),
    )

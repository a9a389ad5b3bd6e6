"""Hashes of rows, eight bytes a row.

A hash has 48 bits of what a model reads, the key of the row, and 16 bits of what it
should answer. Equal keys are one row to all questions of "was it trained on?"; the
other bits tell whether its answer has changed since.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

ANSWER_BITS = np.uint64(16)


class Rows(NamedTuple):
    """Rows of a part: the key of each, and what a model should answer to it."""

    keys: Sequence[str | bytes]
    answers: Sequence[str | bytes]


def hash_rows(salt: bytes, rows: Rows) -> np.ndarray:
    """The hash of each row: uint64 `(rows,)`."""
    keys = _digests(salt, rows.keys, 6)
    answers = _digests(salt, rows.answers, 2)
    joined = b"".join(a + k for a, k in zip(answers, keys, strict=True))
    return np.frombuffer(joined, "<u8").astype(np.uint64)


def _digests(salt: bytes, values: Iterable[str | bytes], size: int) -> list[bytes]:
    start = hashlib.blake2b(digest_size=size, key=salt)
    digests = []
    for value in values:
        one = start.copy()
        one.update(value if isinstance(value, bytes) else value.encode())
        digests.append(one.digest())
    return digests


def keys_of(hashes: np.ndarray) -> np.ndarray:
    """The part of each hash that depends on the key alone."""
    return hashes >> ANSWER_BITS


def find_rows(wanted: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The place of each wanted hash among others, -1 where there is none.

    The n-th of equal hashes is found at the place of the n-th equal one.
    """
    order = np.argsort(among, kind="stable")
    ordered = among[order]
    mine = np.argsort(wanted, kind="stable")
    values = wanted[mine]
    number = np.arange(len(values)) - np.searchsorted(values, values)
    place = np.searchsorted(ordered, values) + number
    found = place < np.searchsorted(ordered, values, side="right")
    result = np.full(len(wanted), -1, np.int64)
    result[mine[found]] = order[place[found]]
    return result


def fingerprint_labels(labels: Sequence[str]) -> str:
    """A short text that is the same for the same labels in the same order."""
    return hashlib.blake2b(json.dumps(list(labels)).encode(), digest_size=8).hexdigest()


def fingerprint_rows(rows: Rows) -> str:
    """A short text that is the same for the same rows, in any order."""
    total = int(hash_rows(b"", rows).sum(dtype=np.uint64))
    return f"{len(rows.keys)}-{total:016x}"

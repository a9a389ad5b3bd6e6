"""Examples that a run keeps of its data, so that its export needs no other data.

They are held-out rows and, where an export calibrates, some training inputs. The
setting `keep_examples` says how many; 0 keeps none. They are never exported.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PolyheadError
from ..files import replacing

FILE = "examples.npz"
FORMAT = 1
BUDGET = 4_000_000  # bytes, before they are compressed
FEWEST = 4  # examples that are kept although they are larger


@dataclass(frozen=True)
class Kept:
    """Examples of the split that measures a run."""

    split: str  # "test" or "validation"
    rows: int  # examples
    total: int  # rows of the split, of which they are a sample
    seed: int | None  # of the sample; None for rows at equal distances
    texts: Mapping[str, list[str]] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)  # a row for each
    source: str = ""  # the file, if they are not the run's own

    @property
    def facts(self) -> dict[str, object]:
        """What the report of an export says of them."""
        kept = {"split": self.split, "rows": self.rows, "of": self.total}
        further = {"seed": self.seed, "source": self.source or None}
        return kept | {k: v for k, v in further.items() if v is not None}


def sample_texts(
    columns: Sequence[Sequence[str]], count: int, seed: int, budget: int = BUDGET
) -> np.ndarray:
    """Row numbers, in order: a seeded sample of at most `count` rows in the budget.

    Args:
        columns: the texts of each row, a sequence for each column.
    """
    rows = np.random.default_rng(seed).permutation(len(columns[0]))[:count]
    sizes = [sum(len(texts[row].encode()) for texts in columns) for row in rows]
    fits = np.cumsum(sizes) <= budget
    fits[:FEWEST] = True
    return np.sort(rows[fits])


def example_texts(path: Path, task: str, count: int = 8, most: int = 300) -> list[dict]:
    """Some of the texts that the run in `path` keeps, none of them long."""
    kept = read_kept(path, task)
    texts = kept.texts.get("text", []) if kept else []
    short = [text for text in texts if text.strip() and len(text) <= most]
    return [{"text": text} for text in short[:: max(1, len(short) // count)][:count]]


def write_kept(path: Path, task: str, kept: Kept) -> None:
    """Writes the examples into the run's folder `path`, without pickle."""
    names = "split", "rows", "total", "seed", "texts"
    about = {"format": FORMAT, "task": task} | {k: getattr(kept, k) for k in names}
    packed = np.frombuffer(json.dumps(about).encode(), np.uint8)
    arrays: dict[str, Any] = {"about": packed, **kept.arrays}
    with replacing(path / FILE) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_kept(path: Path, task: str) -> Kept | None:
    """Reads the examples of the run in `path`; None where it has no such file."""
    file = path / FILE
    if not file.exists():
        return None
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop("about").tobytes())
        if (about.pop("format"), about.pop("task")) != (FORMAT, task):
            raise ValueError(f"no examples of {task} as this version keeps them")
        return Kept(**about, arrays=arrays)
    except Exception as error:  # a damaged archive raises errors of many kinds
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PolyheadError(
            f"{file}: cannot be read ({reason}): copy it from the run once more, or "
            "give --test F"
        ) from None

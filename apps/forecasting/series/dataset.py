"""What a run trains and is measured on: series, and their splits in time."""

from dataclasses import dataclass

import numpy as np

from .frames import Columns
from .frequency import DAY, Frequency, calendar_cycles
from .series import Series

SPLITS = ("train", "validation", "test")  # in time order


@dataclass(frozen=True)
class Dataset:
    """Series, and where their splits end.

    Args:
        columns: which column is what.
        categories: the known values of each categorical column.
        frequency: the step of all series.
        series: their values in all splits together.
        ends: split -> the step, of each series, where it ends.
        report: counts and warnings; see `report.describe`.
        usual_gap: steps from a training row to the next; see `joining.usual_gap`.
        test_begins: where the test split of each series begins, if not where
            validation ends.
    """

    columns: Columns
    categories: dict[str, list[str]]
    frequency: Frequency
    series: list[Series]
    ends: dict[str, np.ndarray]
    report: dict
    usual_gap: int = 1
    test_begins: np.ndarray | None = None

    @property
    def season(self) -> int:
        """See `Frequency.season`."""
        return self.frequency.season

    @property
    def calendar_cycles(self) -> list[str]:
        """Which of day, week and year have calendar features."""
        pairs = zip(self.series, np.maximum(self.ends["train"], 1), strict=True)
        spans = [s.stamps(self.frequency, end)[-1] - s.start for s, end in pairs]
        return calendar_cycles(self.frequency, max(spans).astype(int) / DAY)

    @property
    def held_out(self) -> str:
        """The split that measures a run."""
        return "test" if "test" in self.ends else "validation"

    def bounds(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """First step of a split, and the one after its last, of each series."""
        ends = self.ends[split]
        if split == "test" and self.test_begins is not None:
            return self.test_begins, ends
        before = [name for name in SPLITS[: SPLITS.index(split)] if name in self.ends]
        return (self.ends[before[-1]] if before else np.zeros_like(ends)), ends

    def training_values(self) -> list[np.ndarray]:
        """The values of each series in training, `(steps, columns)` float32."""
        ends = self.ends["train"]
        return [s.values[:end] for s, end in zip(self.series, ends, strict=True)]

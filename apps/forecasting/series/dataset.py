"""The series of a run with their splits in time, and what a run keeps of them."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...common.errors import RETRAIN
from ...common.files import expecting, read_json, write_json
from ..config import Config
from .frames import Columns
from .frequency import UNITS, Frequency, calendar_cycles, list_seasons
from .series import Series

SPLITS = ("train", "validation", "test")  # in time order


@dataclass(frozen=True)
class Dataset:
    """Series, and where their splits end."""

    columns: Columns
    categories: dict[str, list[str]]  # the known values of each categorical column
    frequency: Frequency
    series: list[Series]  # all splits together
    ends: dict[str, np.ndarray]  # split -> the step, of each series, where it ends
    report: dict  # see `report.describe`
    usual_gap: int = 1  # from a training row to the next; see `series.usual_gap`
    test_begins: np.ndarray | None = None  # where not at the end of validation
    differences: tuple[str, ...] = ()  # from the data that the run was trained on
    is_whole: bool = True  # whether all rows of the run are there, as they were
    # Spreads and seasonal errors (series, T) of training, if its rows are not here.
    scales: tuple[np.ndarray, np.ndarray] | None = None
    # Phases of the calendar at which a target has no value; see `phases.find_silent`.
    silent: list[list] = field(default_factory=list)
    horizon: int = 0  # for which the splits were cut
    cycles: tuple[str, ...] = ()  # that the values follow; see `seasons.find_cycles`
    mase_season: int | None = None  # where it is not the usual season

    @property
    def season(self) -> int:
        """See `Frequency.season`."""
        return self.frequency.season

    @property
    def seasons(self) -> list[int]:
        """The usual season, and then the longer one that the values follow."""
        return list_seasons(self.frequency, self.cycles)

    @property
    def error_season(self) -> int:
        """The season whose naive errors are the unit of MASE."""
        return self.mase_season or self.season

    @property
    def calendar_cycles(self) -> list[str]:
        """Which of day, week and year have calendar features."""
        pairs = zip(self.series, np.maximum(self.ends["train"], 1), strict=True)
        spans = [s.stamps(self.frequency, end)[-1] - s.start for s, end in pairs]
        return calendar_cycles(self.frequency, max(spans) / np.timedelta64(1, "D"))

    @property
    def held_out(self) -> str:
        """The split that measures a run."""
        return "test" if "test" in self.ends else "validation"

    @property
    def holds_counts(self) -> bool:
        """Whether every target of the training rows is a whole number, 0 or more."""
        parts = [v[:, : len(self.columns.targets)] for v in self.training_values()]
        known = [part[~np.isnan(part)] for part in parts]
        return all(((x >= 0) & (x == np.floor(x))).all() for x in known)

    def bounds(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """First step of a split, and the one after its last, of each series."""
        ends = self.ends[split]
        if split == "test" and self.test_begins is not None:
            return self.test_begins, ends
        before = [name for name in SPLITS[: SPLITS.index(split)] if name in self.ends]
        return (self.ends[before[-1]] if before else np.zeros_like(ends)), ends

    def training_values(self) -> list[np.ndarray]:
        """The values of each series in training, `(steps, columns)` float32."""
        ends = self.ends.get("train", np.zeros(len(self.series), int))
        return [s.values[:end] for s, end in zip(self.series, ends, strict=True)]


@dataclass(frozen=True)
class Assets:
    """What a forecaster needs besides its model; see `Dataset`."""

    config: Config  # its lengths filled
    columns: Columns
    categories: dict[str, list[str]]
    frequency: Frequency
    usual_gap: int = 1
    zone: str | None = None  # of the training data's clock, such as "+02:00", if known
    # Of each series by its name, a number for each target; see `scoring.scores`.
    spreads: dict[str, list[float]] = field(default_factory=dict)
    seasonal_errors: dict[str, list[float]] = field(default_factory=dict)
    silent: list[list] = field(default_factory=list)  # see `phases.find_silent`

    @property
    def look_back(self) -> int:
        return self.config.look_back or 0

    @property
    def horizon(self) -> int:
        return self.config.horizon or 0

    @property
    def quantiles(self) -> list[float]:
        return sorted(self.config.quantiles)


def make_assets(config: Config, dataset: Dataset, path: Path | None = None) -> Assets:
    """The assets of a new run. All of them follow from the data."""
    zone = next((one.zone for one in dataset.series if one.zone), None)
    names = ("columns", "categories", "frequency", "usual_gap", "silent")
    return Assets(config, **{n: getattr(dataset, n) for n in names}, zone=zone)


def save_assets(assets: Assets, path: Path) -> None:
    """Writes columns.json into a run's folder."""
    facts = asdict(assets)
    del facts["config"]
    facts["frequency"] = [assets.frequency.unit, assets.frequency.step]
    write_json(path / "columns.json", facts)


def load_assets(config: Config, path: Path) -> Assets:
    """Reads columns.json from a run's folder; older ones have no gap and no zone."""
    file = path / "columns.json"
    facts = read_json(file, RETRAIN)
    with expecting(file, RETRAIN):
        known: dict[str, Any] = facts["columns"]
        known = {k: tuple(v) if isinstance(v, list) else v for k, v in known.items()}
        columns, frequency = Columns(**known), Frequency(*facts["frequency"])
        facts |= {"columns": columns, "frequency": frequency}
        assets = Assets(config, **facts)
        _check_assets(assets)
        return assets


def _check_assets(assets: Assets) -> None:
    columns, frequency = assets.columns, assets.frequency
    roles = (columns.targets, columns.past, columns.future)
    lists = [*roles, *assets.categories.values()]
    texts = [columns.time, columns.series or "", assets.zone or ""]
    numbers = (frequency.step, assets.usual_gap)
    is_right = {
        "columns": all(type(names) is tuple for names in roles) and columns.targets,
        "texts": all(type(t) is str for t in [*texts, *(t for n in lists for t in n)]),
        "frequency": frequency.unit in UNITS,
        "numbers": all(type(number) is int and number > 0 for number in numbers),
    }
    for what, right in is_right.items():
        if not right:
            raise ValueError(f"{what} of another kind")

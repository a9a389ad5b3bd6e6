"""What a forecaster needs besides its model: the content of columns.json."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...common.errors import RETRAIN
from ...common.files import read_json, write_json
from ..config import Config
from .dataset import Dataset
from .frames import Columns
from .frequency import Frequency


@dataclass(frozen=True)
class Assets:
    """What a forecaster needs besides its model.

    Args:
        config: the run's, its lengths filled.
        columns, categories, frequency, usual_gap: see `Dataset`.
        zone: the offset of the training data's clock, such as "+02:00", if known.
    """

    config: Config
    columns: Columns
    categories: dict[str, list[str]]
    frequency: Frequency
    usual_gap: int = 1
    zone: str | None = None

    @property
    def look_back(self) -> int:
        """Steps of history that a forecast is made from."""
        return self.config.look_back or 0

    @property
    def horizon(self) -> int:
        """Steps that are forecast."""
        return self.config.horizon or 0

    @property
    def quantiles(self) -> list[float]:
        """The quantiles that come with a forecast."""
        return sorted(self.config.quantiles)


def make_assets(config: Config, dataset: Dataset, path: Path | None = None) -> Assets:
    """The assets of a new run. All of them follow from the data."""
    zone = next((one.zone for one in dataset.series if one.zone), None)
    columns, categories = dataset.columns, dataset.categories
    frequency, gap = dataset.frequency, dataset.usual_gap
    return Assets(config, columns, categories, frequency, gap, zone)


def save_assets(assets: Assets, path: Path) -> None:
    """Writes columns.json into a run's folder."""
    facts = asdict(assets)
    del facts["config"]
    facts["frequency"] = [assets.frequency.unit, assets.frequency.step]
    write_json(path / "columns.json", facts)


def load_assets(config: Config, path: Path) -> Assets:
    """Reads columns.json from a run's folder; older ones have no gap and no zone."""
    facts: dict[str, Any] = read_json(path / "columns.json", RETRAIN)
    for name, value in facts["columns"].items():
        if isinstance(value, list):
            facts["columns"][name] = tuple(value)
    columns, frequency = Columns(**facts["columns"]), Frequency(*facts["frequency"])
    return Assets(config, **facts | {"columns": columns, "frequency": frequency})

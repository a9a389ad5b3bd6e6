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
        columns: which column of a table is what.
        categories: the known values of each categorical column.
        frequency: the step of all series.
        usual_gap: steps from a training row to the next; see `spacing.usual_gap`.
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
    return Assets(
        config,
        dataset.columns,
        dataset.categories,
        dataset.frequency,
        dataset.usual_gap,
        next((series.zone for series in dataset.series if series.zone), None),
    )


def save_assets(assets: Assets, path: Path) -> None:
    """Writes columns.json into a run's folder."""
    facts = asdict(assets)
    del facts["config"]
    facts["frequency"] = [assets.frequency.unit, assets.frequency.step]
    write_json(path / "columns.json", facts)


def load_assets(config: Config, path: Path) -> Assets:
    """Reads columns.json from a run's folder; older ones lack the last two facts."""
    facts = read_json(path / "columns.json", RETRAIN)
    columns: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in facts["columns"].items()
    }
    return Assets(
        config,
        Columns(**columns),
        facts["categories"],
        Frequency(*facts["frequency"]),
        facts.get("usual_gap", 1),
        facts.get("zone"),
    )

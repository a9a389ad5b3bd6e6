"""What the demo page has to know of a forecaster. Imports nothing heavy."""

from pathlib import Path

from ..common.errors import RETRAIN
from ..common.files import expecting, read_json
from .series import name_silent


def page_facts(folder: Path, config: dict) -> dict:
    """Columns, quantiles, the step of time and the categories."""
    file = folder / "columns.json"
    known = read_json(file, RETRAIN)
    with expecting(file, RETRAIN):
        columns = known["columns"]
        unit, step = known["frequency"]
        return {
            "time": columns["time"],
            "series": columns["series"],
            "zone": known.get("zone"),
            "gap": known.get("usual_gap", 1),
            "history": columns["targets"] + columns["past"] + columns["future"],
            "future": columns["future"],
            "targets": columns["targets"],
            "quantiles": sorted(config["quantiles"]),
            "frequency": {"unit": unit, "step": step},
            "categories": known["categories"],
            "silent": name_silent(known.get("silent", [])),
        }


def page_examples(folder: Path) -> list[dict]:
    """Histories of the run's own data; see `newest.read_examples`."""
    from .series.newest import read_examples  # pandas comes with it

    return read_examples(folder)

"""The origin of an exported file: its run, version, scores, author and license."""

from dataclasses import replace
from typing import Any

from ..errors import RETRAIN
from ..files import expecting, read_json
from ..scoring.comparison import scored_split
from .export import Exportable
from .metadata import Metadata


def add_provenance(
    exportable: Exportable, run: Any, author: str = "", license: str = ""
) -> Exportable:
    """Adds name, task, version and scores of a `Run`, author and license."""
    record = read_json(run.path / "run.json", RETRAIN)
    with expecting(run.path / "run.json", RETRAIN):
        version = record["versions"]["polyhead"]
    name = run.path.resolve().name
    with expecting(run.path / "metrics.json", RETRAIN):
        scores = run.metrics[scored_split(run.metrics)]
        numbers = {k: v for k, v in scores.items() if isinstance(v, int | float)}
    facts = {"format": 1, "polyhead": version, "name": name, "author": author}
    facts |= {"license": license, "metrics": numbers, "task": run.task.name}

    def added_to(metadata: Metadata) -> Metadata:
        origin = {"name": name, "version": version, "author": author}
        all_facts = facts | dict(metadata.facts)
        return replace(metadata, **origin, license=license, facts=all_facts)

    further = {
        kind: replace(form, metadata=added_to(form.metadata))
        for kind, form in exportable.further.items()
    }
    return replace(exportable, metadata=added_to(exportable.metadata), further=further)

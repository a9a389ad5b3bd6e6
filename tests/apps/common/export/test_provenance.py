"""Which run a file is of: what its files say of the run."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from export_tools import make_exportable

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.metadata import Metadata
from polyhead.apps.common.export.provenance import add_provenance

SCORES = {"rows": 40, "accuracy": 0.5, "per_class": [], "label": "text"}


@dataclass(frozen=True)
class OtherForm:
    metadata: Metadata


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "reviews"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"versions": {"polyhead": "1.2.3"}}))
    task = SimpleNamespace(name="counting")
    return SimpleNamespace(path=folder, task=task, metrics={"test": SCORES})


def make_examples():
    """An exportable with examples of test, and a form that one task alone has."""
    about = Metadata("Another.", {}, {}, facts={"answers": "labels"})
    exportable = replace(make_exportable(), examples={"split": "test"})
    return replace(exportable, further={"other": OtherForm(about)})


def test_every_file_says_which_run_it_is_of(run):
    exportable = add_provenance(make_examples(), run, "somebody", "MIT")
    for metadata in (exportable.metadata, exportable.further["other"].metadata):
        assert (metadata.name, metadata.version) == ("reviews", "1.2.3")
        assert (metadata.author, metadata.license) == ("somebody", "MIT")
        facts = metadata.facts
        assert facts["format"] == 1 and facts["polyhead"] == "1.2.3"
        assert facts["name"] == "reviews" and facts["task"] == "counting"
        assert facts["metrics"] == {"rows": 40, "accuracy": 0.5}  # numbers alone
    assert exportable.further["other"].metadata.facts["answers"] == "labels"


def test_a_run_without_its_record_is_named(run):
    Path(run.path / "run.json").unlink()
    with pytest.raises(PolyheadError, match="run.json: missing: train the run again"):
        add_provenance(make_examples(), run)

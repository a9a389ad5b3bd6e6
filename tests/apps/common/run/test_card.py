"""A run's README.md: what somebody added on its data stays."""

from types import SimpleNamespace

import pytest

from polyhead.apps.common.run.card import (
    describe_kept_epoch,
    kept_notes,
    name_source,
    write_card,
)

NOTES = "\n## Data\n\nReviews of 2024, CC BY 4.0.\n\n### Sources\n\nTwo.\n"


@pytest.fixture
def run(tmp_path):
    steps = SimpleNamespace(make_card=lambda run: f"# A run\n\nScore {run.score}.\n")
    return SimpleNamespace(path=tmp_path, steps=steps, score=1)


def test_a_section_on_the_data_stays(run):
    write_card(run)
    card = run.path / "README.md"
    assert card.read_text() == "# A run\n\nScore 1.\n" and kept_notes(run.path) == ""
    card.write_text(card.read_text() + NOTES)
    for score in (2, 3):
        run.score = score
        write_card(run)
        assert card.read_text() == f"# A run\n\nScore {score}.\n" + NOTES


def test_a_card_tells_the_kept_epoch_and_the_source():
    train = {"epochs": 5, "seconds": 12.6, "best_epoch": 3}
    assert describe_kept_epoch(train) == "5 epochs in 13 s, of which epoch 3 is kept"
    sources = [
        ("dates", None, None),
        (None, "glue/sst2", None),
        (None, None, "x/a.csv"),
    ]
    names = [
        name_source(SimpleNamespace(dataset=dataset, tfds=tfds, train=train))
        for dataset, tfds, train in sources
    ]
    assert names == ["dates", "glue/sst2", "a.csv"]

"""A translator is never scored on sentences that it was trained on."""

import random

import pytest
from changed_tools import kept_files
from number_tools import TINY, make_numbers

from polyhead.apps import translation
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.translation import Config


def write_pairs(path, pairs):
    lines = ["source\ttarget", *(f"{source}\t{target}" for source, target in pairs)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


PAIRS = make_numbers(90, seed=0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    # A repeated pair is of no use, and is left out.
    train = write_pairs(folder / "train.tsv", [*PAIRS, PAIRS[0]])
    settings = {**TINY, "epochs": 1, "validation_fraction": 0.2, "beam_size": 2}
    config = Config(train=train, run=str(folder / "run"), **settings)
    return translation.train(config, quiet=True)


def sources_of(run):
    data = run.load_data()
    return {name: set(getattr(data, name).sources) for name in ("train", "validation")}


def test_a_shuffled_file_changes_nothing(trained, copied):
    run, file, before = copied
    write_pairs(file, random.Random(1).sample([*PAIRS, PAIRS[0]], 91))
    data, now = trained.load_data(), run.load_data()
    assert now.train.sources == data.train.sources
    assert now.validation.targets == data.validation.targets
    metrics = run.evaluate()
    assert "differences" not in metrics
    assert metrics["validation"] == trained.metrics["validation"]
    assert metrics["baselines"] == trained.metrics["baselines"]
    assert kept_files(run)["metrics.json"] == before["metrics.json"]


def test_a_changed_file_is_told_and_overwrites_nothing(copied):
    run, file, before = copied
    parts = sources_of(run)
    new = [(f"new {source}", target) for source, target in PAIRS[:3]]
    changed = [(PAIRS[5][0], "another target")]
    write_pairs(file, [*new, *changed, *PAIRS[6:]])
    metrics = run.evaluate()
    (line,) = metrics["differences"]
    assert "3 new, 5 gone, 1 with another spelling or target" in line
    now = sources_of(run)
    assert now["train"] <= parts["train"] and now["validation"] <= parts["validation"]
    assert kept_files(run) == before


def test_sources_of_training_are_not_scored(copied, tmp_path):
    run, _, before = copied
    parts = sources_of(run)
    seen = [(source.upper(), "any") for source in sorted(parts["train"])[:4]]
    fresh = [(f"fresh {source}", target) for source, target in PAIRS[:20]]
    metrics = run.evaluate(test=write_pairs(tmp_path / "test.tsv", [*seen, *fresh]))
    assert metrics["test"]["rows"] == 20
    assert "4 of its 24 rows were trained on, and are left out" in run.notes[0]
    with pytest.raises(PolyheadError, match="all of its 4 rows were trained on"):
        run.evaluate(test=write_pairs(tmp_path / "seen.tsv", seen))
    assert kept_files(run) == before


@pytest.mark.parametrize(
    "options", [{"lowercase": True}, {"tokenize": "char"}, {"beam_size": 1}], ids=str
)
def test_another_measure_overwrites_nothing(copied, options):
    run, _, before = copied
    metrics = run.evaluate(**options)
    assert metrics["protocol"].startswith("not the run's own measure")
    assert kept_files(run) == before


def test_the_own_measure_given_in_words_is_no_other(copied):
    run, _, before = copied
    metrics = run.evaluate(tokenize="13a", beam_size=2)
    assert not metrics["protocol"].startswith("not the run's own")
    assert kept_files(run)["metrics.json"] == before["metrics.json"]


def test_training_on_from_a_run_keeps_its_parts_apart(copied, tmp_path):
    older, file, _ = copied
    parts = sources_of(older)
    new = [(f"new {source}", f"new {target}") for source, target in PAIRS[:30]]
    write_pairs(file, [*new, *PAIRS[::-1]])
    settings = {**TINY, "epochs": 1, "validation_fraction": 0.2, "beam_size": 1}
    newer = translation.train(
        Config(
            train=str(file),
            run=str(tmp_path / "newer"),
            init_from=str(older.path),
            **settings,
        ),
        quiet=True,
    )
    now = sources_of(newer)
    assert parts["train"] <= now["train"] and parts["validation"] <= now["validation"]
    assert len(now["validation"] - parts["validation"]) == 6

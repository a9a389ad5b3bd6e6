"""Parts that are drawn with what a run knows of its rows."""

import numpy as np
import pytest

from polyhead.apps.common.data.known_parts import (
    choose_validation,
    leave_out_trained,
    remember_parts,
    restore_parts,
)
from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.common.errors import PolyheadError


def pairs_of(words, source="data"):
    return make_pairs(source, words, [word.upper() for word in words])


def known_of(**parts):
    rows = {name: pairs_of(words).known_as for name, words in parts.items()}
    read = pairs_of([word for words in parts.values() for word in words])
    return remember_parts(rows, read, None)


def test_each_part_is_found_in_its_source():
    known = known_of(train=["a", "b"], validation=["v"], test=["t"])
    sources = {
        "train": pairs_of(["n", "b", "v", "a"]),
        "test": pairs_of(["new", "a", "t"], "more"),
    }
    found = restore_parts(known, sources, "target")
    words = {name: part.sources for name, part in found.parts.items()}
    assert words == {"train": ["a", "b"], "validation": ["v"], "test": ["new", "t"]}
    assert found.is_whole and len(found.differences) == 2
    assert found.differences[0].startswith("data has changed since the run was trained")
    sources["validation"] = pairs_of(["w", "v"], "own")
    found = restore_parts(known, sources, "target")
    assert found.parts["validation"].source == "own"
    assert found.parts["validation"].sources == ["v"]


def test_case_and_spaces_make_no_new_row():
    known = known_of(train=["one two"])
    assert known.was_trained_on(pairs_of(["One  Two"]).keys).all()


def test_validation_has_nothing_that_was_trained_on():
    known = known_of(train=["a", "b"], validation=["v"])
    keys = ["x", "a", "v", "b", "y", "z"]
    drawn = []

    def draw(places):
        drawn.extend(places.tolist())
        return places >= 4

    chosen = choose_validation(keys, known, draw)
    assert drawn == [0, 4, 5]
    assert [key for key, is_in in zip(keys, chosen, strict=True) if is_in] == list(
        "vyz"
    )
    assert choose_validation(["a", "v"], known, draw).tolist() == [False, True]
    alone = choose_validation(keys, None, lambda places: places < 2)
    assert alone.tolist() == [True, True, False, False, False, False]


def test_validation_and_test_lose_what_was_trained_on():
    known = known_of(train=["a", "b"], validation=["v"])
    sources = {name: pairs_of(["a", "x", "v"], name) for name in ("train", "test")}
    kept, notes = leave_out_trained(sources, known, "older")
    assert kept["train"].sources == ["a", "x", "v"]
    assert kept["test"].sources == ["x", "v"]
    assert notes == ["1 rows of test are left out: older was trained on them"]
    kept, notes = leave_out_trained(sources, None, "older")
    assert kept == sources and "does not say which rows" in notes[0]
    with pytest.raises(PolyheadError, match="test: older was trained on every row"):
        leave_out_trained({"test": pairs_of(["a"], "test")}, known, "older")


def test_places_and_masks_choose_alike():
    pairs = pairs_of(["a", "b", "c"])
    assert pairs.take(np.array([2, 0])).sources == ["c", "a"]
    assert pairs.take(np.array([True, False, True])).sources == ["a", "c"]

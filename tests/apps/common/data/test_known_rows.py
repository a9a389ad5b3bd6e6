"""What a run remembers of its rows, and what of it is found again."""

import json

import numpy as np
import pytest

from polyhead.apps.common.data.known_rows import (
    BEFORE,
    FACTS,
    HASHES,
    LEFT_OUT,
    KnownRows,
    remember,
    restore,
)
from polyhead.apps.common.data.row_hashes import Rows
from polyhead.apps.common.errors import PolyheadError

TRAIN = Rows(["a", "b", "c", "a"], ["1", "2", "3", "1"])
VALIDATION = Rows(["v", "w"], ["1", "2"])
READ = Rows(["w", "a", "x", "b", "c", "a", "v"], ["2", "1", "9", "2", "3", "1", "1"])


@pytest.fixture
def known():
    return remember({"train": TRAIN, "validation": VALIDATION}, READ, labels=("1", "2"))


def test_the_rows_of_no_part_are_left_out(known):
    sizes = {name: len(hashes) for name, hashes in known.parts.items()}
    assert sizes == {"train": 4, "validation": 2, LEFT_OUT: 1}
    assert known.was_trained_on(["a", "v", "x", "new"]).tolist() == [1, 0, 0, 0]
    assert known.was_in("validation", ["a", "v"]).tolist() == [False, True]
    assert known.was_in("test", ["a", "v"]).tolist() == [False, False]


def test_files_hold_eight_bytes_a_row_and_no_text(known, tmp_path):
    known.save(tmp_path)
    again = KnownRows.load(tmp_path)
    assert again.salt == known.salt and again.labels == known.labels
    for name, hashes in known.parts.items():
        assert (again.parts[name] == hashes).all()
    facts = json.loads((tmp_path / FACTS).read_text())
    assert facts["version"] == 1 and facts["rows"]["train"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == [FACTS, HASHES]


def test_two_runs_have_two_salts():
    one, other = (remember({"train": TRAIN}) for _ in range(2))
    assert not np.isin(one.parts["train"], other.parts["train"]).any()


def test_a_run_without_the_files_remembers_nothing(known, tmp_path):
    assert KnownRows.load(tmp_path) is None
    known.save(tmp_path)
    (tmp_path / HASHES).unlink()
    assert KnownRows.load(tmp_path) is None


def test_keys_of_another_version_are_refused(known, tmp_path):
    known.save(tmp_path)
    facts = json.loads((tmp_path / FACTS).read_text())
    (tmp_path / FACTS).write_text(json.dumps(facts | {"version": 99}))
    with pytest.raises(PolyheadError, match="version 99, this version reads 1"):
        KnownRows.load(tmp_path)


@pytest.mark.parametrize("cut", [0, 10, 200, -1])
def test_damaged_hashes_are_one_line(known, tmp_path, cut):
    known.save(tmp_path)
    data = (tmp_path / HASHES).read_bytes()
    (tmp_path / HASHES).write_bytes(data[:cut])
    with pytest.raises(PolyheadError, match=f"{HASHES} and {FACTS}: damaged .*delete"):
        KnownRows.load(tmp_path)


@pytest.mark.parametrize(
    "facts", ["[]", "{}", '{"version": 1}', '{"version": 1, "salt": 3}']
)
def test_facts_of_another_form_are_one_line(known, tmp_path, facts):
    known.save(tmp_path)
    (tmp_path / FACTS).write_text(facts)
    with pytest.raises(PolyheadError, match="damaged|not a JSON object"):
        KnownRows.load(tmp_path)


def test_what_an_older_run_was_trained_on_is_kept(known):
    newer = remember({"train": Rows(["b", "n"], ["2", "1"])}, None, known)
    assert newer.salt == known.salt
    trained = newer.was_trained_on(["a", "b", "c", "n", "v"])
    assert trained.tolist() == [True, True, True, True, False]
    assert len(newer.parts[BEFORE]) == 2  # "b" is in train already
    newest = remember({"train": Rows(["z"], ["1"])}, None, newer)
    assert newest.was_trained_on(["a", "n", "z"]).all()


def shuffled(rows, order):
    return Rows([rows.keys[i] for i in order], [rows.answers[i] for i in order])


def test_parts_are_found_in_any_order(known):
    order = [3, 6, 0, 5, 1, 4, 2]
    current = shuffled(READ, order)
    found = restore(known, current)
    assert (found.new, found.gone, found.changed) == (0, 0, 0) and found.is_whole
    for name, rows in (("train", TRAIN), ("validation", VALIDATION)):
        places = found.places[name]
        assert [current.keys[i] for i in places] == rows.keys
    assert found.describe("f.csv", "label") == []


def test_what_has_changed_is_counted(known):
    current = Rows(["a", "a", "c", "v", "n", "x"], ["1", "1", "7", "1", "1", "9"])
    found = restore(known, current)  # b and w are gone, c has another answer
    assert (found.new, found.gone, found.changed) == (1, 2, 1)
    assert not found.is_whole
    (line,) = found.describe("f.csv", "label")
    assert line.startswith("f.csv has changed since the run was trained: 1 new, 2 gone")
    assert line.endswith("1 with another label")


def test_new_rows_alone_leave_the_run_whole(known):
    found = restore(known, Rows([*READ.keys, "n"], [*READ.answers, "1"]))
    assert found.is_whole and found.new == 1


def test_what_was_of_no_use_is_missed_by_no_one(known):
    rows = [i for i, key in enumerate(READ.keys) if key != "x"]
    assert restore(known, shuffled(READ, rows)).is_whole

"""Pairs of texts: clean, numbered, chosen, and read from a table."""

import numpy as np
import pytest

from polyhead.apps.common.data.pairs import choose, make_pairs, read_columns
from polyhead.apps.common.errors import PolyheadError, UsageError


def test_texts_are_clean_and_rows_are_numbered():
    pairs = make_pairs("t", ["a\0b", None, 5], [b"x", "y\ud800", 1.5])
    assert pairs.sources == ["ab", "", "5"]
    assert pairs.targets == ["x", "y", "1.5"]
    assert pairs.rows.tolist() == [1, 2, 3] and pairs.source == "t"
    given = make_pairs("t", ["a"], ["b"], np.array([7]))
    assert given.rows.tolist() == [7]
    with pytest.raises(PolyheadError, match="t: row 7: byte 0xff is not UTF-8"):
        make_pairs("t", [b"\xff"], ["b"], np.array([7]))


def test_chosen_pairs_keep_their_rows():
    pairs = make_pairs("t", list("abcd"), list("wxyz"), np.array([2, 4, 6, 8]))
    chosen = choose(pairs, np.array([3, 1]))
    assert (chosen.sources, chosen.targets) == (["d", "b"], ["z", "x"])
    assert chosen.rows.tolist() == [8, 4] and chosen.source == "t"
    assert choose(pairs, np.array([], np.int64)).sources == []


def test_two_columns_of_a_table(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("summary\ttext\tid\nshort\ta long text\t1\n\tx\t2\n", "utf-8")
    pairs = read_columns(str(path), " text", "summary")
    assert pairs.sources == ["a long text", "x"] and pairs.targets == ["short", ""]
    assert pairs.rows.tolist() == [2, 3]
    with pytest.raises(UsageError, match="are both 'text'; name two"):
        read_columns(str(path), "text", "text ")
    with pytest.raises(PolyheadError, match="no column 'title'"):
        read_columns(str(path), "text", "title")


def test_fields_that_are_no_texts_are_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "x", "b": "y"}\n{"a": "x", "b": {"c": "d"}}\n', "utf-8")
    with pytest.raises(PolyheadError, match="row 2: column 'b' holds lists or obj"):
        read_columns(str(path), "a", "b")

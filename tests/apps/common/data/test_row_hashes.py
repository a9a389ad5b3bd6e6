"""Hashes of rows: eight bytes, salted, and found again in any order."""

import numpy as np

from polyhead.apps.common.data.row_hashes import (
    Rows,
    find_rows,
    fingerprint_labels,
    fingerprint_rows,
    hash_rows,
    keys_of,
)

ROWS = Rows(["a", "b", "a", "é"], ["x", "x", "y", "x"])


def test_a_row_has_eight_bytes_of_key_and_answer():
    hashes = hash_rows(b"salt", ROWS)
    assert hashes.dtype == np.uint64 and hashes.nbytes == 8 * 4
    assert len(set(hashes.tolist())) == 4
    keys = keys_of(hashes)
    assert keys[0] == keys[2] and len(set(keys.tolist())) == 3


def test_the_salt_changes_every_hash():
    one, other = (hash_rows(salt, ROWS) for salt in (b"one", b"other"))
    assert not np.isin(one, other).any()
    assert (hash_rows(b"one", ROWS) == one).all()


def test_bytes_and_text_are_alike():
    rows = Rows([key.encode() for key in ROWS.keys], ROWS.answers)
    assert (hash_rows(b"s", rows) == hash_rows(b"s", ROWS)).all()


def test_no_rows_have_no_hashes():
    assert hash_rows(b"s", Rows([], [])).shape == (0,)
    assert find_rows(np.zeros(0, np.uint64), np.arange(3, dtype=np.uint64)).size == 0


def test_equal_rows_are_found_one_by_one():
    among = np.array([7, 3, 7, 5], np.uint64)
    wanted = np.array([7, 5, 7, 7, 9], np.uint64)
    assert find_rows(wanted, among).tolist() == [0, 3, 2, -1, -1]
    assert find_rows(wanted, among[:0]).tolist() == [-1] * 5


def test_any_order_is_found():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 50, 200).astype(np.uint64)
    order = rng.permutation(200)
    places = find_rows(values, values[order])
    assert (values[order][places] == values).all()
    assert sorted(places.tolist()) == list(range(200))


def test_fingerprints_tell_rows_and_labels_apart():
    turned = Rows(ROWS.keys[::-1], ROWS.answers[::-1])
    assert fingerprint_rows(ROWS) == fingerprint_rows(turned)
    assert fingerprint_rows(ROWS) != fingerprint_rows(Rows(ROWS.keys, ["x"] * 4))
    twice = Rows(ROWS.keys * 2, ROWS.answers * 2)
    assert fingerprint_rows(ROWS) != fingerprint_rows(twice)
    assert fingerprint_labels(["a", "b"]) == fingerprint_labels(("a", "b"))
    assert len({fingerprint_labels(x) for x in (["a", "b"], ["b", "a"], ["a,b"])}) == 3

"""Resamples against plain copies of rows, and the intervals that they give."""

import numpy as np
import pytest

from polyhead.apps.common.scoring import bootstrap
from polyhead.apps.common.scoring.bootstrap import interval, resample

TABLES = [np.arange(12.0).reshape(6, 2), np.arange(6.0)[:, None] ** 2]


def test_sums_are_those_of_copied_rows():
    sums = resample(TABLES, draws=50, seed=3)
    drawn = np.random.default_rng(3).choice(6, size=(50, 6), replace=True)
    assert [table.shape for table in sums] == [(50, 2), (50, 1)]
    for table, result in zip(TABLES, sums, strict=True):
        np.testing.assert_allclose(result, table[drawn].sum(axis=1))


def test_tables_share_their_resamples():
    rows, same = resample([TABLES[1], TABLES[1]], draws=20)
    np.testing.assert_array_equal(rows, same)
    assert len(np.unique(rows)) > 5


@pytest.mark.parametrize("cells", [6, 40])
def test_however_few_draws_are_held_at_once_they_are_the_same(monkeypatch, cells):
    together = resample(TABLES, draws=33)
    monkeypatch.setattr(bootstrap, "_CELLS", cells)
    for ours, wanted in zip(resample(TABLES, draws=33), together, strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_the_interval_leaves_out_a_fortieth_at_each_end():
    values = np.random.default_rng(0).permutation(np.arange(1000.0))
    assert interval(values) == [25.0, 974.0]
    assert interval(np.array([4.0, 3.0, 5.0])) == [3.0, 5.0]
    assert interval(np.full(80, 7.0)) == [7.0, 7.0]

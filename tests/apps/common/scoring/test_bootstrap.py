"""Resamples of the rows: those of sacreBLEU, and the interval of their scores."""

import numpy as np

from polyhead.apps.common.scoring import bootstrap
from polyhead.apps.common.scoring.bootstrap import SEED, interval, resample


def test_sums_are_those_of_the_drawn_rows():
    tables = [np.arange(12.0).reshape(6, 2), np.ones((6, 1))]
    sums = resample(tables, draws=50)
    assert [table.shape for table in sums] == [(50, 2), (50, 1)]
    drawn = np.random.default_rng(SEED).choice(6, size=(50, 6), replace=True)
    for table, expected in zip(sums, tables, strict=True):
        np.testing.assert_array_equal(table, expected[drawn].sum(axis=1))


def test_blocks_of_draws_change_nothing(monkeypatch):
    tables = [np.arange(20.0).reshape(10, 2)]
    (whole,) = resample(tables, draws=33)
    monkeypatch.setattr(bootstrap, "_CELLS", 40)
    np.testing.assert_array_equal(resample(tables, draws=33)[0], whole)
    assert (resample(tables, draws=33, seed=1)[0] != whole).any()


def test_the_interval_leaves_out_a_fortieth_at_each_end():
    values = np.random.default_rng(0).permutation(1000.0 + np.arange(1000))
    assert interval(values) == [1025.0, 1974.0]
    assert interval(np.array([3.0])) == [3.0, 3.0]

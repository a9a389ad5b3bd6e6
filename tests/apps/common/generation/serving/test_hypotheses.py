"""Scores over the length, and what is cut."""

import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.generation.serving.hypotheses import rate_hypotheses, sum_cuts


def rate(ids, scores, limits, *penalty):
    arrays = (
        np.array(ids, np.int32),
        np.array(scores, np.float32),
        np.array(limits, np.int32),
    )
    found = rate_hypotheses(*map(ops.convert_to_tensor, arrays), *penalty)
    return [ops.convert_to_numpy(x).tolist() for x in found]


def test_a_score_is_over_the_pieces_and_the_end():
    scores, cut = rate([[5, 6, 7, 0], [0, 0, 0, 0]], [-4.0, 0.0], [3, 0])
    assert scores == [-1, 0] and cut == [True, False]


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0, 2.0])
def test_a_searchs_own_penalty_is_undone(penalty):
    ids = [[[5, 6, 7, 0], [5, 0, 0, 0]]]
    given = [[-4 / 4**penalty, -2 / 2**penalty]]
    scores, cut = rate(ids, given, [4], penalty)
    np.testing.assert_allclose(scores, [[-1, -1]], rtol=1e-5)
    assert cut == [[False, False]]
    assert rate(ids, [[-1.0, -np.inf]], [1], penalty)[0][0][1] == -np.inf
    assert rate(ids, given, [1], penalty)[1] == [[True, True]]


def test_the_two_cuts_are_told_apart():
    cuts = [np.array([0, 1, 0, 1], bool), np.array([0, 0, 1, 1], bool)]
    assert ops.convert_to_numpy(sum_cuts(*cuts)).tolist() == [0, 1, 2, 3]

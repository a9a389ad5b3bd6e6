"""Laws on caches: one position at a time, or many, is the same as all at once."""

import numpy as np
from layer_tools import by_padded_prefill, by_prefill, flat


def steps_equal_full_pass(case):
    layer = case.built()
    expected = flat(case.run(layer))[0]
    got = case.steps(layer, case.inputs)
    mask = case.inputs.get("padding_mask")
    if mask is not None and case.padding["padding_mask"] == case.main:
        got, expected = got[mask], expected[mask]
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-5)


def prefill_equals_full_pass(case):
    layer = case.built()
    expected = flat(case.run(layer))[0]
    mask = case.inputs.get("padding_mask")
    keep = np.ones(expected.shape[:2], bool) if mask is None else mask
    got = case.steps(layer, case.inputs, run=by_prefill)
    np.testing.assert_allclose(got[keep], expected[keep], rtol=0, atol=2e-5)
    got = case.steps(layer, case.inputs, run=by_padded_prefill)
    lost = np.array([[0], [1]])  # the last entry of the row that has padding
    keep = keep & (np.arange(keep.shape[1]) < keep.shape[1] - lost)
    np.testing.assert_allclose(got[keep], expected[keep], rtol=0, atol=2e-5)

"""Laws on masks: hidden content is unseen, Keras's mask travels, wrong ones fail."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, flat, to_numpy


def padding_content_is_unseen(case):
    layer = case.built()
    expected = flat(case.run(layer))
    for mask_name, input_name in case.padding.items():
        mask = case.inputs[mask_name]
        assert not mask.all(), "the case has no padding"
        assert mask.any(axis=1).all()
        hidden = ~mask[..., None]
        x = case.inputs[input_name]
        for content in (x * 300, *(np.full_like(x, v) for v in (-300, 0, np.nan))):
            inputs = case.inputs | {input_name: np.where(hidden, content, x)}
            for got, want in zip(flat(case.run(layer, inputs)), expected, strict=True):
                got, want = _valid(case, input_name, mask, got, want)
                np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)


def future_is_unseen(case):
    layer = case.built()
    expected = flat(case.run(layer))[0]
    x = case.inputs[case.main]
    for position in range(1, x.shape[1]):
        changed = x.copy()
        changed[:, position:] = 7 * array(*x[:, position:].shape, seed=position)
        got = flat(case.run(layer, case.inputs | {case.main: changed}))[0]
        np.testing.assert_allclose(
            got[:, :position], expected[:, :position], rtol=0, atol=1e-6
        )
        assert np.abs(got[:, position:] - expected[:, position:]).max() > 1e-3


def keras_mask_travels(case):
    """Through the layer, and to the layers inside that need it."""
    x = case.inputs[case.main]
    mask = np.ones(x.shape[:2], bool)
    mask[0, -2:] = False
    inputs = {n: v for n, v in case.inputs.items() if not n.endswith("padding_mask")}
    layer = case.built()
    masked = keras.layers.Masking()(np.where(mask[..., None], x, 0))
    assert masked._keras_mask is not None
    main, *others = inputs
    named = {name: ops.convert_to_tensor(inputs[name]) for name in others}
    output = keras.tree.flatten(layer(masked, **named, **case.arguments))[0]
    np.testing.assert_array_equal(to_numpy(output._keras_mask), mask)
    if "padding_mask" in case.inputs and case.padding.get("padding_mask") == main:
        named["padding_mask"] = ops.convert_to_tensor(mask)
        plain = ops.convert_to_tensor(np.where(mask[..., None], x, 0))
        want = flat(layer(plain, **named, **case.arguments))[0]
        np.testing.assert_allclose(to_numpy(output)[mask], want[mask], atol=1e-6)


def wrong_masks_are_refused(case):
    layer = case.built()
    for name in case.padding:
        mask = case.inputs[name]
        batch, length = mask.shape
        for wrong in (
            np.where(mask, 0, -1e9).astype("float32"),
            np.ones((batch, 1), bool),
            np.ones((batch, length + 1), bool),
            np.ones((batch, 1, 1, length), bool),
        ):
            with pytest.raises(ValueError, match="mask must be"):
                case.run(layer, case.inputs | {name: wrong})
    main = case.inputs[case.main]
    if hasattr(layer, "num_heads") and case.main in case.padding.values():
        batch, length = main.shape[:2]
        for wrong in (
            np.zeros((batch, length, length), "float32"),
            np.ones((length, length), bool),
            np.ones((batch, 1, length, length), bool),
        ):
            with pytest.raises(ValueError, match="attention_mask must be"):
                case.run(layer, case.inputs | {"attention_mask": wrong})


def _valid(case, input_name, mask, got, want):
    if input_name != case.main or not case.per_position:
        return got, want
    if got.ndim == 4:  # scores (B, H, T, S): queries on the second axis
        got, want = got.swapaxes(1, 2), want.swapaxes(1, 2)
    return got[mask], want[mask]

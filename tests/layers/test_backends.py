"""The same weights give the same output on TensorFlow, JAX and PyTorch."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import importlib.util, sys, types
if importlib.util.find_spec("polyhead") is None:
    package = types.ModuleType("polyhead")
    package.__path__ = [sys.argv[1]]
    sys.modules["polyhead"] = package
import keras
import numpy as np
from keras import ops
from polyhead.layers import Decoder, Encoder, MaskedPooling, TokenEmbedding

data = dict(np.load(sys.argv[2]))
embedding = TokenEmbedding(13, 16, scale=True)
encoder = Encoder(2, 4, 32, positions="linear_bias", num_kv_heads=2, sliding_window=3,
                  gated=True, activation="silu", norm="rms_norm")
decoder = Decoder(2, 4, 32, positions="relative_bias", norm_position="post")
rotary = Encoder(1, 4, 32, positions="rotary", causal=True)
pooling = MaskedPooling("attention")

def run():
    mask = ops.convert_to_tensor(data["mask"])
    memory = encoder(embedding(ops.convert_to_tensor(data["source"])),
                     padding_mask=mask)
    x = rotary(embedding(ops.convert_to_tensor(data["target"])))
    x, scores = decoder(x, memory, memory_padding_mask=mask, return_scores=True)
    pooled = pooling(memory, padding_mask=mask)
    return [embedding(x, reverse=True), pooled, *keras.tree.flatten(scores)]

run()
layers = [embedding, encoder, decoder, rotary, pooling]
weights = [w for layer in layers for w in layer.trainable_variables]
names = [f"weight_{i:03d}" for i in range(len(weights))]
if "weight_000" not in data:
    random = np.random.default_rng(0)
    values = [random.normal(size=w.shape) * 0.3 for w in weights]
    data |= dict(zip(names, [v.astype("float32") for v in values]))
    np.savez(sys.argv[2], **data)
assert sum(name.startswith("weight") for name in data) == len(weights)
for name, weight in zip(names, weights):
    assert tuple(weight.shape) == data[name].shape
    weight.assign(data[name])
outputs = {f"output_{i:03d}": ops.convert_to_numpy(x) for i, x in enumerate(run())}
np.savez(sys.argv[3], backend=keras.backend.backend(), **outputs)
"""


def run_backend(backend, folder):
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
    }
    output = folder / f"{backend}.npz"
    command = [sys.executable, "-c", SCRIPT, ROOT, folder / "weights.npz", output]
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    outputs = dict(np.load(output))
    assert outputs.pop("backend") == backend
    return outputs


@pytest.mark.tensorflow  # three processes of its own: once is enough
def test_the_same_weights_give_the_same_output(tmp_path):
    random = np.random.default_rng(1)
    np.savez(
        tmp_path / "weights.npz",
        source=random.integers(1, 13, (2, 9)).astype("int32"),
        target=random.integers(1, 13, (2, 7)).astype("int32"),
        mask=np.arange(9)[None] < np.array([[9], [6]]),
    )
    others = [b for b in ("jax", "torch") if importlib.util.find_spec(b)]
    if not others:
        pytest.skip("neither JAX nor PyTorch is installed")
    expected = run_backend("tensorflow", tmp_path)
    assert np.abs(expected["output_000"]).max() > 0.1
    for backend in others:
        outputs = run_backend(backend, tmp_path)
        assert outputs.keys() == expected.keys()
        for name, want in expected.items():
            np.testing.assert_allclose(
                outputs[name], want, rtol=1e-5, atol=1e-5, err_msg=f"{backend} {name}"
            )

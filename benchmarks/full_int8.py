"""Full int8 of one encoder with Keras's own attention and with ours.

    python benchmarks/full_int8.py --data FOLDER [--seeds 3]

Classifiers of SST-2's sentences that differ in nothing but the layer that attends:
`keras.layers.MultiHeadAttention` masks padding with numbers that set the calibration's
range (its fused form with the least that there is; the form that returns its scores
with -1e9), `polyhead.layers` with a bounded one. All are trained alike on every fifth
text, converted by the same code with the same 200 calibration sentences, and scored on
the test sentences by LiteRT. What the results file holds is not measured again.
"""

import argparse
import json
import tempfile
from pathlib import Path

import keras
import numpy as np
from datasets import READERS
from keras import ops

from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.layers import MultiHeadAttention

RESULTS = Path(__file__).parent / "results"
PIECES, LENGTH, WIDTH, HEADS, LAYERS = 8000, 64, 64, 4, 2
EVERY = 5  # of the texts to train on
KINDS = ("keras", "keras_scores", "polyhead")
VARIANTS = ("float32", "int8", "full_int8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    rows = READERS["sst2"](options.data)
    tokenizer = Tokenizer.learn([text for text, _ in rows["train"]], size=PIECES)
    rows = {"train": rows["train"][::EVERY], "test": rows["test"]}
    data = {split: encode(tokenizer, rows[split]) for split in rows}
    path = RESULTS / "full_int8.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    for kind in KINDS:
        if kind in found:
            continue
        scores = [measure(kind, data, seed, options) for seed in range(options.seeds)]
        found[kind] = {
            name: round(float(np.mean([each[name] for each in scores])), 4)
            for name in scores[0]
        }
        found[kind]["seeds"] = options.seeds
        path.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def encode(tokenizer, rows):
    """Ids `(rows, LENGTH)`, 0 behind the last piece, and labels."""
    ids = np.zeros((len(rows), LENGTH), np.int32)
    for row, pieces in enumerate(tokenizer.encode_all([text for text, _ in rows])):
        ids[row, : len(pieces)] = pieces[:LENGTH]
    return ids, np.array([int(label) for _, label in rows])


def build(kind: str) -> keras.Model:
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    mask = ops.not_equal(ids, 0)
    x = keras.layers.Embedding(PIECES, WIDTH)(ids)
    places = keras.layers.Embedding(LENGTH, WIDTH)
    x = x + places(ops.expand_dims(ops.arange(LENGTH), 0))
    for _ in range(LAYERS):
        y = keras.layers.LayerNormalization(epsilon=1e-5)(x)
        if kind.startswith("keras"):
            attention = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
            attended = ops.expand_dims(mask, 1)
            if kind == "keras":
                y = attention(y, y, attention_mask=attended)
            else:
                y, _ = attention(
                    y, y, attention_mask=attended, return_attention_scores=True
                )
        else:
            y = MultiHeadAttention(HEADS)(y, padding_mask=mask)
        x = x + y
        y = keras.layers.LayerNormalization(epsilon=1e-5)(x)
        y = keras.layers.Dense(4 * WIDTH, activation="relu")(y)
        x = x + keras.layers.Dense(WIDTH)(keras.layers.Dropout(0.1)(y))
    weights = ops.expand_dims(ops.cast(mask, "float32"), 2)
    x = ops.sum(x * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1.0)
    return keras.Model(ids, keras.layers.Dense(2)(x))


def measure(kind: str, data: dict, seed: int, options) -> dict[str, float]:
    keras.utils.set_random_seed(seed)
    model = build(kind)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(*data["train"], 64, options.epochs, verbose=0)
    ids, labels = data["test"]
    answers = model.predict(ids, 256, verbose=0).argmax(1)
    scores = {"keras_float32": float(np.mean(answers == labels))}
    weights = [ops.convert_to_numpy(weight) for weight in model.weights]

    def function(weights, tables, ids):
        values = list(zip(model.weights, weights, strict=True))
        with keras.StatelessScope(state_mapping=values):
            return {"logits": model(ids, training=False)}

    calibration = data["train"][0][:: len(data["train"][0]) // 200][:200]
    with tempfile.TemporaryDirectory() as folder:
        for variant in VARIANTS:
            path = Path(folder) / f"{variant}.tflite"
            export_tflite(function, weights, {}, {"ids": calibration}, path, variant)
            logits = TFLitePredictor(path)(ids=ids)["logits"]
            scores[variant] = float(np.mean(logits.argmax(1) == labels))
    return scores


if __name__ == "__main__":
    main()

"""A linear function to be exported, which is converted in a blink."""

import numpy as np

from polyhead.apps.common.export.export import Exportable
from polyhead.apps.common.export.metadata import Metadata
from polyhead.apps.common.export.verification import Form, Metric

INPUTS = {"x": np.random.default_rng(0).normal(size=(40, 8)).astype("float32")}
WEIGHTS = [np.random.default_rng(1).normal(size=(8, 512)).astype("float32")]
TABLES = {"shift": np.arange(512, dtype=np.int32) % 3}


def linear(weights, tables, x):
    import tensorflow as tf

    return {"y": x @ weights[0] + tf.cast(tables["shift"], tf.float32)}


def make_exportable():
    y = INPUTS["x"] @ WEIGHTS[0] + TABLES["shift"]
    answers = y.argmax(axis=1)
    form = Form(linear, INPUTS, {"y": y})
    metric = Metric(
        "accuracy",
        score=lambda outputs: np.mean(outputs["y"].argmax(axis=1) == answers),
        differs=lambda ours, keras: ours["y"].argmax(1) != keras["y"].argmax(1),
    )
    about = Metadata("A line.", {"x": "numbers"}, {"y": "sums"})
    return Exportable(WEIGHTS, TABLES, form, form, metric, about)


def write_linear_tflite(path, variant="float32"):
    """The function as a .tflite file with metadata."""
    from polyhead.apps.common.export.metadata import add_metadata
    from polyhead.apps.common.export.tflite import export_tflite

    export_tflite(linear, WEIGHTS, TABLES, INPUTS, path, variant)
    path.write_bytes(add_metadata(path.read_bytes(), make_exportable().metadata))
    return path

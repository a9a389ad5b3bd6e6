"""A whole task: from a date such as "2024-07-14" to its season."""

import csv
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from keras import ops

from polyhead.apps.common.classification import comparison, labels
from polyhead.apps.common.classification.answers import classify, format_labels
from polyhead.apps.common.classification.baselines import majority
from polyhead.apps.common.classification.data import (
    Dataset,
    Labelled,
    keep_texts,
    only_test,
)
from polyhead.apps.common.classification.data_report import describe_labels, format_rows
from polyhead.apps.common.classification.evaluation import score_classifier
from polyhead.apps.common.classification.known import load_dataset, remember_examples
from polyhead.apps.common.classification.metric import make_metric
from polyhead.apps.common.data.report import finish_report
from polyhead.apps.common.data.tables import read_table
from polyhead.apps.common.export.export import Exportable
from polyhead.apps.common.export.metadata import Metadata
from polyhead.apps.common.export.verification import Form
from polyhead.apps.common.flags import DATA_FLAGS, RUN_FLAGS
from polyhead.apps.common.run import card, saving, schedules
from polyhead.apps.common.run.compiled import CompiledFunction
from polyhead.apps.common.run.evaluation import measure, measure_other, spare_trained
from polyhead.apps.common.run.folder import name_data
from polyhead.apps.common.run.run import Run
from polyhead.apps.common.run.trainer import Training, Validation
from polyhead.apps.common.task import Answering, Steps, Task
from polyhead.apps.common.text.run import text_examples
from polyhead.layers import Encoder, MaskedPooling
from polyhead.runtime.classifier import choose
from polyhead.runtime.text_bytes import texts_to_bytes

LENGTH = 16  # bytes of a date that are read


@dataclass(frozen=True)
class Config:
    train: str | None = None
    test: str | None = None
    dataset: str | None = None
    tfds: str | None = None
    label_column: str = "season"
    label_separator: str = ","
    input_column: str = "date"
    multi_label: bool = False
    validation_fraction: float = 0.2
    run: str | None = None
    init_from: str | None = None
    epochs: int = 6
    seed: int = 0
    deterministic: bool = False
    keep_examples: int = 500
    hidden_dim: int = 32
    batch_size: int = 32
    learning_rate: float = 1e-2
    weight_decay: float = 0.0
    ema: float = 0.0
    patience: int = 9
    mixed_precision: str = "float32"


@dataclass(frozen=True)
class Assets:
    label_names: tuple[str, ...]
    thresholds: None = None

    def save(self, path):
        labels.write_labels(path / "labels.txt", self.label_names)


def read(path) -> Labelled:
    table = read_table(path, ["date", "season"])
    dates, seasons = table.columns["date"], table.columns["season"]
    return Labelled(table.source, dates, seasons, table.rows)


def load_data(config: Config, known) -> Dataset:
    files = ("train", config.train), ("test", config.test)
    labelled = {split: read(path) for split, path in files if path}
    describe = partial(describe_labels, unit="date")
    return load_dataset(config, labelled, describe, "date", known)


def load_test(run, test: str) -> Dataset:
    data = only_test(read(test), run.label_names, multi_label=False)
    return spare_trained(run, data)


def to_ids(dates) -> np.ndarray:
    return texts_to_bytes(dates, LENGTH)[0].astype(np.int32)  # (B, LENGTH)


def build(config: Config, assets: Assets, data: Dataset) -> keras.Model:
    text = keras.Input((None,), dtype="int32", name="text")
    mask = ops.not_equal(text, 0)  # (B, T)
    x = keras.layers.Embedding(256, config.hidden_dim)(text)
    encoder = Encoder(1, 2, 64, positions="rotary", seed=config.seed)
    x = encoder(x, padding_mask=mask)
    x = MaskedPooling("mean")(x, padding_mask=mask)
    return keras.Model(text, keras.layers.Dense(len(assets.label_names))(x))


def make_training(config, assets, data: Dataset, model) -> Training:
    ids, targets = to_ids(data.train.inputs), data.train.labels
    steps = -(-len(ids) // config.batch_size)

    def make_epoch(epoch):
        order = np.random.default_rng([config.seed, epoch]).permutation(len(ids))
        return [(ids[rows], targets[rows]) for rows in np.array_split(order, steps)]

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate, total = config.learning_rate, steps * config.epochs
    model.compile(schedules.make_adamw(config, rate, 5, total), loss=loss)
    return Training(model, make_epoch, steps, len(ids))


def make_validation(config, assets, data: Dataset) -> Validation:
    ids, targets = to_ids(data.validation.inputs), data.validation.labels

    def score(model):
        answers = np.argmax(model.predict_on_batch(ids), axis=1)
        return {"accuracy": float(np.mean(answers == targets))}

    return Validation(score, "accuracy", shown=["val_accuracy"])


def finish(config, assets, data, trained) -> keras.Model:
    model = build(config, assets, data)
    model.set_weights(trained.get_weights())
    return model


class Serving:
    """A date's bytes in, probabilities out: a pure function of weights and bytes."""

    def __init__(self, model):
        self.model, self.tables = model, {}
        self.weights = [ops.convert_to_numpy(weight) for weight in model.weights]
        self.compiled = CompiledFunction(self.classify, self.weights)

    def __call__(self, weights, tables, text):
        return {"probabilities": self.classify(weights, ops.cast(text, "int32"))}

    def classify(self, weights, ids):
        values = list(zip(self.model.weights, weights, strict=True))
        with keras.StatelessScope(state_mapping=values):
            return ops.softmax(self.model(ids, training=False))

    def predict(self, dates) -> np.ndarray:
        return self.compiled(to_ids(dates))

    def serve_strings(self, weights, tables, text):
        import tensorflow as tf

        return self(
            weights, tables, tf.io.decode_raw(text, "uint8", fixed_length=LENGTH)
        )


def predict(run, dates, top_k: int = 1, engine: str = "keras"):
    """Seasons and their probabilities, the best first."""
    rows = classify(run, dates, engine)
    return [choose(row, run.label_names, top_k) for row in rows]


def evaluate(run, test: str | None = None) -> dict:
    """Measures the run beside the most frequent season."""
    if test is not None:
        return measure_other(run, load_test(run, test), other=test)
    dataset = run.load_data()
    return measure(run, dataset, majority(dataset))


def make_card(run) -> str:
    train = card.describe_kept_epoch(run.metrics["train"])
    table = comparison.format_metrics(run.metrics)
    return f"# {run.path.name}\n\nSeasons of dates: {train}.\n\n```\n{table}\n```\n"


def explain(run, text: str, output=None) -> dict:
    """How far the season's probability falls without each byte of the date."""
    changed = [text, *(text[:i] + "?" + text[i + 1 :] for i in range(len(text)))]
    rows = run.serving.predict(changed)
    falls = (rows[0].max() - rows[1:, rows[0].argmax()]).tolist()
    if output:
        with open(output, "w", newline="") as file:
            csv.writer(file).writerows(zip(text, falls, strict=True))
    return {"falls": falls}


def make_exportable(run, kept, formats) -> Exportable:
    dates = kept.texts["text"]
    text, _ = texts_to_bytes(dates, LENGTH)
    strings = np.array([date.encode() for date in dates], object)
    expected = {"probabilities": run.serving.predict(dates)}
    facts = {"answers": "labels", "labels": list(run.label_names), "multi_label": False}
    about = {"text": "A date."}, {"probabilities": "Of each season."}
    return Exportable(
        weights=run.serving.weights,
        tables={},
        savedmodel=Form(run.serving.serve_strings, {"text": strings}, expected),
        tflite=Form(run.serving, {"text": text}, expected),
        metric=make_metric(kept.arrays["labels"], False),
        metadata=Metadata(
            "Seasons of dates.", *about, facts=facts | {"thresholds": None}
        ),
        examples=kept.facts,
    )


def format_report(report) -> str:
    return finish_report(format_rows(report, "date"), report["warnings"])


ANSWERING = Answering(
    run=Run,
    load_assets=lambda config, path: Assets(labels.read_labels(path / "labels.txt")),
    predict=predict,
    format_answers=lambda run, *answers: format_labels(*answers),
    format_metrics=comparison.format_metrics,
    format_report=format_report,
)
STEPS = Steps(
    load_data=load_data,
    remember=remember_examples,
    make_assets=lambda config, data, path: Assets(data.label_names),
    save_assets=Assets.save,
    build=build,
    make_training=make_training,
    make_validation=make_validation,
    finish=finish,
    serve=lambda run: Serving(saving.load_model(run.path / "model.keras")),
    baselines=lambda run, dataset: majority(dataset),
    score=partial(score_classifier, unit="date"),
    make_card=make_card,
    evaluate=evaluate,
    load_test=load_test,
    keep=keep_texts,
    explain=explain,
    examples=text_examples,
    make_exportable=make_exportable,
)
TESTED = "evaluate", "export", "benchmark"
TASK = Task(
    name="seasons",
    config=Config,
    flags={k: v for k, v in (DATA_FLAGS | RUN_FLAGS).items() if hasattr(Config, k)},
    options={**dict.fromkeys(TESTED, ("test",)), "predict": ("engine", "top_k")},
    answering=lambda: ANSWERING,
    steps=lambda: STEPS,
    choices={"mixed_precision": ("auto", "float32", "mixed_bfloat16")},
    ranges={"epochs": (1, 10**6), "seed": (0, 2**31), "hidden_dim": (2, 2**16)},
    architecture=("hidden_dim",),
    fill=lambda config: config,
    data_name=name_data,
    files=("labels.txt",),
)

"""A whole task: from a date such as "2024-07-14" to its season."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from polyhead import runtime
from polyhead.apps.common.classification import comparison, labels, metric, plots
from polyhead.apps.common.classification.answers import format_labels
from polyhead.apps.common.classification.scores import write_predictions
from polyhead.apps.common.data.report import finish_report, format_parts
from polyhead.apps.common.data.splits import held_out, stratified_split
from polyhead.apps.common.data.tables import read_table
from polyhead.apps.common.export.export import Exportable
from polyhead.apps.common.export.folder import find_exported, find_tflite
from polyhead.apps.common.export.metadata import Metadata
from polyhead.apps.common.export.savedmodel import SavedModelPredictor
from polyhead.apps.common.export.verification import Form
from polyhead.apps.common.flags import DATA_FLAGS, RUN_FLAGS
from polyhead.apps.common.run import saving, schedules
from polyhead.apps.common.run.card import describe_kept_epoch
from polyhead.apps.common.run.compiled import CompiledFunction
from polyhead.apps.common.run.evaluation import Evaluation, measure
from polyhead.apps.common.run.folder import name_data
from polyhead.apps.common.run.run import Run, check_engine
from polyhead.apps.common.run.trainer import Training, Validation
from polyhead.apps.common.task import Answering, Steps, Task
from polyhead.apps.common.text.examples import text_examples
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
    run: str | None = None
    init_from: str | None = None
    epochs: int = 6
    seed: int = 0
    deterministic: bool = False
    hidden_dim: int = 32
    num_heads: int = 2
    batch_size: int = 32
    learning_rate: float = 1e-2
    weight_decay: float = 0.0
    ema: float = 0.0
    patience: int = 9
    mixed_precision: str = "float32"
    input_column: str = "date"


@dataclass(frozen=True)
class Split:
    inputs: list[str]
    labels: np.ndarray
    rows: np.ndarray
    source: str


@dataclass(frozen=True)
class Data:
    train: Split
    validation: Split
    test: Split | None
    label_names: tuple[str, ...]
    report: dict
    multi_label: bool = False


@dataclass(frozen=True)
class Assets:
    label_names: tuple[str, ...]


def read_split(path, names=None) -> tuple[Split, tuple[str, ...]]:
    table = read_table(path, ["date", "season"])
    names = names or labels.sort_labels(table.columns["season"])
    encoded = labels.encode_labels(
        table.columns["season"], table.rows, table.source, names, False
    )
    return Split(table.columns["date"], encoded, table.rows, table.source), names


def load_data(config: Config) -> Data:
    whole, names = read_split(config.train)
    mask = stratified_split(whole.inputs, whole.labels, 0.2, config.seed)
    train, validation = (
        Split(
            [t for t, k in zip(whole.inputs, kept, strict=True) if k],
            whole.labels[kept],
            whole.rows[kept],
            whole.source,
        )
        for kept in (~mask, mask)
    )
    test = read_split(config.test, names)[0] if config.test else None
    report = {"rows": {"train": len(train.inputs)}, "warnings": []}
    return Data(train, validation, test, names, report)


def build(config: Config, assets: Assets, data: Any) -> keras.Model:
    text = keras.Input((None,), dtype="int32", name="text")
    mask = ops.not_equal(text, 0)  # (B, T)
    x = keras.layers.Embedding(256, config.hidden_dim)(text)
    x = Encoder(1, config.num_heads, 64, positions="rotary")(x, padding_mask=mask)
    x = MaskedPooling("mean")(x, padding_mask=mask)
    return keras.Model(text, keras.layers.Dense(len(assets.label_names))(x))


def to_ids(texts) -> np.ndarray:
    return texts_to_bytes(texts, LENGTH)[0].astype(np.int32)


def make_training(config, assets, data, model) -> Training:
    ids, targets = to_ids(data.train.inputs), data.train.labels
    steps = -(-len(ids) // config.batch_size)

    def make_epoch(epoch):
        order = np.random.default_rng([config.seed, epoch]).permutation(len(ids))
        return [(ids[rows], targets[rows]) for rows in np.array_split(order, steps)]

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate, total = config.learning_rate, steps * config.epochs
    model.compile(schedules.make_adamw(config, rate, 5, total), loss=loss)
    return Training(model, make_epoch, steps, len(ids))


def make_validation(config, assets, data) -> Validation:
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
    """A date's bytes in, probabilities out: a pure function."""

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

    def predict(self, texts) -> np.ndarray:
        return self.compiled(to_ids(texts))

    def serve_strings(self, weights, tables, text):
        import tensorflow as tf

        return self(weights, tables, tf.io.decode_raw(text, "uint8", LENGTH))


def predict(run, texts, top_k: int = 1, engine: str = "keras"):
    """Seasons and their probabilities, the best first."""
    check_engine(engine)
    if engine == "tflite":
        rows = runtime.load(find_tflite(run.path)).probabilities(texts)[0]
    elif engine == "savedmodel":
        predictor = SavedModelPredictor(find_exported(run.path, "savedmodel"))
        rows = predictor.predict_texts(texts)["probabilities"]
    else:
        rows = run.serving.predict(texts)
    return [choose(row, run.label_names, top_k) for row in rows]


def run_baselines(data: Data) -> dict:
    """The most frequent season."""
    _, part = held_out(data)
    most = np.bincount(data.train.labels).argmax()
    predicted = np.full(len(part.labels), most)
    accuracy = float(np.mean(predicted == part.labels))
    return {"majority": {"accuracy": accuracy, "predicted": predicted}}


def evaluate(run, test: str | None = None) -> dict:
    """Measures the run beside the most frequent season."""
    data = run.load_data()
    return measure(run, data, run_baselines(data))


def score(run, data: Data, baselines) -> Evaluation:
    parts = {"validation": data.validation, "test": data.test}
    answers = {k: run.serving.predict(p.inputs) for k, p in parts.items() if p}
    metrics, evaluations = comparison.build_metrics(data, answers, baselines)
    split, part = held_out(data)
    names = run.label_names
    return Evaluation(
        metrics,
        lambda path: write_predictions(
            path, answers[split], part, names, column="date"
        ),
        lambda folder, history: plots.plot_evaluation(
            folder, evaluations[split], names, history
        ),
    )


def make_card(run) -> str:
    return f"""# {run.path.name}

Seasons of dates: {describe_kept_epoch(run.metrics["train"])}.

```
{comparison.format_metrics(run.metrics)}
```
"""


def explain(run, text: str, output=None) -> dict:
    """How far the season's probability falls without each byte of the date."""
    changed = [text, *(text[:i] + "?" + text[i + 1 :] for i in range(len(text)))]
    rows = run.serving.predict(changed)
    falls = (rows[0].max() - rows[1:, rows[0].argmax()]).tolist()
    if output:
        with open(output, "w", newline="") as file:
            csv.writer(file).writerows(zip(text, falls, strict=True))
    return {"falls": falls}


def make_exportable(run, data: Data, formats) -> Exportable:
    split, part = held_out(data)
    text, _ = texts_to_bytes(part.inputs, LENGTH)
    strings = np.array([date.encode() for date in part.inputs], object)
    expected = {"probabilities": run.serving.predict(part.inputs)}
    facts = {"answers": "labels", "labels": list(run.label_names)}
    return Exportable(
        run.serving.weights,
        {},
        Form(run.serving.serve_strings, {"text": strings}, expected),
        Form(run.serving, {"text": text}, expected),
        metric.make_metric(part.labels, False),
        Metadata(
            "Seasons.",
            {"text": "A date."},
            {"probabilities": "Of each season."},
            facts=facts | {"multi_label": False, "thresholds": None},
        ),
        examples={"split": split, "rows": len(text)},
    )


TASK = Task(
    name="seasons",
    config=Config,
    flags={k: v for k, v in (DATA_FLAGS | RUN_FLAGS).items() if hasattr(Config, k)},
    options={"evaluate": ("test",), "predict": ("engine", "top_k"), "export": ()},
    choices={"mixed_precision": ("auto", "float32", "mixed_bfloat16")},
    ranges={"epochs": (1, 10**6), "seed": (0, 2**31), "hidden_dim": (2, 2**16)},
    architecture=("hidden_dim", "num_heads"),
    fill=lambda config: config,
    data_name=name_data,
    files=("labels.txt",),
    answering=lambda: Answering(
        run=Run,
        load_assets=lambda config, path: Assets(
            labels.read_labels(path / "labels.txt")
        ),
        predict=predict,
        format_answers=lambda run, *answers: format_labels(*answers),
        format_metrics=comparison.format_metrics,
        format_report=lambda report: finish_report(
            format_parts(report["rows"], {}, "rows"), report["warnings"]
        ),
    ),
    steps=lambda: Steps(
        load_data=load_data,
        make_assets=lambda config, data, path: Assets(data.label_names),
        save_assets=lambda assets, path: labels.write_labels(
            Path(path) / "labels.txt", assets.label_names
        ),
        build=build,
        make_training=make_training,
        make_validation=make_validation,
        finish=finish,
        serve=lambda run: Serving(saving.load_model(run.path / "model.keras")),
        score=score,
        make_card=make_card,
        evaluate=evaluate,
        explain=explain,
        examples=lambda run, data, count: text_examples(
            run, data, count, lambda part: part.inputs
        ),
        check_export=lambda run, formats, variants: None,
        make_exportable=make_exportable,
        start_from=lambda config, assets, model: None,
    ),
)

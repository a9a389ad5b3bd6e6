"""Export: what the files take and give, and that none passes that falls short."""

import dataclasses
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps import load
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export import export as export_module
from polyhead.apps.common.export.export import Exportable, export
from polyhead.apps.common.export.formats import VARIANTS
from polyhead.apps.common.export.litert import TFLitePredictor, custom_operators
from polyhead.apps.common.export.metadata import Metadata, add_metadata
from polyhead.apps.common.export.report import format_export_report
from polyhead.apps.common.export.savedmodel import SavedModelPredictor
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.apps.common.export.verification import Form, Metric, compare
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.model import build_model
from polyhead.apps.text_classification.serving import Serving, make_exportable
from polyhead.runtime.text_bytes import texts_to_bytes

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[4]
N = 48
LABELS = ("animal", "thing", "other")
TEXTS = [
    "the cat sat on the mat",
    "",
    "A Dog; (the) wherever",
    "猫在这里 the mat",
    "a\0b",
    "x" * 10_000,
    "a" * (N - 2) + "😀 and more",
    "the 😀 cat " * 40,
]


def make_serving(multi_label=False):
    config = Config(
        num_layers=1,
        dropout=0.0,
        hidden_dim=16,
        num_heads=2,
        max_tokens=32,
        wide_buckets=64,
        wide_dim=8,
    )
    tokenizer = Tokenizer.learn(TEXTS[:4] * 9, size=300)
    model = build_model(config, tokenizer.pieces, len(LABELS))
    rng = np.random.default_rng(0)
    for weight in model.weights:  # answers must differ from text to text
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape).astype("float32"))
    return Serving(model, tokenizer, config, LABELS, multi_label)


@pytest.fixture(scope="module")
def serving():
    return make_serving()


@pytest.fixture(scope="module")
def exported(serving, tmp_path_factory):
    """A classifier's export folder with every kind of file, and its report."""
    folder = tmp_path_factory.mktemp("run") / "export"
    labels = serving.predict(TEXTS).argmax(axis=1).astype(np.int32)
    exportable = make_exportable(
        serving, TEXTS, labels, "test", max_input_bytes=N, calibration=TEXTS[:5]
    )
    report = export(exportable, folder, variants=VARIANTS, max_loss=100)
    return folder, report


def test_every_file_is_there_and_in_the_report(exported):
    folder, report = exported
    names = ["savedmodel", *(f"model_{variant}.tflite" for variant in VARIANTS)]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*names, "export_report.json", "report.md", "report.png"]
    )
    assert json.loads((folder / "export_report.json").read_text()) == report
    assert list(report["files"]) == names
    assert report["metric"] == "accuracy"
    assert report["examples"] == {"split": "test", "rows": 8, "of": 8, "seed": 0}
    sizes = {name: facts["bytes"] for name, facts in report["files"].items()}
    assert (
        sizes["model_float32.tflite"]
        == (folder / "model_float32.tflite").stat().st_size
    )
    assert sizes["model_int8.tflite"] < sizes["model_float16.tflite"]
    assert sizes["model_float16.tflite"] < sizes["model_float32.tflite"]
    for name in ("savedmodel", "model_float32.tflite"):
        assert report["files"][name]["disagreements"] == 0
        assert report["files"][name]["largest_difference"] < 1e-5
    for name in names[1:]:
        facts = report["files"][name]
        assert (facts["max_input_bytes"], facts["truncated"]) == (N, 4)
        assert 0 < facts["latency_ms"]["median"] <= facts["latency_ms"]["p95"]
        assert facts["memory_bytes"] is None or facts["memory_bytes"] > 0


def test_the_report_as_a_table(exported):
    lines = format_export_report(exported[1]).splitlines()
    assert len(lines) == 6 and len({len(line) for line in lines}) == 1
    assert lines[0].split()[:4] == ["file", "size", "accuracy", "Keras"]
    assert lines[2].startswith("model_float32.tflite") and "0/8" in lines[2]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_tflite_file_is_what_the_clients_expect(exported, variant):
    path = exported[0] / f"model_{variant}.tflite"
    assert custom_operators(path.read_bytes()) == []
    predictor = TFLitePredictor(path)
    assert predictor.max_input_bytes == N
    (text,), (answer,) = predictor.inputs.values(), predictor.outputs.values()
    assert list(predictor.inputs) == ["text"]
    assert list(predictor.outputs) == ["probabilities"]
    assert text["dtype"] == np.uint8 and list(text["shape_signature"]) == [1, N]
    assert answer["dtype"] == np.float32
    assert list(answer["shape_signature"]) == [1, len(LABELS)]
    assert len(predictor.interpreter.get_signature_list()) == 1
    probabilities = predictor.predict(TEXTS)
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 0.02
    assert predictor.predict([]).shape == (0, 3)


def test_texts_short_and_long_take_branches_of_their_own(exported, serving):
    predictor = TFLitePredictor(exported[0] / "model_int8.tflite")
    operators = [op["op_name"] for op in predictor.interpreter._get_ops_details()]
    assert operators.count("IF") == 1
    # Nothing inside a branch would be quantised to the full.
    full = TFLitePredictor(exported[0] / "model_full_int8.tflite")
    operators = [op["op_name"] for op in full.interpreter._get_ops_details()]
    assert "IF" not in operators and "QUANTIZE" in operators
    lengths = [min(len(serving.tokenizer.encode(text[:N])), 32) for text in TEXTS]
    assert min(lengths) <= 16 < max(lengths)


def test_the_float32_file_agrees_on_hard_texts(exported, serving):
    predictor = TFLitePredictor(exported[0] / "model_float32.tflite")
    expected = serving.predict(TEXTS, max_input_bytes=N)
    assert np.abs(predictor.predict(TEXTS) - expected).max() < 1e-5
    # The emoji does not fit, so it goes as a whole.
    text, truncated = texts_to_bytes([TEXTS[6]], N)
    assert truncated[0] and bytes(text[0]) == b"a" * (N - 2) + b"\0\0"


def test_bytes_that_are_no_utf8_get_the_same_answer_everywhere(exported, serving):
    rng = np.random.default_rng(0)
    texts = [bytes(rng.integers(1, 256, N, np.uint8)) for _ in range(20)]
    texts += [b"\x80" * N, b"\xff\xfe" * (N // 2), "😀".encode()[:3]]
    lite = TFLitePredictor(exported[0] / "model_float32.tflite")
    saved = SavedModelPredictor(exported[0] / "savedmodel")
    padded = np.zeros((len(texts), N), np.uint8)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = np.frombuffer(text, np.uint8)
    ours = lite(text=padded)["probabilities"]
    theirs = saved(text=np.array(texts, object))["probabilities"]
    assert np.isfinite(ours).all()
    assert np.abs(ours - theirs).max() < 1e-5


def test_the_savedmodel_takes_any_batch(exported, serving):
    saved = SavedModelPredictor(exported[0] / "savedmodel")
    expected = serving.predict(TEXTS)
    assert np.abs(saved.predict(TEXTS) - expected).max() < 1e-5
    assert np.abs(saved.predict(TEXTS[:1]) - expected[:1]).max() < 1e-5
    outputs = saved(text=np.array([t.encode() for t in TEXTS], object))
    best = [LABELS[i] for i in expected.argmax(axis=1)]
    assert [label.decode() for label in outputs["label"]] == best
    assert saved.predict([]).shape == (0, 3)


def run_python(code, *arguments):
    """Runs code in a fresh process that finds nothing of ours; returns its output."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_savedmodel_needs_tensorflow_alone(exported, serving):
    code = """
import json, sys
import tensorflow as tf
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
outputs = serve(text=tf.constant(json.loads(sys.argv[2])))
others = {"polyhead", "keras_hub", "tensorflow_text", "tokenizers"} & set(sys.modules)
label = outputs["label"].numpy()[0].decode()
print(json.dumps([outputs["probabilities"].numpy().tolist(), label, sorted(others)]))
"""
    texts = TEXTS[:4]
    output = run_python(code, exported[0] / "savedmodel", json.dumps(texts))
    probabilities, label, others = json.loads(output)
    expected = serving.predict(texts)
    assert np.abs(np.array(probabilities) - expected).max() < 1e-5
    assert label == LABELS[expected[0].argmax()]
    assert others == []


def test_the_tflite_predictor_needs_no_tensorflow(exported, serving):
    code = """
import json, sys, types
package = types.ModuleType("polyhead")
package.__path__ = [sys.argv[1]]
sys.modules["polyhead"] = package
from polyhead.apps.common.export.litert import TFLitePredictor
probabilities = TFLitePredictor(sys.argv[2]).predict(["the cat"])
others = {"tensorflow", "keras"} & set(sys.modules)
print(json.dumps([probabilities.tolist(), sorted(others)]))
"""
    output = run_python(code, ROOT, exported[0] / "model_float32.tflite")
    probabilities, others = json.loads(output)
    assert np.abs(np.array(probabilities) - serving.predict(["the cat"])).max() < 1e-5
    assert others == []


def test_several_labels_come_with_the_name_of_every_column():
    import tensorflow as tf

    serving = make_serving(multi_label=True)
    text = tf.constant([text.encode() for text in TEXTS])
    outputs = serving.serve_strings(serving.weights, serving.tables, text)
    probabilities = outputs["probabilities"].numpy()
    assert np.abs(probabilities - serving.predict(TEXTS)).max() < 1e-5
    assert outputs["labels"].shape == (len(TEXTS), len(LABELS))
    assert [name.decode() for name in outputs["labels"][3].numpy()] == list(LABELS)


# From here on a small stand-in, which converts in a blink.

INPUTS = {"x": np.random.default_rng(0).normal(size=(40, 8)).astype("float32")}
WEIGHTS = [np.random.default_rng(1).normal(size=(8, 512)).astype("float32")]
TABLES = {"shift": np.arange(512, dtype=np.int32) % 3}


def linear(weights, tables, x):
    import tensorflow as tf

    return {"y": x @ weights[0] + tf.cast(tables["shift"], tf.float32)}


@pytest.fixture
def exportable():
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


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_only_the_files_asked_for_are_replaced(exportable, tmp_path):
    folder = tmp_path / "run" / "export"
    export(exportable, folder, variants=["float32", "int8"])
    before = contents(folder)
    report = export(exportable, folder, ["tflite"], ["float16", "int8"])
    after = contents(folder)
    new = {Path("model_float16.tflite")}
    assert set(after) == set(before) | new
    changed = {path for path in before if before[path] != after[path]}
    reports = {Path("export_report.json"), Path("report.md"), Path("report.png")}
    assert changed <= {Path("model_int8.tflite"), *reports}
    names = [f"model_{variant}.tflite" for variant in VARIANTS[:3]]
    assert list(report["files"]) == ["savedmodel", *names]
    assert [path.name for path in folder.parent.iterdir()] == ["export"]
    # What is gone from the folder is gone from the report.
    (folder / "model_float32.tflite").unlink()
    report = export(exportable, folder, ["tflite"], ["int8"])
    assert "model_float32.tflite" not in report["files"]


@pytest.mark.parametrize("formats", [["savedmodel"], ["tflite"]])
def test_a_file_that_falls_short_leaves_the_older_ones(exportable, tmp_path, formats):
    folder = tmp_path / "export"
    export(exportable, folder, variants=["float32"])
    before = contents(folder)
    y = exportable.tflite.expected["y"].copy()
    y[7, 3] += 2e-4
    wrong = Form(linear, INPUTS, {"y": y})
    falling_short = dataclasses.replace(exportable, savedmodel=wrong, tflite=wrong)
    with pytest.raises(PolyheadError, match="up to 0.0002 off.*nothing was exported"):
        export(falling_short, folder, formats, ["int8", "float32"], max_loss=100)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_first_export_that_fails_leaves_no_folder(exportable, tmp_path):
    wrong = Form(linear, INPUTS, {"y": -exportable.tflite.expected["y"]})
    with pytest.raises(PolyheadError, match="40 of 40 answers are not Keras's"):
        export(dataclasses.replace(exportable, savedmodel=wrong), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_is_cut_off_leaves_the_older_files(
    exportable, tmp_path, monkeypatch
):
    export(exportable, tmp_path / "export", ["savedmodel"])
    before = contents(tmp_path)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(export_module, "read_file_facts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(exportable, tmp_path / "export", variants=["float32"])
    assert contents(tmp_path) == before


def test_files_that_cannot_all_be_placed_are_taken_back(
    exportable, tmp_path, monkeypatch
):
    export(exportable, tmp_path / "export", variants=["float32"])
    before = contents(tmp_path)
    replace = os.replace

    def fail_at_the_report(source, target):
        if Path(source).parent.name == ".export.new" and "report.json" in str(source):
            raise OSError("gone")
        replace(source, target)

    monkeypatch.setattr(export_module.os, "replace", fail_at_the_report)
    with pytest.raises(PolyheadError):
        export(exportable, tmp_path / "export", variants=["float32", "int8"])
    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_an_error_may_not_grow_by_more_than_is_allowed():
    truth = np.zeros((5, 2), np.float32)
    form = Form(None, {}, {"y": truth + 0.05})
    metric = Metric(
        "mae",
        lambda outputs: np.abs(outputs["y"]).mean(),
        lambda outputs, expected: (outputs["y"] != expected["y"]).any(axis=1),
        points=-100.0,
    )
    close = compare("m", {"y": truth + 0.052}, form, metric, False, 0.3)
    assert close["loss_points"] == pytest.approx(0.2, abs=1e-3)
    # Not even on a few examples, which measure a share no finer.
    with pytest.raises(PolyheadError, match="5.00 points lost, 0.30 allowed"):
        compare("m", {"y": truth + 0.1}, form, metric, False, 0.3)


def test_a_folder_that_cannot_be_written_is_named(exportable, tmp_path):
    (tmp_path / "run").write_text("a file, no folder")
    with pytest.raises(PolyheadError, match="run/export: cannot be written"):
        export(exportable, tmp_path / "run" / "export", ["savedmodel"])


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"formats": ["onnx"]}, "format 'onnx': choose of savedmodel, tflite"),
        ({"variants": ["int4"]}, "variant 'int4': choose of float32, float16"),
    ],
)
def test_unknown_names_are_wrong_use(exportable, tmp_path, arguments, named):
    with pytest.raises(UsageError, match=named):
        export(exportable, tmp_path / "export", **arguments)


@pytest.mark.parametrize("run", ["dates", "language-identifier"])
@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"formats": ["onnx"]}, "format 'onnx'"),
        ({"variants": ["int4"]}, "variant 'int4'"),
        ({"formats": ["mediapipe"]}, "format 'mediapipe': "),
        ({}, "KERAS_BACKEND=tensorflow"),
    ],
)
def test_wrong_use_is_said_before_any_data_are_read(run, arguments, named, monkeypatch):
    def load_data(config):
        raise AssertionError("data were read")

    for app in ("text_classification", "translation"):
        monkeypatch.setattr(f"polyhead.apps.{app}.data.load_data", load_data)
    if not arguments:
        monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(UsageError, match=named):
        load(ROOT / "saved_models" / run).export(**arguments)


def test_another_backend_is_told_the_remedy(exportable, tmp_path, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(UsageError, match="KERAS_BACKEND=tensorflow"):
        export(exportable, tmp_path / "export")


def test_an_operator_that_is_no_builtin_is_refused_by_name(exportable, tmp_path):
    import keras
    import tensorflow as tf

    class Speller(keras.layers.Layer):
        def call(self, y):
            spelled = tf.strings.length(tf.strings.as_string(y))
            return y + tf.cast(spelled, y.dtype)

    speller = Speller(name="speller")

    def flex(weights, tables, x):
        return {"y": speller(linear(weights, tables, x)["y"])}

    form = dataclasses.replace(exportable.tflite, function=flex)
    named = r"AsString \(at speller.*/AsString\), StringLength \(at speller.*\);"
    with pytest.raises(PolyheadError, match=f"no TFLite .*: {named}"):
        export(
            dataclasses.replace(exportable, tflite=form),
            tmp_path / "export",
            ["tflite"],
            ["float32"],
        )
    assert list(tmp_path.iterdir()) == []


def test_a_written_file_shows_its_custom_operators():
    import tensorflow as tf

    function = tf.function(lambda x: tf.strings.length(tf.strings.as_string(x)))
    concrete = function.get_concrete_function(tf.TensorSpec((1, 4), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    names = custom_operators(converter.convert())
    assert {"FlexAsString", "FlexStringLength"} <= set(names)


def test_a_shape_made_from_values_is_refused(tmp_path):
    import tensorflow as tf

    def dynamic(weights, tables, x):
        return {"y": tf.boolean_mask(x, x > 0)}

    with pytest.raises(PolyheadError, match="makes shapes from values"):
        export_tflite(dynamic, [], {}, INPUTS, tmp_path / "model.tflite")


@pytest.mark.parametrize("content", [None, b"", b"no model" * 99])
def test_a_missing_or_broken_file_is_named(tmp_path, content):
    path = tmp_path / "model_int8.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolyheadError, match="model_int8.tflite: .*export the run"):
        TFLitePredictor(path)


def test_a_missing_or_broken_savedmodel_is_named(tmp_path):
    with pytest.raises(PolyheadError, match="savedmodel: missing: export the run"):
        SavedModelPredictor(tmp_path / "savedmodel")
    (tmp_path / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(PolyheadError, match="cannot load it"):
        SavedModelPredictor(tmp_path)


def compare_answers(wrong, rows=1000, exact=False, max_loss=0.3, spoil=None):
    """Compares a file with `wrong` other answers than Keras's, which are all right."""
    expected = np.tile(np.float32([0.9, 0.1]), (rows, 1))
    ours = expected.copy()
    ours[:wrong] = ours[:wrong, ::-1]
    if spoil is not None:
        ours[0] = spoil
    metric = Metric(
        "accuracy",
        score=lambda outputs: np.mean(outputs["y"].argmax(axis=1) == 0),
        differs=lambda ours, keras: ours["y"].argmax(1) != keras["y"].argmax(1),
    )
    form = Form(linear, {}, {"y": expected})
    return compare("model.tflite", {"y": ours}, form, metric, exact, max_loss)


def test_the_loss_that_is_allowed():
    facts = compare_answers(3)
    assert facts["accuracy"] == 0.997 and facts["keras"] == 1.0
    assert facts["loss_points"] == pytest.approx(0.3)
    assert facts["disagreements"] == 3 and facts["rows"] == 1000
    assert compare_answers(2, rows=20)["loss_points"] == pytest.approx(10)
    assert compare_answers(50, max_loss=5.0)["disagreements"] == 50
    expected = "accuracy 0.9960 where Keras has 1.0000: 0.40 points lost, 0.30 allowed"
    with pytest.raises(PolyheadError, match=expected):
        compare_answers(4)
    with pytest.raises(PolyheadError, match="15.00 points lost, 10.00 allowed"):
        compare_answers(3, rows=20)


def test_an_exact_file_may_lose_nothing():
    assert compare_answers(0, exact=True)["largest_difference"] == 0
    with pytest.raises(PolyheadError, match="1 of 1000 answers are not Keras's"):
        compare_answers(1, exact=True, max_loss=100)
    with pytest.raises(PolyheadError, match="up to 0.00011 off"):
        compare_answers(0, exact=True, spoil=[0.90011, 0.1])
    compare_answers(0, exact=True, spoil=[0.90009, 0.1])


def test_no_number_is_no_answer():
    with pytest.raises(PolyheadError, match="1 of 1000 answers"):
        compare_answers(0, exact=True, spoil=[np.nan, 0.1])
    assert compare_answers(0, spoil=[np.nan, np.nan])["disagreements"] == 1


def test_what_keras_could_not_decide_is_forgiven():
    expected = {"text": np.array(list("abcdef")), "score": np.zeros(6, np.float32)}
    metric = Metric("m", lambda outputs: 1.0, lambda a, b: a["text"] != b["text"])
    form = Form(None, {}, expected, hangs=lambda row: row != 5, max_ties=2)

    def check(text, score=None):
        score = np.zeros(6) if score is None else np.array(score, float)
        outputs = {"text": np.array(list(text)), "score": score}
        return compare("m", outputs, form, metric, True, 0.0)

    assert "ties" not in check("abcdef")
    facts = check("xycdef", [9, 9, 0, 0, 0, 0])
    assert facts["ties"] == 2 and facts["disagreements"] == 0
    assert facts["largest_difference"] == 0
    for text, score in [
        ("xyzdef", None),  # too many
        ("abcdex", None),  # Keras was sure
        ("xbcdef", [0, 9, 0, 0, 0, 0]),  # the same answer of another score
        ("xbcdef", [np.nan, 0, 0, 0, 0, 0]),
    ]:
        with pytest.raises(PolyheadError, match="nothing was exported"):
            check(text, score)


def read_table(table, slot):
    """The table that a slot points at, read by hand: `slot` counts fields from 0."""
    import flatbuffers

    place = table.Offset(4 + 2 * slot)
    return flatbuffers.table.Table(table.Bytes, table.Indirect(table.Pos + place))


def read_text(table, slot):
    return table.String(table.Pos + table.Offset(4 + 2 * slot)).decode()


def read_first(table, slot):
    """The first table of the list that a slot points at."""
    import flatbuffers

    place = table.Vector(table.Offset(4 + 2 * slot))
    return flatbuffers.table.Table(table.Bytes, table.Indirect(place))


def test_metadata_are_the_standard_flatbuffer(exported):
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    content = (exported[0] / "model_int8.tflite").read_bytes()
    model = schema.Model.GetRootAs(content)
    entries = {
        model.Metadata(i).Name(): model.Metadata(i).Buffer()
        for i in range(model.MetadataLength())
    }
    data = model.Buffers(entries[b"TFLITE_METADATA"]).DataAsNumpy().tobytes()
    assert data[4:8] == b"M001"
    start = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
    root = flatbuffers.table.Table(data, start)
    assert read_text(root, 1).startswith("Text classification")
    subgraph = read_first(root, 3)
    assert read_text(read_first(subgraph, 2), 0) == "text"
    output = read_first(subgraph, 3)
    assert read_text(output, 0) == "probabilities"
    assert read_text(read_first(output, 6), 0) == "probabilities_labels.txt"
    with zipfile.ZipFile(exported[0] / "model_int8.tflite") as archive:
        assert archive.testzip() is None
        assert archive.read("probabilities_labels.txt").decode().split() == [*LABELS]
        facts = json.loads(archive.read("polyhead.json"))
    assert facts["labels"] == [*LABELS] and facts["task"] == "text-classification"


def test_metadata_change_no_answer_and_align_every_buffer(serving, tmp_path):
    from ai_edge_litert import schema_py_generated as schema

    text, _ = texts_to_bytes(TEXTS, N)
    path = tmp_path / "model.tflite"
    export_tflite(serving, serving.weights, serving.tables, {"text": text}, path)
    before = TFLitePredictor(path)(text=text)["probabilities"]
    about = Metadata("", {"text": ""}, {"probabilities": ""})
    path.write_bytes(add_metadata(path.read_bytes(), about))
    after = TFLitePredictor(path)(text=text)["probabilities"]
    np.testing.assert_array_equal(before, after)
    model = schema.Model.GetRootAs(path.read_bytes())
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    places = [b._tab.Vector(b._tab.Offset(4)) for b in buffers if b.DataLength()]
    assert places and all(place % 16 == 0 for place in places)

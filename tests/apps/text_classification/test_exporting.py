"""What a classifier's exported files take and give."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from serving_tools import LABELS, make_dataset, make_examples, make_run, make_serving

from polyhead.apps.common.classification.data import keep_texts
from polyhead.apps.common.export.export import export
from polyhead.apps.common.export.formats import DEFAULT_FORMATS, VARIANTS
from polyhead.apps.common.export.litert import TFLitePredictor, custom_operators
from polyhead.apps.common.export.metadata import Metadata, add_metadata
from polyhead.apps.common.export.report import format_export_report
from polyhead.apps.common.export.savedmodel import SavedModelPredictor
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.apps.text_classification.exporting import make_exportable
from polyhead.runtime.text_bytes import texts_to_bytes

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[3]
N = 48
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


@pytest.fixture(scope="module")
def serving():
    return make_serving(TEXTS[:4], noise=0.3)


@pytest.fixture(scope="module")
def exported(serving, tmp_path_factory):
    """A classifier's export folder with every kind of file, and its report."""
    folder = tmp_path_factory.mktemp("run") / "export"
    labels = serving.predict(TEXTS).argmax(axis=1).astype(np.int32)
    test = make_examples(TEXTS, labels)
    dataset = make_dataset(make_examples(TEXTS[:5], labels[:5]), test)
    run = make_run(serving)
    kept = keep_texts(run.config, dataset, 100, training=5)
    exportable = make_exportable(run, kept, DEFAULT_FORMATS, max_input_bytes=N)
    report = export(exportable, folder, variants=VARIANTS, max_loss=100)
    return folder, report


def probabilities_of(predictor, texts):
    return predictor.predict_texts(texts)["probabilities"]


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
        assert facts["keras"] == report["files"]["savedmodel"]["keras"] == 1
        assert 0 < facts["latency_ms"]["median"] <= facts["latency_ms"]["p95"]
        assert facts["memory_bytes"] is None or facts["memory_bytes"] > 0


def test_the_report_as_a_table(exported):
    lines = format_export_report(exported[1]).splitlines()
    table, remarks = lines[:6], lines[6:]
    assert len({len(line) for line in table}) == 1
    assert lines[0].split()[:6] == [
        "file",
        "size",
        "accuracy",
        "Keras",
        "differ",
        "cut",
    ]
    assert "4/8" in lines[2] and "4/8" not in lines[1]
    assert remarks[0] == (
        f"model_float32.tflite: reads {N} bytes, which cut 4 of 8 texts; "
        "--max-input-bytes changes that"
    )
    assert remarks[-1] == "8 examples say little of other data"
    assert lines[2].startswith("model_float32.tflite") and "0/8" in lines[2]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_tflite_file_is_what_the_clients_expect(exported, variant):
    path = exported[0] / f"model_{variant}.tflite"
    assert custom_operators(path.read_bytes()) == []
    predictor = TFLitePredictor(path)
    assert predictor.max_input_bytes == N
    (text,), (answer, cut) = predictor.inputs.values(), predictor.outputs.values()
    assert list(predictor.inputs) == ["text"]
    assert list(predictor.outputs) == ["probabilities", "truncated"]
    # A client without signatures finds an output by its place.
    places = [each["index"] for each in predictor.interpreter.get_output_details()]
    assert places == [answer["index"], cut["index"]]
    assert cut["dtype"] == np.int32 and list(cut["shape_signature"]) == [1]
    assert text["dtype"] == np.uint8 and list(text["shape_signature"]) == [1, N]
    assert answer["dtype"] == np.float32
    assert list(answer["shape_signature"]) == [1, len(LABELS)]
    assert len(predictor.interpreter.get_signature_list()) == 1
    probabilities = probabilities_of(predictor, TEXTS)
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 0.02
    assert probabilities_of(predictor, []).shape == (0, 3)


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
    assert np.abs(probabilities_of(predictor, TEXTS) - expected).max() < 1e-5
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
    assert np.abs(probabilities_of(saved, TEXTS) - expected).max() < 1e-5
    assert np.abs(probabilities_of(saved, TEXTS[:1]) - expected[:1]).max() < 1e-5
    outputs = saved(text=np.array([t.encode() for t in TEXTS], object))
    best = [LABELS[i] for i in expected.argmax(axis=1)]
    assert [label.decode() for label in outputs["label"]] == best
    assert probabilities_of(saved, []).shape == (0, 3)


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
probabilities = TFLitePredictor(sys.argv[2]).predict_texts(["the cat"])["probabilities"]
others = {"tensorflow", "keras"} & set(sys.modules)
print(json.dumps([probabilities.tolist(), sorted(others)]))
"""
    output = run_python(code, ROOT, exported[0] / "model_float32.tflite")
    probabilities, others = json.loads(output)
    assert np.abs(np.array(probabilities) - serving.predict(["the cat"])).max() < 1e-5
    assert others == []


def test_several_labels_come_with_the_name_of_every_column():
    import tensorflow as tf

    serving = make_serving(TEXTS[:4], noise=0.3, multi_label=True)
    text = tf.constant([text.encode() for text in TEXTS])
    outputs = serving.serve_strings(serving.weights, serving.tables, text)
    probabilities = outputs["probabilities"].numpy()
    assert np.abs(probabilities - serving.predict(TEXTS)).max() < 1e-5
    assert outputs["labels"].shape == (len(TEXTS), len(LABELS))
    assert [name.decode() for name in outputs["labels"][3].numpy()] == list(LABELS)


def test_metadata_change_no_answer_and_align_every_buffer(serving, tmp_path):
    from ai_edge_litert import schema_py_generated as schema

    text, _ = texts_to_bytes(TEXTS, N)
    path = tmp_path / "model.tflite"
    export_tflite(serving, serving.weights, serving.tables, {"text": text}, path)
    before = TFLitePredictor(path)(text=text)["probabilities"]
    about = Metadata("", {"text": ""}, {"probabilities": "", "truncated": ""})
    path.write_bytes(add_metadata(path.read_bytes(), about))
    after = TFLitePredictor(path)(text=text)["probabilities"]
    np.testing.assert_array_equal(before, after)
    model = schema.Model.GetRootAs(path.read_bytes())
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    places = [b._tab.Vector(b._tab.Offset(4)) for b in buffers if b.DataLength()]
    assert places and all(place % 16 == 0 for place in places)


def test_metadata_name_the_texts_and_the_labels(exported):
    with zipfile.ZipFile(exported[0] / "model_int8.tflite") as archive:
        assert archive.testzip() is None
        assert archive.read("probabilities_labels.txt").decode().split() == [*LABELS]
        facts = json.loads(archive.read("polyhead.json"))
    assert facts["labels"] == [*LABELS] and facts["answers"] == "labels"
    assert facts["multi_label"] is False and facts["thresholds"] is None


def test_the_examples_are_a_seeded_sample():
    serving = make_serving(TEXTS[:4], noise=0.1)
    labels = np.array([0, 1, 2, 0, 1, 2, 0], np.int32)
    test = make_examples(TEXTS[:7], labels)

    def sample(seed):
        run = make_run(serving, seed)
        kept = keep_texts(run.config, make_dataset(test, test), 3)
        made = make_exportable(run, kept, (), max_input_bytes=16)
        return [text.decode() for text in made.savedmodel.inputs["text"]], made

    chosen, made = sample(1)
    assert chosen == sample(1)[0] != sample(2)[0]
    assert len(chosen) == 3 and set(chosen) <= set(TEXTS)
    assert made.examples == {"split": "test", "rows": 3, "of": 7, "seed": 1}
    rows = [TEXTS.index(text) for text in chosen]
    expected = serving.predict(chosen, 16)
    assert np.abs(made.tflite.expected["probabilities"] - expected).max() < 1e-6
    perfect = {"probabilities": np.eye(3, dtype=np.float32)[labels[rows]]}
    assert made.metric.score(perfect) == 1.0

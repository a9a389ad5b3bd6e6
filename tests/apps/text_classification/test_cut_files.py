"""A file that cuts texts is measured against Keras on whole texts."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from serving_tools import make_dataset, make_examples, make_run, make_serving

from polyhead.apps.common.classification.data import keep_texts
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.export import export
from polyhead.apps.text_classification import Config, train
from polyhead.apps.text_classification.exporting import make_exportable

pytestmark = pytest.mark.tensorflow
FILLER = "the film of the year and the cast in it"
SHORT = ["a superb film", "an awful film", "the plot", "a dull film"]


@pytest.fixture(scope="module")
def serving():
    return make_serving([*SHORT, FILLER], noise=0.3)


def make(serving, texts, **options):
    """What is exported, with Keras's own answers to whole texts as the labels."""
    labels = serving.predict(texts).argmax(axis=1).astype(np.int32)
    dataset = make_dataset(make_examples(texts, labels), make_examples(texts, labels))
    run = make_run(serving)
    kept = keep_texts(run.config, dataset, 100, training=4)
    return make_exportable(run, kept, ("tflite",), **options)


def test_lost_words_are_lost_points(serving, tmp_path):
    """Texts of which Keras reads more than the file, in float32 too."""
    texts = [f"{text} {other}" for text in SHORT for other in SHORT]
    whole = serving.predict(texts).argmax(axis=1)
    cut = serving.predict(texts, 8).argmax(axis=1)
    lost = int((whole != cut).sum())
    assert lost > 2  # else nothing is tested
    exportable = make(serving, texts, max_input_bytes=8)
    message = (
        rf"model_float32.tflite: accuracy .* where Keras has 1.0000: .*; it reads 8 "
        rf"bytes and cuts {len(texts)} of {len(texts)} texts: raise --max-input-bytes"
    )
    with pytest.raises(PolyheadError, match=message):
        export(exportable, tmp_path / "export", ("tflite",), ("float32",))
    report = export(exportable, tmp_path / "export", ("tflite",), ("float32",), 100)
    facts = report["files"]["model_float32.tflite"]
    assert facts["keras"] == 1 and facts["disagreements"] == lost
    assert facts["truncated"] == len(texts) and facts["largest_difference"] < 1e-4


def test_training_says_how_many_texts_are_cut(serving):
    from polyhead.apps.text_classification.steps import STEPS

    texts = [*SHORT, FILLER, "\U0001f600" * 30]
    labels = np.zeros(len(texts), np.int32)
    part = make_examples(texts, labels)
    dataset = replace(make_dataset(part, part), report={"warnings": ["first"]})
    assets = SimpleNamespace(tokenizer=serving.tokenizer)
    limit = len(serving.tokenizer.encode(FILLER)) - 1
    warnings = [
        STEPS.prepare(Config(max_tokens=tokens), assets, dataset).report["warnings"]
        for tokens in (128, limit)
    ]
    assert warnings[0] == ["first"]
    assert warnings[1] == [
        "first",
        f"2 of 6 training texts (33.3%) are longer than the {limit} pieces that the "
        "model reads, and cut: see --set max_tokens",
    ]


def test_scores_say_how_many_texts_were_cut(review_run):
    from polyhead.apps.text_classification.answering import ANSWERING
    from polyhead.apps.text_classification.steps import load_test, score

    limit = review_run.config.max_tokens
    file = review_run.path.parent / "long.csv"
    names = review_run.label_names
    rows = [f"{'zq ' * limit} {n},{names[n % 2]}" for n in range(3)]
    file.write_text("\n".join(["text,label", *rows, f"short,{names[0]}"]), "utf-8")
    data = load_test(review_run, str(file))
    metrics = score(review_run, data, {}, other="long.csv").metrics
    line = "3 of the 4 scored texts are longer than the model reads, and cut"
    assert metrics["cut"] == line
    assert line in ANSWERING.format_metrics(metrics)


def test_a_dry_run_says_it_too(tmp_path):
    rows = [f"{FILLER} {n},{'ab'[n % 2]}" for n in range(40)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *rows]), "utf-8")
    config = Config(train=str(tmp_path / "a.csv"), preset="tiny", max_tokens=4)
    report = train(config, dry_run=True, quiet=True)
    assert "(100.0%) are longer than the 4 pieces" in report["warnings"][-1]


def test_the_size_follows_the_data(serving, tmp_path):
    texts = [f"{FILLER} {FILLER} {text}" for text in SHORT]
    exportable = make(serving, texts)
    assert exportable.tflite.inputs["text"].shape == (4, 128)
    report = export(exportable, tmp_path / "export", ("tflite",), ("float32",))
    facts = report["files"]["model_float32.tflite"]
    assert (facts["truncated"], facts["disagreements"]) == (0, 0)


def test_the_file_says_what_the_model_does_not_read(serving, tmp_path):
    """Pieces run out before bytes do where letters are pieces of one byte each."""
    from polyhead.apps.common.export.litert import TFLitePredictor

    texts = [*SHORT, "\U0001f600" * 30]
    exportable = make(serving, texts, max_input_bytes=256)
    assert exportable.tflite.facts["truncated"] == 0
    assert exportable.tflite.facts["truncated_by_pieces"] == 1
    export(exportable, tmp_path / "export", ("tflite",), ("int8",), 100)
    file = TFLitePredictor(tmp_path / "export" / "model_int8.tflite")
    outputs = file.predict_texts(texts)
    assert outputs["truncated"].tolist() == [0, 0, 0, 0, 1]

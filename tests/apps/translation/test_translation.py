"""Translation from two text files to a run that translates, and to its files."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cut_tools import Cut, CutAt
from number_tools import TINY, make_config, make_numbers, write_files
from review_tools import contents

import polyhead.apps
from polyhead.apps import translation
from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export.savedmodel import SavedModelPredictor
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.apps.common.generation import exporting
from polyhead.apps.common.generation.scores import Scorer
from polyhead.apps.common.generation.training import Score
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.common.run.trainer import estimate, start_training
from polyhead.apps.common.text.detokenizer import decode_ids, join_pieces
from polyhead.apps.translation import TASK, Config, train
from polyhead.apps.translation.data import load_data
from polyhead.apps.translation.model import build_model
from polyhead.apps.translation.steps import STEPS

HARD = [
    "one two three",
    "",
    "   ",
    "one\ttwo\x07\x1b[31m three",
    "مرحبا بالعالم שלום 😀👩‍👩‍👧",
    "one " * 5000,
    "nine\0 and what nobody reads",
    "lone \ud800 surrogate",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("numbers")


@pytest.fixture(scope="module")
def run(folder):
    return train(make_config(folder, "run"), quiet=True)


@pytest.fixture(scope="module")
def exported(run):
    run.export(variants=["float32", "int8"], max_input_bytes=64, max_output_bytes=32)
    return run


def firsts(answers):
    return [row[0][0] for row in answers]


# Training.


def test_it_learns_to_translate(run):
    assert run.metrics["test"]["bleu"] > 90
    assert firsts(run.predict(["four two seven", "nine nine zero one"])) == [
        "4 2 7",
        "9 9 0 1",
    ]
    train_facts = run.metrics["train"]
    assert train_facts["padding"] < 0.1
    assert train_facts["tokens_per_second"] > 0


def test_the_folder_holds_what_it_should(run):
    files = set(contents(run.path))
    assert files >= {
        "README.md",
        "config.json",
        "examples.npz",
        "history.csv",
        "metrics.json",
        "model.keras",
        "plots/history.png",
        "plots/lengths.png",
        "predictions.csv",
        "run.json",
        "tokenizer.json",
    }
    assert not any(name.startswith("checkpoint") for name in files)


def test_the_card_shows_the_answers_to_sources_of_the_user(run, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("four two seven\nnine nine zero\n", encoding="utf-8")
    evaluated = polyhead.apps.load(run.path).evaluate(examples=str(file))
    assert [row[:2] for row in evaluated["examples"]] == [
        ["four two seven", "4 2 7"],
        ["nine nine zero", "9 9 0"],
    ]
    polyhead.apps.load(run.path).evaluate()  # it shows them from now on
    card = (run.path / "README.md").read_text(encoding="utf-8")
    score = evaluated["examples"][0][2]
    assert f"| four two seven | 4 2 7 | {score:.2f} |" in card


def test_the_model_file_is_compressed(run):
    with zipfile.ZipFile(run.path / "model.keras") as archive:
        kinds = {entry.compress_type for entry in archive.infolist()}
    assert kinds == {zipfile.ZIP_DEFLATED}


def test_loaded_runs_translate_the_same(run):
    again = polyhead.apps.load(run.path)
    texts = ["seven seven one two", "one two three"]
    assert again.predict(texts) == run.predict(texts)


@pytest.mark.slow
def test_a_cut_training_ends_where_an_unbroken_one_does(folder, monkeypatch):
    settings = {"epochs": 2, "dropout": 0.2, "piece_dropout": 0.1}
    whole = train(make_config(folder, "whole", **settings), quiet=True)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    fit = loop.train
    config = make_config(folder, "cut", **settings)

    def cut_short(*args, callbacks, **options):
        return fit(*args, callbacks=[*callbacks, CutAt(10)], **options)

    monkeypatch.setattr(loop, "train", cut_short)
    with pytest.raises(Cut):
        train(config, quiet=True)
    monkeypatch.setattr(loop, "train", fit)
    resumed = train(config, quiet=True)
    for ours, theirs in zip(
        resumed.serving.weights, whole.serving.weights, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_an_older_run_may_be_gone_on_from(run, folder):
    config = make_config(folder, "more", init_from=str(run.path), epochs=1)
    more = train(config, quiet=True)
    assert more.metrics["test"]["bleu"] > 85
    assert more.tokenizer.file_text == run.tokenizer.file_text


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"hidden_dim": 64}, "hidden_dim 64: the weights of .* a model with"),
        ({"norm_position": "post"}, "norm_position 'post'"),
        ({"run": "num"}, "cannot begin with a run and take its place"),
    ],
)
def test_an_older_run_is_gone_on_from_as_it_is(run, folder, settings, message):
    if "run" in settings:
        settings = {"run": str(run.path)}
    config = replace(make_config(folder, "other", init_from=str(run.path)), **settings)
    with pytest.raises(UsageError, match=message):
        resolve(TASK, config)


def test_dry_run_reports_and_writes_nothing(folder):
    config = make_config(folder, "dry")
    report = train(config, dry_run=True)
    assert report["rows"]["train"] == 1200
    assert report["estimate"]["estimated_minutes_at_most"] >= 0
    assert not (folder / "dry").exists()


def test_the_estimate_is_of_the_pairs_that_are_trained_on(folder):
    config = resolve(TASK, make_config(folder, "short", max_tokens=6))
    data = load_data(config)
    assets = STEPS.make_assets(config, data, None)
    config = STEPS.fit_config(config, assets, data)
    kept = STEPS.prepare(config, assets, data)
    assert 0 < kept.report["removed"]["pieces"]
    batches = start_training(STEPS, config, assets, kept).make_epoch(0)
    pieces = sum(
        int((source > 0).sum() + (following > 0).sum())
        for (source, _), following in batches
    )
    assert estimate(STEPS, config, assets, kept)["pieces_an_epoch"] == pieces
    report = train(replace(config, max_output_ratio=None), dry_run=True, quiet=True)
    assert report["estimate"]["pieces_an_epoch"] == pieces


@pytest.mark.parametrize("dry_run", [True, False])
def test_pairs_that_are_all_too_long_are_told(folder, dry_run):
    config = make_config(folder, "nothing", max_tokens=4, vocabulary_size=259)
    message = "train.words.*: no training pair has at most 3 pieces a side: raise max_t"
    with pytest.raises(PolyheadError, match=message):
        train(config, dry_run=dry_run, quiet=True)


@pytest.mark.parametrize("settings", [{"preset": "huge"}, {"monitor": "accuracy"}])
def test_settings_that_do_not_exist(settings):
    with pytest.raises(UsageError, match="choose from"):
        resolve(TASK, Config(train="a.csv", **settings))


# Predicting.


def test_one_answer_for_each_text_whatever_it_holds(run):
    answers = run.predict(HARD)
    assert len(answers) == len(HARD)
    assert answers[0][0][0] == "1 2 3"
    assert answers[1] == answers[2] == [("", 0.0)]
    assert run.predict([]) == []
    assert run.predict("one two three") == run.predict(["one two three"])
    assert run.explain("one two") == run.explain(("one two",))
    for ask in (run.predict, run.explain):
        with pytest.raises(UsageError, match="text 1 is 5, no text: write it as text"):
            ask([5])


def test_what_stands_behind_a_zero_byte_is_no_text(run):
    texts = [b"  \0abc", b"one\0two", b"one", b"\0one"]
    padded = np.zeros((len(texts), 8), np.uint8)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = np.frombuffer(text, np.uint8)
    serving = run.serving
    ids = np.array(serving.reader.tokenize(serving.tables, padded)[0])
    assert not ids[[0, 3]].any()
    np.testing.assert_array_equal(ids[1], ids[2])
    for row, own in zip(ids, serving.reader.encode_texts(texts)[0], strict=True):
        assert row[row > 0].tolist() == own.tolist()


def test_no_translation_holds_a_zero_byte(run):
    serving, zero = run.serving, run.tokenizer.pieces.index(b"\0")
    a, space = (run.tokenizer.pieces.index(piece) for piece in (b"a", b" "))
    rows = [[zero, space, zero, a, zero, a], [zero] * 6, [a, space, a, 0, 0, 0]]
    ids = np.array(rows, np.int32)
    texts = [join_pieces(serving.pieces, row) for row in rows]
    assert texts == [b"aa", b"", b"a a"]
    found = np.array(decode_ids(serving.tables, ids, 6)[0]).astype(np.uint8)
    assert [row.tobytes().rstrip(b"\0") for row in found] == texts


def test_greedy_beam_and_n_best(run):
    text = ["five six seven eight"]
    (greedy,) = run.predict(text, beam_size=1)
    (beam,) = run.predict(text, beam_size=4, n_best=3)
    assert greedy[0][0] == beam[0][0] == "5 6 7 8"
    assert [score for _, score in beam] == sorted((s for _, s in beam), reverse=True)
    assert len({translated for translated, _ in beam}) == 3


def test_sampling_is_reproducible_and_top_1_is_greedy(run):
    texts = ["one two three", "six six six"]
    drawn = run.predict(texts, temperature=3.0, seed=1)
    assert drawn == run.predict(texts, temperature=3.0, seed=1)
    others = [run.predict(texts, temperature=3.0, seed=seed) for seed in range(2, 6)]
    assert any(firsts(other) != firsts(drawn) for other in others)
    many = firsts(run.predict(["one two three"] * 128, temperature=3.0))
    assert many[:64] != many[64:]  # the draws of one batch are not those of another
    only = run.predict(texts, top_k=1)
    assert firsts(only) == firsts(run.predict(texts, beam_size=1))


def test_what_does_not_go_together_is_refused(run):
    with pytest.raises(UsageError, match="a seed is for draws"):
        run.predict(["one"], seed=3)
    with pytest.raises(UsageError, match="beam size 2 cannot give 3 translations"):
        run.predict(["one"], beam_size=2, n_best=3)
    with pytest.raises(UsageError, match="sampling takes no beam size"):
        run.predict(["one"], temperature=1.0, beam_size=2)
    with pytest.raises(UsageError, match="decodes as it was exported"):
        run.predict(["one"], engine="tflite", n_best=2)
    with pytest.raises(UsageError, match="engine 'onnx'"):
        run.predict(["one"], engine="onnx")


@pytest.mark.parametrize(
    "setting",
    [
        {"length_penalty": -1.0},
        {"learning_rate": -1.0},
        {"encoder_layers": 0},
        {"num_heads": 0},
        {"feedforward_dim": 0},
        {"max_output_ratio": -3.0},
        {"patience": -1},
        {"activation": "no such"},
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_training(setting):
    (name,) = setting
    with pytest.raises(UsageError, match=name):
        resolve(TASK, Config(**setting))


# Evaluating and explaining.


def test_evaluate_puts_the_baselines_beside(run):
    before = run.metrics["test"]["bleu"]
    metrics = run.evaluate()
    assert metrics["test"]["bleu"] == pytest.approx(before)
    assert set(metrics["baselines"]) == {"copy", "nearest"}
    assert metrics["baselines"]["copy"]["bleu"] < 5
    assert "tok:13a" in metrics["signature"]
    assert metrics["train"]["epochs"] == 16
    with open(run.path / "predictions.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 150
    scores = [float(row["chrf"]) for row in rows]
    assert scores == sorted(scores)


def test_evaluate_on_other_files_as_papers_do(run, folder, tmp_path):
    copy = shutil.copytree(run.path, tmp_path / "copy")
    seen = set(load_data(run.config).train.sources)
    fresh = [pair for pair in make_numbers(90, 99) if pair[0] not in seen][:40]
    source, target = write_files(tmp_path, "other", fresh)
    other = polyhead.apps.load(copy)
    metrics = other.evaluate(
        test_source=source, test_target=target, tokenize="none", lowercase=True
    )
    assert metrics["test"]["rows"] == 40
    assert "case:lc" in metrics["signature"] and "tok:none" in metrics["signature"]
    # The run keeps its own scores, and says what these are.
    assert metrics["protocol"].startswith(f"{source}, which is not the run's own test;")
    assert "0 of its 40 rows were trained on" in metrics["protocol"]
    assert polyhead.apps.load(copy).metrics == run.metrics
    seen = load_data(run.config).train
    rows = list(zip(seen.sources, seen.targets, strict=True))[:12]
    source, target = write_files(tmp_path, "seen", rows + fresh[:5])
    metrics = other.evaluate(test_source=source, test_target=target)
    assert "12 of its 17 rows were trained on" in metrics["protocol"]
    assert metrics["test"]["rows"] == 5


def test_explain_draws_where_the_decoder_looked(run, tmp_path):
    found = run.explain("four two seven", tmp_path / "why.png")
    assert found["translation"] == "4 2 7"
    weights = np.array(found["attention"])
    assert weights.shape == (len(found["target"]), len(found["source"]))
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-3)
    assert found["source"][-1] == found["target"][-1] == "<end>"
    assert (tmp_path / "why.png").stat().st_size > 1000
    saved = json.loads((tmp_path / "why.json").read_text(encoding="utf-8"))
    assert saved == found
    for text in ("", " \t "):
        with pytest.raises(PolyheadError, match="nothing to explain"):
            run.explain(text)


# Exporting.


def test_files_translate_as_keras_does(exported):
    report = json.loads((exported.path / "export/export_report.json").read_text())
    files = report["files"]
    assert files["model_float32.tflite"]["disagreements"] == 0
    assert files["savedmodel"]["disagreements"] == 0
    signatures = files["savedmodel"]["signatures"]
    assert set(signatures) == {"greedy", "beam", "sample"}
    assert all(facts["disagreements"] == 0 for facts in signatures.values())
    assert files["model_int8.tflite"]["bytes"] < files["model_float32.tflite"]["bytes"]
    assert files["model_int8.tflite"]["bleu"] > 85


@pytest.mark.parametrize("engine", ["savedmodel", "tflite"])
def test_engines_give_what_keras_gives(exported, engine):
    texts = ["four two seven", "", "eight eight one"]
    ours = firsts(exported.predict(texts, beam_size=1))
    assert firsts(exported.predict(texts, engine=engine)) == ours


def test_the_signature_that_draws(exported):
    path = exported.path / "export/savedmodel"
    predictor = SavedModelPredictor(path, "sample")

    def draw(texts, seeds, temperature, top_k=0, top_p=1.0):
        count = len(texts)
        outputs = predictor(
            text=np.array([text.encode() for text in texts], object),
            seed=np.array(seeds),
            temperature=np.full(count, temperature),
            top_k=np.full(count, top_k),
            top_p=np.full(count, top_p),
        )
        return [text.decode("utf-8", "replace") for text in outputs["text"]]

    text = "four two seven"
    assert draw([text, ""], [0, 1], 0.0) == ["4 2 7", ""]
    assert draw([text] * 8, range(8), 3.0, top_k=1) == ["4 2 7"] * 8
    assert draw([text] * 8, range(8), 3.0, top_p=0.0) == ["4 2 7"] * 8
    many = draw([text] * 8, range(8), 3.0)
    assert len(set(many)) > 4
    # What a text gets is its own seed's, whatever stands beside it.
    assert draw([text, "one"], [5, 0], 3.0)[0] == many[5]
    assert draw([], [], 1.0) == []
    guide = (Path(__file__).parents[3] / "docs/serving.md").read_text(encoding="utf-8")
    request = json.loads(guide.split("```json")[1].split("```")[0])
    inputs = {name: np.array(rows) for name, rows in request["inputs"].items()}
    assert set(inputs) == set(predictor.types)
    assert len(predictor(**inputs)["text"]) == 2


PLAIN = """
import sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
found = loaded.signatures["beam"](text=tf.constant(["four two seven", ""]))
print(found["text"].numpy().tolist())
print("polyhead" in sys.modules, "keras" in sys.modules)
"""


def test_savedmodel_runs_in_plain_tensorflow(exported):
    path = str(exported.path / "export/savedmodel")
    command = [sys.executable, "-c", PLAIN, path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "[b'4 2 7', b'']", done.stderr
    assert done.stdout.splitlines()[1].startswith("False")


# The command line.


def test_the_command_line_end_to_end(run, tmp_path, capsys):
    table = tmp_path / "in.csv"
    table.write_text('id,source\n7,"one two"\n8,\n9,three\n', encoding="utf-8")
    words = ["predict", str(run.path), "--file", str(table), "--format", "csv"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "id,source,translation"
    assert [line.split(",")[0] for line in lines[1:]] == ["7", "8", "9"]
    assert main(["predict", str(run.path), "one two three", "", "four five six"]) == 0
    assert capsys.readouterr().out == "1 2 3\n\n4 5 6\n"
    words = ["predict", str(run.path), "one two three", "--n-best", "2"]
    assert main([*words, "--format", "json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    fields = {"text", "score", "truncated"}
    assert [set(each) for each in record["translations"]] == [fields] * 2
    assert main(["predict", str(run.path), "one", "--threshold", "1"]) == 2
    assert "--threshold is of no use here" in capsys.readouterr().err


def test_files_of_different_length_are_named(folder, tmp_path, capsys):
    source, target = write_files(tmp_path, "short", make_numbers(30, 1))
    with open(target, "a", encoding="utf-8") as file:
        file.write("1 2 3\n")
    words = ["train", "translation", "--run", str(tmp_path / "run")]
    assert main([*words, "--train-source", source, "--train-target", target]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "30" in message and "31" in message
    assert not (tmp_path / "run").exists()


def test_int8_holds_the_tied_table_once(exported, tmp_path):
    data = load_data(exported.config)
    kept = STEPS.keep(exported.config, data, 100)
    exportable = STEPS.make_exportable(exported, kept, (), 64, 32)
    assert not exportable.per_channel
    form, path = exportable.tflite, tmp_path / "twice.tflite"
    export_tflite(
        form.function, exportable.weights, exportable.tables, form.inputs, path, "int8"
    )
    once = exported.path / "export" / "model_int8.tflite"
    table = exported.serving.weights[0]
    assert path.stat().st_size - once.stat().st_size > 0.9 * table.size


def test_a_model_file_cut_short(run, tmp_path, capsys):
    copy = shutil.copytree(run.path, tmp_path / "copy")
    data = (copy / "model.keras").read_bytes()
    (copy / "model.keras").write_bytes(data[: len(data) // 2])
    before = contents(copy)
    assert main(["predict", str(copy), "one"]) == 1
    assert "model.keras: truncated or corrupt" in capsys.readouterr().err
    assert contents(copy) == before


def test_a_tokenizer_of_another_model(run, tmp_path):
    copy = shutil.copytree(run.path, tmp_path / "copy")
    data = json.loads((copy / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = data["model"]["vocab"]
    vocabulary.popitem()
    (copy / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(PolyheadError, match="pieces, but the model has"):
        translation.load(copy).predict(["one"])


def test_a_resumed_run_keeps_its_tokenizer(folder):
    config = resolve(TASK, make_config(folder, "kept"))
    data = load_data(config)
    path = folder / "kept"
    path.mkdir()
    first = STEPS.make_assets(config, data, path)
    STEPS.save_assets(first, path)
    pairs = replace(data.train, sources=["other words"] * 9, targets=["9"] * 9)
    again = STEPS.make_assets(config, replace(data, train=pairs), path)
    assert again.tokenizer.file_text == first.tokenizer.file_text
    anew = STEPS.make_assets(config, replace(data, train=pairs), None)
    assert anew.tokenizer.file_text != first.tokenizer.file_text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_heads": 3}, "hidden_dim 128 is no multiple of num_heads 3"),
        ({"norm_position": "mid"}, "norm_position 'mid': choose from pre, post"),
        ({"mixed_precision": "bf16"}, "mixed_precision 'bf16': choose from"),
        ({"ema": 1.0}, "ema is 1.0: it must be from 0 to"),
        ({"epochs": 0}, "epochs is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"validation_fraction": 0.0}, "validation_fraction is 0.0: it must be from"),
        ({"max_length_ratio": 1.0}, "max_length_ratio is 1.0: it must be from 1.0000"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(UsageError, match=message):
        resolve(TASK, Config(train="a.csv", **settings))


def test_translations_may_be_as_long_as_the_data_ask(folder):
    config = resolve(TASK, make_config(folder, "ratio", max_tokens=512))
    config = replace(config, max_output_ratio=None)
    data = load_data(config)
    assets = STEPS.make_assets(config, data, None)
    assert STEPS.fit_config(config, assets, data).max_output_ratio == 2.0
    longer = [target * 10 for target in data.train.targets]
    data = replace(data, train=replace(data.train, targets=longer))
    assert 4 < STEPS.fit_config(config, assets, data).max_output_ratio < 40


def test_a_loss_that_is_no_number_ends_the_training(folder):
    config = resolve(TASK, make_config(folder, "diverged", epochs=1))
    data = load_data(config)
    assets = STEPS.make_assets(config, data, None)
    config = STEPS.fit_config(config, assets, data)
    model = start_training(STEPS, config, assets, data).model
    for weight in model.trainable_variables:
        weight.assign(weight * float("nan"))
    final = build_model(config, len(assets.tokenizer.pieces))
    score = Score(config, final, assets.tokenizer, data.validation, Scorer())
    with pytest.raises(PolyheadError, match="not finite any more: .*learning_rate"):
        score(model)


def test_gradients_may_be_accumulated(folder):
    run = train(make_config(folder, "accumulated", accumulate=2, epochs=3), quiet=True)
    history = (run.path / "history.csv").read_text().splitlines()
    losses = [float(line.split(",")[1]) for line in history[1:]]
    assert losses[-1] < losses[0] - 0.5


def test_a_translator_has_no_full_int8(run):
    with pytest.raises(UsageError, match="full_int8"):
        run.export(variants=["full_int8"])


def test_a_text_file_is_one_text_a_line(run, tmp_path, capsys):
    file = tmp_path / "in.words"
    file.write_bytes("one two\n\nthree four\u2028five\n".encode())
    assert main(["predict", str(run.path), "--file", str(file)]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4 and lines[0] == "1 2" and lines[1] == lines[3] == ""


def test_the_card_keeps_what_was_said_of_the_data(run, tmp_path):
    copy = shutil.copytree(run.path, tmp_path / "copy")
    card = copy / "README.md"
    notes = "\n## Data\n\nFrom somewhere, CC BY.\n"
    card.write_text(card.read_text(encoding="utf-8") + notes, encoding="utf-8")
    for _ in range(2):
        polyhead.apps.load(copy).evaluate()
        text = card.read_text(encoding="utf-8")
        assert text.count("## Data") == 1 and text.endswith(notes)


# Bad input.


def test_training_files_with_everything_in_them(folder, tmp_path, capsys):
    pairs = make_numbers(300, 5)
    odd = [
        ("one " * 5000, "1 " * 5000),
        ("", "1"),
        ("one\x07\x1b[31m two", "1 2"),
        ("مرحبا بالعالم 😀", "שלום 👩‍👩‍👧"),
        ("one\u2028two", "1\x0b2"),
    ]
    source, target = write_files(tmp_path, "odd", pairs[:150] + odd + pairs[150:])
    config = Config(
        train_source=source,
        train_target=target,
        run=str(tmp_path / "run"),
        **{**TINY, "epochs": 1},
    )
    report = train(config, dry_run=True)
    assert report["train_rows_read"] == 305
    assert report["removed"]["empty"] == 1 and report["removed"]["too_long"] == 1
    odd_run = train(config, quiet=True)
    assert len(odd_run.predict([text for text, _ in odd])) == len(odd)


def test_standard_input_is_one_line_out_for_each_in(run, capsys, monkeypatch):
    lines = ["one two three", "", "مرحبا 😀", "one " * 5000, "four five six"]
    data = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert main(["predict", str(run.path)]) == 0
    found = capsys.readouterr().out.split("\n")
    assert len(found) == len(lines) + 1
    assert [found[0], found[1], found[4]] == ["1 2 3", "", "4 5 6"]


def test_an_exported_file_cut_short(exported, tmp_path, capsys):
    copy = shutil.copytree(exported.path, tmp_path / "copy")
    for name, engine in (
        ("model_int8.tflite", "tflite"),
        ("savedmodel/saved_model.pb", "savedmodel"),
    ):
        file = copy / "export" / name
        file.write_bytes(file.read_bytes()[:1000])
        assert main(["predict", str(copy), "one", "--engine", engine]) == 1
        message = capsys.readouterr().err
        assert message.count("\n") == 1 and "export the run again" in message


def test_a_margin_is_the_least_gap_between_two_pieces(run):
    source, serving = "four two seven", run.serving
    margins = [exporting.margin(serving, text) for text in (source, "")]
    assert all(0 <= margin < 100 for margin in margins)
    # Equal rows of the tied table leave every step undecided.
    kept = serving.weights
    serving.set_weights([np.zeros_like(weight) for weight in kept])
    try:
        assert exporting.margin(serving, source) == 0
    finally:
        serving.set_weights(kept)


def test_what_float32_cannot_decide_is_asked_of_the_method_that_decides(
    run, monkeypatch
):
    data = load_data(run.config)
    pairs = replace(data.test, sources=["one two", ""], targets=["1 2", ""])
    kept = STEPS.keep(run.config, replace(data, test=pairs), 2)
    exportable = STEPS.make_exportable(run, kept, (), 64, 32, beam_size=3)
    forms = [exportable.tflite, exportable.savedmodel, *exportable.signatures.values()]
    assert [form.max_ties for form in forms] == [5, 5, 5, 5, 1]
    asked = []

    def margin(serving, text, max_input_bytes=None, beam_size=1):
        asked.append((max_input_bytes, beam_size))
        return 1e-6 if text else 1.0

    margins = exporting.margin
    monkeypatch.setattr(exporting, "margin", margin)
    assert [form.is_tie(0) for form in forms] == [True] * 5
    assert not any(form.is_tie(1) for form in forms[:4])
    wide = run.config.beam_size
    assert asked[:4] == [(64, 3), (None, 3), (None, 1), (None, wide)]
    assert margins(run.serving, "", None, 3) == float("inf")
    first, second, *_ = run.predict(["one two"], beam_size=3, n_best=2)[0]
    gap = margins(run.serving, "one two", None, 3)
    assert gap == pytest.approx(first[1] - second[1], abs=1e-5)

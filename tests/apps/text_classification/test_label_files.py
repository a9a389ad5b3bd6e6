"""Training, validation and test files whose labels have different forms."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from labelled_tools import MANY, write_csv

from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.data import load_data, read_path

SETS = [[], ["insult"], ["insult", "toxic"], ["threat"], ["toxic"]]
ROWS = [(f"text {n}", SETS[n % 5]) for n in range(60)]
NAMES = ("toxic", "insult", "threat")
TINY = {"num_layers": "1", "hidden_dim": "16", "num_heads": "1", "max_tokens": "16"}


def write(path, form, rows=ROWS):
    """Rows of a text and its labels, in one of the forms."""
    records = [{"text": text, "label": labels} for text, labels in rows]
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
        return str(path)
    if form == "jsonl":
        lines = [json.dumps(record) for record in records]
    elif form == "one-hot":
        lines = [",".join(["text", *NAMES])]
        for text, labels in rows:
            lines.append(",".join([text, *(str(int(n in labels)) for n in NAMES)]))
    else:
        cell = {"python": repr, "json": json.dumps, "names": ",".join}[form]
        cells = [(text, cell(labels).replace('"', '""')) for text, labels in rows]
        lines = ["text,label", *(f'{text},"{label}"' for text, label in cells)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


FORMS = ["one-hot", "python", "json", "names", "jsonl", "parquet"]


def sets_of(part, names):
    return {
        text: sorted(name for name, on in zip(names, row, strict=True) if on)
        for text, row in zip(part.inputs, part.labels, strict=True)
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_labels(tmp_path, form):
    suffix = form if form in ("jsonl", "parquet") else "csv"
    train = write(tmp_path / f"train.{suffix}", form)
    data = load_data(Config(train=train, multi_label=True))
    assert data.label_names == ("insult", "threat", "toxic")
    found = sets_of(data.train, data.label_names)
    found |= sets_of(data.validation, data.label_names)
    assert found == {text: sorted(labels) for text, labels in ROWS}
    notes = [note for note in data.report["warnings"] if note.startswith(train)]
    assert len(notes) == (form in ("one-hot", "python", "json"))


@pytest.mark.parametrize("trained", FORMS[:3])
@pytest.mark.parametrize("tested", FORMS)
def test_a_test_file_of_another_form(tmp_path, trained, tested):
    suffix = tested if tested in ("jsonl", "parquet") else "csv"
    test = write(tmp_path / f"test.{suffix}", tested, ROWS[40:])
    train = write(tmp_path / "train.csv", trained, ROWS[:40])
    named = "toxic,insult,threat" if trained == "one-hot" else "label"
    config = Config(train=train, multi_label=True, test=test, label_column=named)
    data = load_data(config)
    expected = {text: sorted(labels) for text, labels in ROWS[40:]}
    assert sets_of(data.test, data.label_names) == expected
    assert read_path(config, test).inputs == [text for text, _ in ROWS[40:]]


@pytest.mark.parametrize("form", FORMS[:3])
def test_one_label_in_each_row_needs_no_flag(tmp_path, form):
    rows = [(text, [NAMES[n % 3]]) for n, (text, _) in enumerate(ROWS)]
    data = load_data(Config(train=write(tmp_path / "a.csv", form, rows)))
    assert data.label_names == ("insult", "threat", "toxic")
    assert data.train.labels.ndim == 1
    with pytest.raises(PolyheadError, match="add --multi-label"):
        load_data(Config(train=write(tmp_path / "b.csv", form)))


def test_a_separator_that_is_not_the_usual_one_is_told(tmp_path):
    pairs = [(f"text {n}", ["a;b", "a", "b;c"][n % 3]) for n in range(30)]
    path = write_csv(tmp_path / "a.csv", pairs)
    note = f"{path}: no label has ',' between it and the next, but some have ';': "
    warnings = load_data(Config(train=path, multi_label=True)).report["warnings"]
    assert note + "see --label-separator" in warnings
    given = Config(train=path, multi_label=True, label_separator=";")
    assert load_data(given).label_names == ("a", "b", "c")
    assert not load_data(given).report["warnings"]


@pytest.mark.parametrize("values", [(0, 1), (0.0, 1.0), (False, True), (7, None)])
def test_labels_that_are_no_words(tmp_path, values):
    rows = [{"text": f"t{n}", "label": values[n % 2]} for n in range(30)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    if None in values:
        with pytest.raises(PolyheadError, match="rows 2, 4, .*no label in column"):
            load_data(Config(train=str(path)))
        return
    names = load_data(Config(train=str(path))).label_names
    assert names == (("False", "True") if values[1] is True else ("0", "1"))


def fill(folder, pairs):
    for number, (text, label) in enumerate(pairs):
        file = folder / label / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("given", ["", "train"])
@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "Val"])
def test_folders_of_splits_beside_train(tmp_path, given, name):
    fill(tmp_path / "train", MANY[:30])
    fill(tmp_path / name, MANY[30:45])
    fill(tmp_path / "test", MANY[45:])
    fill(tmp_path / ".ipynb_checkpoints", MANY[:3])
    fill(tmp_path / "train" / ".hidden", [("x", "y")])
    (tmp_path / "train" / "a" / ".DS_Store").touch()
    data = load_data(Config(train=str(tmp_path / given)))
    assert data.label_names == ("a", "b", "c")
    assert len(data.train.inputs) == 30 and len(data.test.inputs) == 15
    assert sorted(data.validation.inputs) == sorted(text for text, _ in MANY[30:45])
    assert data.report["warnings"] == [
        f"{tmp_path / name} is used as validation",
        f"{tmp_path / 'test'} is used as test",
    ]


def test_a_folder_without_texts_is_no_class_and_is_told(tmp_path):
    fill(tmp_path / "train", MANY[:30])
    fill(tmp_path / "val", MANY[30:])
    (tmp_path / "train" / "empty").mkdir()
    fill(tmp_path / "train" / "nested", [("deep", "a")])
    data = load_data(Config(train=str(tmp_path)))
    assert data.label_names == ("a", "b", "c")
    assert data.report["warnings"] == [
        f"{tmp_path / 'train'}: no texts are in empty, nested: no class",
        f"{tmp_path / 'val'} is used as validation",
    ]
    with pytest.raises(PolyheadError, match="moods: no such file or folder; check the"):
        load_data(Config(train=str(tmp_path / "moods")))


def test_a_given_validation_is_preferred(tmp_path):
    fill(tmp_path / "train", MANY[:30])
    fill(tmp_path / "val", [("never read", "zebra")])
    validation = write_csv(tmp_path / "v.csv", MANY[30:])
    data = load_data(Config(train=str(tmp_path), validation=validation))
    assert data.validation.source == validation and not data.report["warnings"]


def test_a_val_folder_beside_the_classes(tmp_path):
    fill(tmp_path, MANY[:30])
    fill(tmp_path / "val", MANY[30:])
    data = load_data(Config(train=str(tmp_path)))
    assert data.label_names == ("a", "b", "c")
    assert len(data.train.inputs) == len(data.validation.inputs) == 30


def test_the_command_line_takes_columns_of_0_and_1(tmp_path, capsys):
    train = write(tmp_path / "train.csv", "one-hot")
    rows = [(f"{text} again", labels) for text, labels in ROWS[:20]]
    tests = {form: write(tmp_path / f"{form}.csv", form, rows) for form in FORMS[:3]}
    run = tmp_path / "run"
    settings = [word for pair in TINY.items() for word in ("--set", "=".join(pair))]
    words = ["train", "text-classification", "--train", train, "--text-column", "text"]
    words += ["--multi-label", "--epochs", "1", *settings]
    assert main([*words, "--run", str(run)]) == 0
    printed = capsys.readouterr()
    note = "{}: the labels are the columns of 0 and 1: toxic, insult, threat"
    assert note.format(train) in printed.out + printed.err
    for form, test in tests.items():
        assert main(["evaluate", str(run), "--test", test]) == 0
        printed = capsys.readouterr()
        assert "test, 20 rows" in printed.out
        assert (note.format(test) in printed.err) == (form == "one-hot")
        assert ("has lists of labels" in printed.err) == (form != "one-hot")
    assert main(["predict", str(run), "--file", tests["one-hot"]]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 20

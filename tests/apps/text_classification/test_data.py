"""From files to examples: the splits, the report, and how faults are told."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from labelled_tools import MANY, pairs_of, write_csv, write_jsonl

from polyhead.apps.common.classification.data import only_test
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.data import format_report, load_data, read_path

REAL_DATA = Path(__file__).parents[3] / "../shared/data/text"


def test_classes_with_one_text_stay_in_training(tmp_path):
    pairs = [*MANY, ("only", "rare"), ("twice", "double"), ("twice", "double")]
    data = load_data(Config(train=write_csv(tmp_path / "a.csv", pairs)))
    train = Counter(label for _, label in pairs_of(data.train, data.label_names))
    assert (train["rare"], train["double"]) == (1, 2)
    assert "1 class has one training example only: rare" in data.report["warnings"]


def test_repeated_texts_leave_training_and_never_test(tmp_path):
    train = write_csv(tmp_path / "a.csv", [*MANY, ("text 7", "b"), ("text 7", "a")])
    valid = write_csv(tmp_path / "v.csv", [("text 8", "c"), ("text 9", "a")])
    test = write_csv(tmp_path / "t.csv", [("text 7", "b"), ("text 7", "b"), MANY[8]])
    data = load_data(Config(train=train, validation=valid, test=test))
    assert data.test.inputs == ["text 7", "text 7", "text 8"]
    assert data.validation.inputs == ["text 8", "text 9"]
    assert data.report["duplicates_removed"] == 5
    kept = [text for text, _ in MANY if text not in ("text 7", "text 8", "text 9")]
    assert data.train.inputs == kept
    assert data.train.rows.tolist() == [2 + int(text[5:]) for text in kept]
    assert data.report["warnings"] == [
        "1 validation texts are in test too",
        "5 training rows removed: validation or test has the same text",
    ]


@pytest.mark.parametrize(
    "settings, removed",
    [
        ({"normalization": "unicode-1"}, 4),
        ({"normalization": "unicode-1", "case_fold": False}, 3),
        ({"normalization": "none"}, 0),
        ({}, 0),
    ],
)
def test_texts_that_are_read_alike_are_in_one_part(tmp_path, settings, removed):
    same = ["ТЕКСТ один", "Текст\u00a0один", "Текст  один\u200b", "Текст один "]
    train = write_csv(tmp_path / "a.csv", [*MANY, *((text, "b") for text in same)])
    test = write_csv(tmp_path / "t.csv", [("Текст один", "b")])
    data = load_data(Config(train=train, test=test, **settings))
    assert data.report["duplicates_removed"] == removed


@pytest.mark.parametrize(
    "pairs, message",
    [
        ([("a", "x"), ("b", "x")], "every row of column 'label' has 'x'; a classifier"),
        ([("a", "x"), ("b", " "), ("c", "")], "rows 3, 4: no label in column 'label'"),
        ([], "empty file"),
        ([("a", "x"), ("a", "y")], "2 rows are too few to take a validation split"),
    ],
)
def test_data_that_cannot_train_a_classifier(tmp_path, pairs, message):
    path = write_csv(tmp_path / "a.csv", pairs)
    with pytest.raises(PolyheadError) as caught:
        load_data(Config(train=path))
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 1


def test_many_missing_labels_are_counted(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("a", "")] * 100)
    with pytest.raises(PolyheadError, match=r"rows 2, 3, .*\.\.\. \(100 in all\)"):
        load_data(Config(train=path))


def test_multi_label_without_any_label(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("a", ""), ("b", "")])
    with pytest.raises(PolyheadError, match="has no label at all"):
        load_data(Config(train=path, multi_label=True))


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("split", ["validation", "test"])
def test_label_unseen_in_training(tmp_path, split, multi):
    train = write_csv(tmp_path / "a.csv", MANY)
    other = write_csv(tmp_path / "b.csv", [("x", "a"), ("y", "z"), ("u", "q")])
    message = r"b\.csv: row 3: label 'z' does not occur.*\(and 1 more such labels\)"
    config = Config(train=train, multi_label=multi, **{split: other})
    with pytest.raises(PolyheadError, match=message):
        load_data(config)
    with pytest.raises(PolyheadError, match=message):
        only_test(read_path(config, other), ("a", "b", "c"), multi)


def test_another_file_has_the_numbers_of_the_model(tmp_path):
    path = write_csv(tmp_path / "b.csv", [("x", "c"), ("y", "a")])
    data = only_test(read_path(Config(), path), ("a", "b", "c"), False)
    examples = data.test
    assert not data.train.inputs and not len(data.validation.labels)
    assert examples.labels.tolist() == [2, 0]
    assert examples.rows.tolist() == [2, 3]


def test_nothing_left_to_train_on(tmp_path):
    path = write_csv(tmp_path / "a.csv", MANY)
    with pytest.raises(PolyheadError, match="give a training file of its own"):
        load_data(Config(train=path, test=path))


def test_report_counts_what_is_there(tmp_path):
    pairs = [(f"é{n}", "ab"[n % 2]) for n in range(98)]
    pairs += [("x" * 300, "a"), ("", "b"), ("é0", "b"), ("é2", "a")]
    valid = write_csv(tmp_path / "v.csv", [("other", "a"), ("é4", "a")])
    data = load_data(
        Config(train=write_csv(tmp_path / "a.csv", pairs), validation=valid)
    )
    report = data.report
    assert report["rows"] == {"train": 101, "validation": 2}
    assert report["classes"]["a"] == {"train": 50, "validation": 2}
    assert report["duplicates_removed"] == 1
    assert report["repeated_in_train"] == 2
    assert report["conflicting_texts"] == 1
    assert report["length_bytes"]["50"] == 4
    assert report["length_bytes"]["100"] == 300
    assert report["fitting_bytes"] == 512
    assert "1 training texts occur with different labels" in report["warnings"]
    assert "1 texts are empty" in report["warnings"]
    json.dumps(report)
    text = format_report(report)
    for part in (
        "101 rows",
        "2 classes",
        "max 300",
        "99.5% fit into 512",
        "warning: 1 texts are",
    ):
        assert part in text


def test_report_of_many_classes_is_short(tmp_path):
    pairs = [(f"text {n}", f"class {n % 100}") for n in range(500)]
    report = load_data(Config(train=write_csv(tmp_path / "a.csv", pairs))).report
    lines = format_report(report).splitlines()
    assert len(lines) < 55
    assert "... 60 more ..." in lines


def test_real_data():
    if not REAL_DATA.exists():
        pytest.skip("needs the shared data folder beside the project")
    folder = REAL_DATA / "goemotions"
    data = load_data(
        Config(
            train=str(folder / "train.tsv.gz"),
            validation=str(folder / "dev.tsv.gz"),
            test=str(folder / "test.tsv.gz"),
            text_column="0",
            label_column="1",
            multi_label=True,
        )
    )
    assert data.label_names == tuple(str(n) for n in range(28))
    assert data.report["rows"]["test"] == 5427
    assert len(data.train.inputs) + data.report["duplicates_removed"] == 43410


MEASURE = """
import resource, sys, time
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.data import format_report, load_data
start = time.monotonic()
data = load_data(Config(train=sys.argv[1]))
format_report(data.report)
rows = len(data.train.inputs) + len(data.validation.inputs)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(rows, peak, time.monotonic() - start)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".tsv.gz", ".jsonl", ".parquet"])
def test_a_million_rows(tmp_path, suffix):
    texts = [f"{n:09} " + "word " * 18 for n in range(1_000_000)]
    labels = [f"class {n % 20}" for n in range(1_000_000)]
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table({"text": texts, "label": labels}), path)
    elif suffix == ".jsonl":
        write_jsonl(path, zip(texts, labels, strict=True))
    elif suffix == ".csv":
        write_csv(path, zip(texts, labels, strict=True))
    else:
        pairs = zip(texts, labels, strict=True)
        lines = "\n".join("\t".join(pair) for pair in pairs)
        path.write_bytes(gzip.compress(b"text\tlabel\n" + lines.encode(), 1))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, peak, seconds = (float(word) for word in done.stdout.split())
    assert rows == 1_000_000
    assert peak < 1.5  # GiB; the whole run has 3 GB
    assert seconds < 60

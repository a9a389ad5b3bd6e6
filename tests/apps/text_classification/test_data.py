"""From files to examples: the splits, the report, and how faults are told."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polyhead.apps.common.data.splits import stratified_split
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.data import (
    format_report,
    load_data,
    load_examples,
)

REAL_DATA = Path(__file__).parents[3] / "../shared/data/text"


def write_csv(path, pairs):
    lines = [f'"{text}","{label}"' for text, label in pairs]
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return str(path)


def write_jsonl(path, pairs):
    records = [json.dumps({"text": text, "label": label}) for text, label in pairs]
    path.write_text("\n".join(records), encoding="utf-8")
    return str(path)


def pairs_of(part, names):
    return [(text, names[y]) for text, y in zip(part.texts, part.labels, strict=True)]


MANY = [(f"text {n}", "abc"[n % 3]) for n in range(60)]


# The validation part.


def random_rows(generator, classes):
    """Rows with repeated texts, a few of them with conflicting labels."""
    size = int(generator.integers(20, 400))
    labels = generator.integers(0, classes, size) ** 2 // classes
    texts = [f"{label} {generator.integers(0, 60)}" for label in labels]
    return texts, labels.astype(np.int32)


@pytest.mark.parametrize("seed", range(20))
def test_no_text_crosses_and_every_class_stays(seed):
    generator = np.random.default_rng(seed)
    texts, labels = random_rows(generator, classes=int(generator.integers(2, 9)))
    flipped = generator.random(len(labels)) < 0.05
    labels[flipped] = 0
    if seed % 2:  # multi-label: a second label on some rows
        encoded = np.zeros((len(labels), labels.max() + 1), dtype=bool)
        encoded[np.arange(len(labels)), labels] = True
        encoded[generator.random(len(labels)) < 0.3, -1] = True
        labels = encoded
    fraction = float(generator.uniform(0.05, 0.9))
    mask = stratified_split(texts, labels, fraction, seed)
    assert 0 < mask.sum() <= len(texts) * fraction + 1
    assert not set(np.array(texts)[mask]) & set(np.array(texts)[~mask])
    if labels.ndim == 1:
        assert set(labels[~mask]) == set(labels)
    else:
        assert (labels[~mask].any(axis=0) == labels.any(axis=0)).all()


@pytest.mark.parametrize("seed", range(10))
def test_every_class_gives_its_share_within_a_row(seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 12, 300) ** 2 // 12
    texts = [f"distinct {n}" for n in range(300)]
    fraction = float(generator.uniform(0.05, 0.5))
    mask = stratified_split(texts, labels, fraction, seed)
    assert abs(mask.sum() - 300 * fraction) <= 1
    for label, rows in Counter(labels.tolist()).items():
        share = np.sum(labels[mask] == label)
        expected = 0 if rows == 1 else rows * fraction
        assert abs(share - expected) <= 1
        assert share < rows


@pytest.mark.parametrize("seed", range(5))
def test_classes_of_one_row_take_no_share_of_the_others(seed):
    labels = np.array([0] * 5 + [1] * 5 + list(range(2, 42)))
    texts = [f"distinct {n}" for n in range(len(labels))]
    mask = stratified_split(texts, labels, 0.5, seed)
    assert mask.sum() == 5
    assert labels[mask].max() <= 1


@pytest.mark.parametrize("multi", [False, True])
def test_a_label_beside_others_on_one_text_stays_in_training(multi):
    # Its text goes by another label, and so would go to validation.
    texts = ["both", *(f"distinct {n}" for n in range(9)), "both"]
    labels = np.array([0] * 10 + [1])
    if multi:
        labels = np.ones((11, 2), dtype=bool)
        labels[1:10, 1] = False
        labels[3:5] = [False, True]
    for seed in range(10):
        mask = stratified_split(texts, labels, 0.9, seed)
        assert mask.sum() > 5
        kept = labels[~mask]
        assert kept.any(axis=0).all() if multi else set(kept) == {0, 1}


def test_the_seed_decides_the_split():
    texts, labels = random_rows(np.random.default_rng(0), 4)
    masks = [stratified_split(texts, labels, 0.3, seed) for seed in (1, 1, 2)]
    assert (masks[0] == masks[1]).all()
    assert (masks[0] != masks[2]).any()


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
    assert data.test.texts == ["text 7", "text 7", "text 8"]
    assert data.validation.texts == ["text 8", "text 9"]
    assert data.report["duplicates_removed"] == 5
    kept = [text for text, _ in MANY if text not in ("text 7", "text 8", "text 9")]
    assert data.train.texts == kept
    assert data.train.rows.tolist() == [2 + int(text[5:]) for text in kept]
    assert data.report["warnings"] == [
        "1 validation texts are in test too",
        "5 training rows removed: validation or test has the same text",
    ]


# Faults.


@pytest.mark.parametrize(
    "pairs, message",
    [
        ([("a", "x"), ("b", "x")], "every row of column 'label' has 'x'; a classifier"),
        ([("a", "x"), ("b", " "), ("c", "")], "rows 3, 4: no label in column 'label'"),
        ([], "empty file"),
        ([("a", "x"), ("a", "y")], "2 rows are too few to take a validation part"),
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
        load_examples(config, other, ("a", "b", "c"))


def test_load_examples_keeps_the_numbers_of_the_model(tmp_path):
    path = write_csv(tmp_path / "b.csv", [("x", "c"), ("y", "a")])
    examples = load_examples(Config(), path, ("a", "b", "c"))
    assert examples.labels.tolist() == [2, 0]
    assert examples.rows.tolist() == [2, 3]


def test_nothing_left_to_train_on(tmp_path):
    path = write_csv(tmp_path / "a.csv", MANY)
    with pytest.raises(PolyheadError, match="give a training file of its own"):
        load_data(Config(train=path, test=path))


# The report.


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
    assert report["share_over_256_bytes"] == pytest.approx(1 / 101)
    assert "1 training texts occur with different labels" in report["warnings"]
    assert "1 texts are empty" in report["warnings"]
    json.dumps(report)
    text = format_report(report)
    for part in ("101 rows", "2 classes", "max 300", "1.0%", "warning: 1 texts are"):
        assert part in text


def test_report_of_many_classes_is_short(tmp_path):
    pairs = [(f"text {n}", f"class {n % 100}") for n in range(500)]
    report = load_data(Config(train=write_csv(tmp_path / "a.csv", pairs))).report
    lines = format_report(report).splitlines()
    assert len(lines) < 55
    assert "... 60 more ..." in lines


# Size.


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
    assert len(data.train.texts) + data.report["duplicates_removed"] == 43410


MEASURE = """
import resource, sys, time
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.data import format_report, load_data
start = time.monotonic()
data = load_data(Config(train=sys.argv[1]))
format_report(data.report)
rows = len(data.train.texts) + len(data.validation.texts)
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

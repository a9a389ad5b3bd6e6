"""Every source of labelled texts, and labels as people write them."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from labelled_tools import MANY, pairs_of, write_csv, write_jsonl

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.data import load_data


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "csv.gz", "folder"])
def test_every_source_gives_the_same_examples(tmp_path, kind):
    train, test = MANY[:45], MANY[45:]
    paths = {}
    for name, pairs in (("train", train), ("test", test)):
        path = tmp_path / f"{name}.{kind}"
        if kind == "csv":
            write_csv(path, pairs)
        elif kind == "jsonl":
            write_jsonl(path, pairs)
        elif kind == "parquet":
            texts, labels = zip(*pairs, strict=True)
            pq.write_table(pa.table({"text": texts, "label": labels}), path)
        elif kind == "csv.gz":
            plain = write_csv(tmp_path / f"{name}.csv", pairs)
            path.write_bytes(gzip.compress(Path(plain).read_bytes()))
        else:
            for number, (text, label) in enumerate(pairs):
                (path / label).mkdir(parents=True, exist_ok=True)
                file = path / label / f"{number:03}.txt"
                file.write_text(text + "\n", encoding="utf-8")
        paths[name] = str(path)
    data = load_data(Config(**paths))
    assert data.label_names == ("a", "b", "c")
    assert not data.multi_label
    assert data.test.labels.dtype == np.int32
    assert sorted(pairs_of(data.test, data.label_names)) == sorted(test)
    rest = pairs_of(data.train, "abc") + pairs_of(data.validation, "abc")
    assert sorted(rest) == sorted(train)
    assert data.test.source == paths["test"]


def test_spaces_around_column_names_do_not_matter(tmp_path):
    content = " text,label \n" + "\n".join(",".join(pair) for pair in MANY)
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    config = Config(train=str(tmp_path / "a.csv"), text_column=" text")
    assert load_data(config).label_names == ("a", "b", "c")


def test_folder_with_train_and_test_folders(tmp_path):
    for split, pairs in (("train", MANY[:48]), ("test", MANY[48:])):
        for number, (text, label) in enumerate(pairs):
            folder = tmp_path / split / label
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{number}.txt.gz"
            file.write_bytes(gzip.compress(text.encode()))
    data = load_data(Config(train=str(tmp_path)))
    assert sorted(pairs_of(data.test, data.label_names)) == sorted(MANY[48:])
    assert len(data.train.inputs) + len(data.validation.inputs) == 48


def test_a_class_may_be_called_train(tmp_path):
    for number in range(20):
        folder = tmp_path / ("train" if number % 2 else "bus")
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(f"text {number}", encoding="utf-8")
    assert load_data(Config(train=str(tmp_path))).label_names == ("bus", "train")


def test_folder_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "bad.txt").write_bytes(b"fine\ncaf\xe9")
    with pytest.raises(PolyheadError, match=r"a.bad\.txt: row 2: byte 0xe9.*iconv"):
        load_data(Config(train=str(tmp_path)))


def test_folder_without_texts(tmp_path):
    with pytest.raises(PolyheadError, match="no texts; a folder needs"):
        load_data(Config(train=str(tmp_path)))


@pytest.fixture
def tfds_dir(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    # Else TFDS asks a bucket on the network about every name.
    from tensorflow_datasets.core.utils import gcs_utils

    was_disabled = gcs_utils._is_gcs_disabled
    gcs_utils._is_gcs_disabled = True

    class TinyReviews(tfds.core.GeneratorBasedBuilder):
        """Made for this test."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            label = tfds.features.ClassLabel(names=["neg", "pos"])
            tags = tfds.features.Sequence(tfds.features.ClassLabel(names=["u", "v"]))
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(
                    {
                        "sentence": tfds.features.Text(),
                        "label": label,
                        "hidden": label,
                        "tags": tags,
                    }
                ),
            )

        def _split_generators(self, dl_manager):
            return {"train": self._examples("train"), "test": self._examples("test")}

        def _generate_examples(self):
            raise NotImplementedError

        def _examples(self, split):
            for n in range(30):
                yield (
                    n,
                    {
                        "sentence": f"Grüße {split} {n}",
                        "label": n % 2,
                        "hidden": -1 if split == "test" else n % 2,
                        "tags": [[], ["u"], ["u", "v"]][n % 3],
                    },
                )

    TinyReviews(data_dir=str(tmp_path)).download_and_prepare()
    yield str(tmp_path)
    gcs_utils._is_gcs_disabled = was_disabled


@pytest.mark.tensorflow
def test_tfds(tfds_dir):
    config = Config(tfds="tiny_reviews", tfds_dir=tfds_dir, text_column="sentence")
    data = load_data(config)
    assert data.label_names == ("neg", "pos")
    assert len(data.train.inputs) + len(data.validation.inputs) == 30
    expected = {(f"Grüße test {n}", ["neg", "pos"][n % 2]) for n in range(30)}
    assert set(pairs_of(data.test, data.label_names)) == expected

    hidden = Config(**{**vars(config), "label_column": "hidden"})
    assert load_data(hidden).test is None

    tags = Config(**{**vars(config), "label_column": "tags", "multi_label": True})
    data = load_data(tags)
    assert data.label_names == ("u", "v")
    assert data.test.labels.sum(axis=0).tolist() == [20, 10]

    missing = Config(**{**vars(config), "text_column": "text"})
    with pytest.raises(PolyheadError, match="no column 'text'; it has: .*sentence"):
        load_data(missing)
    unknown = Config(**{**vars(config), "tfds": "tiny_nothing"})
    with pytest.raises(PolyheadError, match="tiny_nothing: .*check the name"):
        load_data(unknown)


def test_embedded_languages():
    pytest.importorskip("wordfreq")
    data = load_data(Config(dataset="languages"))
    assert len(data.label_names) > 40
    assert data.report["duplicates_removed"] == 0
    assert data.report["rows"]["validation"] > 90 * len(data.label_names)
    assert data.descriptions["de"] == "German"


def test_labels_of_any_type(tmp_path):
    pairs = [(f"t{n}", [2, 10, 2.0, 10.0, True, " x  y\n"][n % 6]) for n in range(60)]
    data = load_data(Config(train=write_jsonl(tmp_path / "a.jsonl", pairs)))
    assert data.label_names == ("2", "10", "True", "x y")


def test_multi_label(tmp_path):
    cells = ["a, b", "b", "", "c ,a,a", "c"]
    pairs = [(f"text {n}", cells[n % 5]) for n in range(50)]
    path = write_csv(tmp_path / "a.csv", pairs)
    data = load_data(Config(train=path, multi_label=True))
    assert data.label_names == ("a", "b", "c")
    assert data.multi_label and data.train.labels.dtype == bool
    for part in (data.train, data.validation):
        for text, row in zip(part.inputs, part.labels, strict=True):
            cell = cells[int(text.split()[1]) % 5]
            assert {n for n, on in zip("abc", row, strict=True) if on} == {
                label.strip() for label in cell.split(",") if label
            }


def test_label_separator(tmp_path):
    pairs = [("x", "a, b;c"), ("y", "c ; ")] * 9
    config = Config(
        train=write_csv(tmp_path / "a.csv", pairs),
        validation=write_csv(tmp_path / "v.csv", [("z", "c")]),
        multi_label=True,
        label_separator=";",
    )
    assert load_data(config).label_names == ("a, b", "c")


def test_lists_are_labels_as_they_are(tmp_path):
    pairs = [(f"t{n}", [["a, b", "c"], [], ["c"], None][n % 4]) for n in range(40)]
    path = write_jsonl(tmp_path / "a.jsonl", pairs)
    assert load_data(Config(train=path, multi_label=True)).label_names == ("a, b", "c")
    with pytest.raises(PolyheadError, match="rows 1, 5, 9, .*add --multi-label"):
        load_data(Config(train=path))


def test_text_is_clean_and_else_untouched(tmp_path):
    texts = ["a\0b", "x\ud800y", " Two  Spaces ", "ＦＵＬＬ e\u0301", "🎉"]
    pairs = [(text, "ab"[n % 2]) for n, text in enumerate(texts)]
    train = write_jsonl(tmp_path / "a.jsonl", pairs)
    test = write_jsonl(tmp_path / "b.jsonl", [("other", "a")])
    data = load_data(Config(train=train, validation=test))
    assert data.train.inputs == ["ab", "xy", " Two  Spaces ", "ＦＵＬＬ e\u0301", "🎉"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"train": "a.csv", "dataset": "languages"},
        {"dataset": "flowers"},
    ],
)
def test_wrong_use(fields):
    with pytest.raises(UsageError) as caught:
        load_data(Config(**fields))
    assert caught.value.exit_status == 2

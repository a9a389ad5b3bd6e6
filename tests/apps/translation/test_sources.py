"""Every source of sentence pairs, and what each says when it cannot be read."""

import gzip
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polyhead.apps.common.data.text_files import read_lines
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import load_data, load_pairs

MANY = [(f"sentence number {n}", f"Satz Nummer {n}") for n in range(40)]


def write_lines(path, lines):
    data = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return str(path)


def write_sides(folder, name, pairs, suffix=""):
    sources, targets = zip(*pairs, strict=True)
    return {
        f"{name}_source": write_lines(folder / f"{name}.en{suffix}", sources),
        f"{name}_target": write_lines(folder / f"{name}.de{suffix}", targets),
    }


def write_table(path, pairs, header=True):
    """A table of the kind that its name says; with a column that nobody wants."""
    name = path.name.removesuffix(".gz")
    rows = [(source, "other", target) for source, target in pairs]
    names = ("source", "note", "target")
    if name.endswith(".parquet"):
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), path)
        if path.name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
        return str(path)
    if name.endswith(".jsonl"):
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    else:
        mark = "," if name.endswith(".csv") else "\t"
        lines = [mark.join(row) for row in ([names] if header else []) + rows]
    return write_lines(path, lines)


def pairs_of(part):
    return list(zip(part.sources, part.targets, strict=True))


def trained_on(data):
    return sorted(pairs_of(data.train) + pairs_of(data.validation))


# Two files.


@pytest.mark.parametrize("suffix", ["", ".gz", ".txt", ".txt.gz"])
def test_two_files(tmp_path, suffix):
    files = {
        **write_sides(tmp_path, "train", MANY[:30], suffix),
        **write_sides(tmp_path, "validation", MANY[30:34], suffix),
        **write_sides(tmp_path, "test", MANY[34:], suffix),
    }
    data = load_data(Config(**files))
    assert pairs_of(data.train) == MANY[:30]
    assert pairs_of(data.validation) == MANY[30:34]
    assert pairs_of(data.test) == MANY[34:]
    assert data.test.rows.tolist() == [1, 2, 3, 4, 5, 6]
    assert data.test.source == f"{files['test_source']} + {files['test_target']}"


def test_only_a_newline_ends_a_line(tmp_path):
    odd = ["a\u2028b", "a\x85b", "a\x0bb", "a\x0cb", "a\x1cb", "a\rb", "a\u2029b"]
    path = write_lines(tmp_path / "odd.txt", odd)
    assert read_lines(path) == odd
    pairs = [(f"{text} {n}", f"{n} {text}") for n, text in enumerate(odd * 3)]
    files = write_sides(tmp_path, "test", pairs)
    assert pairs_of(load_pairs(Config(), **files)) == pairs


def test_empty_lines_are_sides_of_pairs(tmp_path):
    pairs = [("a", "b"), ("", "c"), ("d", ""), ("", ""), ("e", "f"), ("", "")]
    read = load_pairs(Config(), **write_sides(tmp_path, "test", pairs))
    assert pairs_of(read) == pairs
    assert read.rows.tolist() == [1, 2, 3, 4, 5, 6]


def test_byte_order_mark_crlf_and_no_last_newline(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes("\ufeffone\r\ntwo\r\n".encode())
    target.write_bytes("eins\n\ufeffzwei".encode())
    read = load_pairs(Config(), test_source=str(source), test_target=str(target))
    # Inside a file U+FEFF is a character like any other.
    assert pairs_of(read) == [("one", "eins"), ("two", "\ufeffzwei")]


def test_text_is_clean_and_else_untouched(tmp_path):
    texts = [
        "bell \x07 and escape \x1b[31m",
        " Two  Spaces\t",
        "ＦＵＬＬ e\u0301",
        "שלום \u202eעולם\u202c",
        "👩\u200d👩\u200d👧 🇩🇪",
        "word " * 5000,
    ]
    files = write_sides(tmp_path, "test", [(text, text[::-1]) for text in texts])
    read = load_pairs(Config(), **files)
    assert read.sources == texts
    assert read.targets == [text[::-1] for text in texts]
    path = write_table(tmp_path / "t.jsonl", [("a\0b", "x\ud800y"), ("\0", "")])
    assert pairs_of(load_pairs(Config(), test=path)) == [("ab", "xy"), ("", "")]


@pytest.mark.parametrize("longer", ["source", "target"])
def test_files_of_different_length(tmp_path, longer):
    files = write_sides(tmp_path, "train", MANY)
    path = files[f"train_{longer}"]
    with open(path, "a", encoding="utf-8") as file:
        file.write("one\nmore\n")
    with pytest.raises(PolyheadError) as caught:
        load_data(Config(**files))
    counts = (42, 40) if longer == "source" else (40, 42)
    assert str(caught.value) == (
        f"{files['train_source']} has {counts[0]} lines and {files['train_target']} "
        f"{counts[1]}: row 41 of {path} has no partner; line n of one file must "
        "translate line n of the other"
    )
    assert caught.value.exit_status == 1


@pytest.mark.parametrize("longer", ["source", "target"])
def test_empty_lines_at_the_end_of_one_file(tmp_path, longer):
    files = write_sides(tmp_path, "train", MANY)
    with open(files[f"train_{longer}"], "a", encoding="utf-8") as file:
        file.write("\n \r\n\n")
    data = load_data(Config(**files))
    assert len(data.train.sources) + len(data.validation.sources) == len(MANY)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_file_that_is_not_utf8_is_named(tmp_path, suffix):
    files = write_sides(tmp_path, "train", [*MANY[:2], ("caf\udce9", "x")], suffix)
    with pytest.raises(PolyheadError) as caught:
        load_data(Config(**files))
    assert str(caught.value).startswith(
        f"{files['train_source']}: row 3: byte 0xe9 at offset 39 is not UTF-8; "
    )
    assert "iconv -f cp1252" in str(caught.value)


def test_utf16_is_read(tmp_path):
    files = write_sides(tmp_path, "train", MANY)
    with open(files["train_target"], "wb") as file:
        file.write("".join(f"{x}\r\n" for _, x in MANY).encode("utf-16"))
    data = load_data(Config(**files))
    assert {*data.train.targets, *data.validation.targets} == {x for _, x in MANY}


def test_files_that_cannot_be_read(tmp_path):
    files = write_sides(tmp_path, "train", MANY, ".gz")
    cut = tmp_path / "cut.gz"
    with open(files["train_source"], "rb") as file:
        cut.write_bytes(file.read()[:-20])
    for path, message in (
        (tmp_path / "absent", "no such file; check the path"),
        (tmp_path, "Is a directory"),
        (cut, "damaged gzip file"),
    ):
        with pytest.raises(PolyheadError, match=message) as caught:
            load_data(Config(**{**files, "train_source": str(path)}))
        assert str(caught.value).startswith(f"{path}: ")
    empty = write_lines(tmp_path / "empty", [])
    with pytest.raises(PolyheadError, match="empty: empty file; it needs at least"):
        load_data(Config(train_source=empty, train_target=empty))


# Tables.


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "txt", "jsonl", "parquet"])
def test_tables(tmp_path, kind, packed):
    paths = {
        split: write_table(tmp_path / f"{split}.{kind}{packed}", pairs)
        for split, pairs in (("train", MANY[:33]), ("test", MANY[33:]))
    }
    data = load_data(Config(**paths))
    assert trained_on(data) == sorted(MANY[:33])
    assert pairs_of(data.test) == MANY[33:]
    assert data.test.source == paths["test"]
    first = 1 if kind in ("jsonl", "parquet") else 2
    assert data.test.rows.tolist() == list(range(first, first + 7))


def test_table_without_header_takes_column_numbers(tmp_path):
    path = write_table(tmp_path / "a.tsv", MANY, header=False)
    data = load_data(Config(train=path, source_column="2", target_column="0"))
    assert trained_on(data) == sorted((target, source) for source, target in MANY)


def test_values_of_any_type(tmp_path):
    records = [{"source": 5, "target": None}, {"source": True, "target": 1.5}]
    path = write_lines(tmp_path / "a.jsonl", map(json.dumps, records))
    assert pairs_of(load_pairs(Config(), test=path)) == [("5", ""), ("True", "1.5")]


def test_nested_values_are_refused(tmp_path):
    records = [{"source": "a", "target": value} for value in ("b", {"en": "c"}, ["d"])]
    path = write_lines(tmp_path / "a.jsonl", map(json.dumps, records))
    message = "rows 2, 3: column 'target' holds lists or objects"
    with pytest.raises(PolyheadError, match=message):
        load_pairs(Config(), test=path)


@pytest.mark.parametrize(
    "fields, error, message",
    [
        ({"source_column": "English"}, PolyheadError, "no column 'English'; it has: s"),
        ({"target_column": " source"}, UsageError, "are both 'source'; name two"),
    ],
)
def test_wrong_columns(tmp_path, fields, error, message):
    path = write_table(tmp_path / "a.csv", MANY)
    with pytest.raises(error, match=message):
        load_data(Config(train=path, **fields))


# TFDS.


@pytest.fixture
def no_network():
    # Else TFDS asks a bucket on the network about every name.
    pytest.importorskip("tensorflow_datasets")
    from tensorflow_datasets.core.utils import gcs_utils

    was_disabled = gcs_utils._is_gcs_disabled
    gcs_utils._is_gcs_disabled = True
    yield
    gcs_utils._is_gcs_disabled = was_disabled


def make_builder(features, parts):
    """A TFDS builder of these features; each part is a list of examples."""
    import tensorflow_datasets as tfds

    class TinyTranslations(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        """Made for this test."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager):
            return {name: enumerate(examples) for name, examples in parts.items()}

        def _generate_examples(self):
            raise NotImplementedError

    return TinyTranslations


@pytest.mark.tensorflow
@pytest.mark.parametrize("nested", [False, True])
def test_tfds(tmp_path, no_network, nested):
    import tensorflow_datasets as tfds

    def example(source, target):
        pair = {"en": source, "de": target}
        return {"id": 7, "translation": pair} if nested else pair

    features = tfds.features.Translation(languages=["en", "de"])
    if nested:
        features = tfds.features.FeaturesDict(
            {"id": tfds.features.Scalar(np.int32), "translation": features}
        )
    rows = [(source, f"Grüße: {target}") for source, target in MANY]
    parts = {
        "train": [example(*pair) for pair in rows[:30]],
        "dev": [example(*pair) for pair in rows[30:34]],
        "test": [example(*pair) for pair in rows[34:]],
    }
    make_builder(features, parts)(data_dir=str(tmp_path)).download_and_prepare()

    def config(**fields):
        fields = {"source_language": "en", "target_language": "de", **fields}
        return Config(**{"tfds": "tiny_translations", **fields})

    data = load_data(config(tfds_dir=str(tmp_path)))
    assert sorted(pairs_of(data.train)) == sorted(rows[:30])
    assert sorted(pairs_of(data.validation)) == sorted(rows[30:34])
    assert sorted(pairs_of(data.test)) == sorted(rows[34:])
    assert data.test.source == "tiny_translations/test"

    # TFDS orders languages by name; the direction is the user's all the same.
    turned = config(tfds_dir=str(tmp_path), source_language="de", target_language="en")
    assert sorted(load_data(turned).test.sources) == sorted(t for _, t in rows[34:])

    # A folder prepared on disk needs no name that TFDS knows.
    folder = tmp_path / "tiny_translations"
    for path in (folder, folder / "1.0.0"):
        assert len(load_data(config(tfds=str(path))).train.sources) == 30

    for fields, error, message in (
        ({"source_language": "fr"}, PolyheadError, "no language 'fr'; it has: de, en"),
        ({"source_language": "de"}, UsageError, "are both 'de'.* has: de, en"),
        ({"tfds": "tiny_nothing"}, PolyheadError, "tiny_nothing: .*check the name"),
    ):
        with pytest.raises(error, match=message):
            load_data(config(tfds_dir=str(tmp_path), **fields))


@pytest.mark.tensorflow
def test_tfds_with_other_languages_in_every_example(tmp_path, no_network):
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict(
        {"translations": tfds.features.TranslationVariableLanguages()}
    )
    said = [
        {"en": "yes", "de": ["ja", "doch"]},
        {"en": "no", "fr": "non"},
        {"en": "good", "de": "gut", "fr": "bon"},
        {"en": "bad", "de": "schlecht"},
    ]
    parts = {"train": [{"translations": example} for example in said]}
    make_builder(features, parts)(data_dir=str(tmp_path)).download_and_prepare()
    config = Config(
        tfds=str(tmp_path / "tiny_translations"),
        source_language="en",
        target_language="de",
        validation_fraction=0.3,
    )
    data = load_data(config)
    assert trained_on(data) == [
        ("bad", "schlecht"),
        ("good", "gut"),
        ("yes", "doch"),
        ("yes", "ja"),
    ]
    spanish = Config(**{**vars(config), "target_language": "es"})
    with pytest.raises(PolyheadError, match="no pair of en and es in 'train'"):
        load_data(spanish)


def write_folder(folder, suffix=".txt"):
    folder.mkdir()
    for split, pairs in (("train", MANY[:33]), ("test", MANY[33:])):
        for language, texts in zip(("en", "de"), zip(*pairs, strict=True), strict=True):
            write_lines(folder / f"{language}.{split}{suffix}", texts)
    return folder


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz"])
def test_translate_folder(tmp_path, suffix):
    folder = write_folder(tmp_path / "mine", suffix)
    (folder / "README.md").write_text("not data", encoding="utf-8")
    (folder / "notes.txt").write_text("not data either", encoding="utf-8")
    for fields in ({"tfds": str(folder)}, {"tfds": "mine", "tfds_dir": str(tmp_path)}):
        data = load_data(Config(source_language="de", target_language="en", **fields))
        assert pairs_of(data.test) == [(target, source) for source, target in MANY[33:]]
        assert len(trained_on(data)) == 33


@pytest.mark.tensorflow
def test_translate_folder_as_tfds_reads_it(tmp_path, no_network):
    import tensorflow_datasets as tfds

    folder = write_folder(tmp_path / "mine")
    config = Config(tfds=str(folder), source_language="en", target_language="de")
    examples = tfds.as_numpy(tfds.TranslateFolder(str(folder)).as_dataset(split="test"))
    expected = [(one["en"].decode(), one["de"].decode()) for one in examples]
    assert pairs_of(load_data(config).test) == expected


def test_translate_folder_faults(tmp_path):
    folder = write_folder(tmp_path / "mine")
    config = Config(tfds=str(folder), source_language="en", target_language="de")

    def fails(message, **fields):
        with pytest.raises(PolyheadError, match=message):
            load_data(Config(**{**vars(config), **fields}))

    fails("mine: no language 'fr'; it has: de, en", target_language="fr")
    fails("are both 'en'", target_language="en")
    write_lines(folder / "en.valid.txt", ["a"])
    fails(r"de\.valid\.txt: no such file")
    write_lines(folder / "de.valid.txt", ["a", "b"])
    fails(r"en\.valid\.txt has 1 lines and .*de\.valid\.txt 2: row 2 of .*de\.valid")
    for file in folder.glob("*.train.txt"):
        file.unlink()
    write_lines(folder / "de.valid.txt", ["a"])
    fails("no training pairs; it needs en.train.txt and de.train.txt")


@pytest.mark.parametrize("given", ["source_language", "target_language", None])
def test_tfds_needs_the_direction(given):
    fields = {given: "en"} if given else {}
    with pytest.raises(UsageError, match="give --source-language and --target-lang"):
        load_data(Config(tfds="wmt14_translate/de-en", **fields))


# Which of them.


@pytest.mark.parametrize(
    "fields, message",
    [
        ({}, "give one of --train, --train-source with --train-target, --tfds and"),
        ({"train": "a", "tfds": "b"}, "--dataset, not --train and --tfds$"),
        (
            {"train": "a", "train_source": "b", "train_target": "c"},
            "not --train and --train-source with --train-target$",
        ),
        ({"dataset": "dates", "train_target": "c"}, "not --train-source with .* and "),
        ({"train_source": "a"}, "--train-source without --train-target: give both"),
        ({"train_target": "a"}, "--train-target without --train-source: give both"),
        ({"dataset": "dates", "test_source": "a"}, "--test-source without --test-tar"),
        (
            {
                "dataset": "dates",
                "validation": "a",
                "validation_source": "b",
                "validation_target": "c",
            },
            "give --validation, or --validation-source with --validation-target, not",
        ),
        ({"dataset": "flowers"}, "not an embedded data set; there is: dates"),
        ({"train": "a.doc"}, "unknown kind of file"),
    ],
)
def test_wrong_use(fields, message):
    if fields.get("dataset") == "dates":
        pytest.importorskip("babel")
    with pytest.raises(UsageError, match=message) as caught:
        load_data(Config(**fields))
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)


def test_other_pairs_for_a_model(tmp_path):
    config = Config(
        train="a.csv", test="gone.csv", source_column="0", target_column="2"
    )
    path = write_table(tmp_path / "b.tsv", MANY, header=False)
    assert pairs_of(load_pairs(config, test=path)) == MANY
    files = write_sides(tmp_path, "test", MANY[:3])
    assert pairs_of(load_pairs(config, **files)) == MANY[:3]
    with pytest.raises(UsageError, match="give --test, or --test-source with"):
        load_pairs(config)
    with pytest.raises(UsageError, match="not both"):
        load_pairs(config, test=path, **files)
    with pytest.raises(UsageError, match="--test-source without --test-target"):
        load_pairs(config, test_source=path)


def test_files_are_read_without_tensorflow(tmp_path):
    files = write_sides(tmp_path, "train", MANY)
    code = (
        "import sys\n"
        "from polyhead.apps.translation.config import Config\n"
        "from polyhead.apps.translation.data import load_data\n"
        f"load_data(Config(**{files!r}))\n"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'babel'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"

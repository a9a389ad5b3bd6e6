"""Pairs of TensorFlow Datasets, and of a folder in its TranslateFolder form."""

import gzip

import numpy as np
import pytest

from polyhead.apps.common.data.tfds_pairs import read_tfds
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import load_data

MANY = [(f"sentence number {n}", f"Satz Nummer {n}") for n in range(40)]


def write_lines(path, lines):
    data = "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)


def pairs_of(part):
    return list(zip(part.sources, part.targets, strict=True))


def trained_on(data):
    return sorted(pairs_of(data.train) + pairs_of(data.validation))


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
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
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
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
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


def test_only_the_splits_that_there_are_are_read(tmp_path):
    folder = write_folder(tmp_path / "mine")
    config = Config(tfds=str(folder), source_language="en", target_language="de")
    parts = read_tfds(config)
    assert set(parts) == {"train", "test"}
    assert pairs_of(parts["train"]) == MANY[:33]
    for name in ("en", "de"):
        write_lines(folder / f"{name}.dev.txt", ["x"])
        write_lines(folder / f"{name}.val.txt", ["y"])  # comes before "dev"
    assert pairs_of(read_tfds(config)["validation"]) == [("y", "y")]

"""English messages and their translations, to train a translator."""

import csv

import pytest

pytest.importorskip("wagtail", reason="the extra languages is not installed")

from polyhead.apps import translation
from polyhead.apps.common.errors import UsageError
from polyhead.apps.datasets.catalogues import is_plain, key_of
from polyhead.apps.datasets.interface import read_interface
from polyhead.apps.translation.data import load_data


@pytest.mark.parametrize("language", ["sv", "de_DE", "pt-BR", "ja", "zh_Hant", "ar"])
def test_pairs_of_a_language(language):
    data = read_interface("en", language)
    counts = {split: len(sources) for split, (sources, _) in data.items()}
    assert 500 <= sum(counts.values()) <= 3500
    assert counts["train"] > 5 * counts["validation"] > 100
    assert counts["test"] > 50
    for sources, targets in data.values():
        assert len(sources) == len(targets)
        assert all(map(is_plain, sources + targets))
        assert all(text == " ".join(text.split()) for text in sources + targets)


def test_a_message_is_in_one_split_in_all_languages():
    places = {}
    for language in ("sv", "ja", "ru", "ar"):
        for split, (sources, _) in read_interface(None, language).items():
            for message in sources:
                assert places.setdefault(key_of(message), split) == split
    assert len(places) > 2000


@pytest.mark.parametrize("language", [None, "xx", "en_GB-oed", "Swedish", "../sv"])
def test_the_languages_that_there_are_are_named(language):
    with pytest.raises(UsageError, match=r"it has: .*\bsv\b.*\bzh_Hant\b"):
        read_interface("en", language)


def test_other_sources_than_english_are_refused():
    with pytest.raises(UsageError, match="--source-language de: .* from English"):
        read_interface("de", "sv")


def test_the_source_is_english_for_the_card_and_the_page():
    config = translation.Config(dataset="interface", target_language="sv")
    data = load_data(config)
    assert len(data.train.sources) > 1500
    assert data.test is not None
    assert data.report["sources"]["test"] == "interface/test"


@pytest.mark.tensorflow
def test_a_translator_learns_some_of_the_pairs(tmp_path):
    sources, targets = read_interface("en", "sv")["train"]
    short = [x for x in zip(sources, targets, strict=True) if len(x[0]) < 16][:24]
    rows = [{"source": source, "target": target} for source, target in short]
    config = translation.Config(
        run=str(tmp_path / "run"),
        epochs=40,
        patience=40,
        encoder_layers=1,
        decoder_layers=1,
        hidden_dim=32,
        feedforward_dim=64,
        num_heads=2,
        dropout=0.0,
        learning_rate=1e-2,
        warmup_steps=10,
        label_smoothing=0.0,
        tokenizer="characters",
    )
    run = translation.train(config, data=rows)
    with open(run.path / "history.csv", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0] / 4
    assert len(run.predict(["Swedish"])[0][0][0]) > 0

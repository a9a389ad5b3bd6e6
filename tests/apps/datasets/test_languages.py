"""The embedded data set of texts in many languages."""

import random
from collections import Counter

import pytest

pytest.importorskip("wordfreq", reason="the extra languages is not installed")

from polyhead.apps.datasets import augmentation, languages
from polyhead.apps.datasets.catalogues import key_of
from polyhead.apps.datasets.names import LANGUAGES, read_names
from polyhead.apps.datasets.nonsense import UNDETERMINED, draw_nonsense


@pytest.fixture(scope="module")
def data():
    return languages.read_languages()


def test_every_language_has_enough_of_each_split(data):
    for split, least in (("train", 2000), ("validation", 100), ("test", 90)):
        counts = Counter(data[split][1])
        assert set(counts) == {*LANGUAGES, UNDETERMINED}
        counts.pop(UNDETERMINED)
        assert min(counts.values()) >= least
        assert max(counts.values()) < 2 * min(counts.values())


def test_the_names_are_part_of_the_test_split(data):
    names = read_names()["test"]
    assert len(names[0]) == 3240
    assert set(zip(*names, strict=True)) <= set(zip(*data["test"], strict=True))


def test_no_text_of_training_is_held_out(data):
    keys = {split: set(map(key_of, texts)) - {""} for split, (texts, _) in data.items()}
    assert not keys["train"] & (keys["validation"] | keys["test"])
    assert not keys["validation"] & keys["test"]


def test_a_message_is_in_one_split_in_all_languages():
    # The translations of a message, as the catalogues have them.
    from polyhead.apps.datasets.catalogues import read_catalogues, take_out_markup

    messages, places = languages.messages_by_split(), {}
    for code in ("fi", "ja", "ar", "cs"):
        split_of = {
            text: split for split, texts in messages[code].items() for text in texts
        }
        for message, (text, *_) in read_catalogues(code, "languages").items():
            split = split_of.get(take_out_markup(text))
            if split:
                places.setdefault(key_of(take_out_markup(message)), set()).add(split)
    several = [key for key, splits in places.items() if len(splits) > 1]
    assert len(places) > 2000
    assert not several


def test_no_message_belongs_to_two_languages():
    owners = {}
    for code, splits in languages.messages_by_split().items():
        for text in sum(splits.values(), []):
            assert owners.setdefault(key_of(text), code) == code


def test_chinese_portuguese_and_serbian_have_both_their_forms(data):
    texts, labels = data["train"]
    of = {
        code: " ".join(x for x, y in zip(texts, labels, strict=True) if y == code)
        for code in ("zh", "sr", "pt", "nb")
    }
    assert "请" in of["zh"] and "請" in of["zh"]
    assert "није" in of["sr"] and "nije" in of["sr"]
    assert "usuário" in of["pt"] and "utilizador" in of["pt"]
    assert "ikke" in of["nb"]


def test_drawn_lines_have_one_to_eight_words():
    lines = languages.draw_lines("de", [], 300, random.Random(0))
    sizes = Counter(len(line.split()) for line in lines)
    assert set(sizes) == set(range(1, 9))
    words = Counter(" ".join(lines).split())
    assert {"die", "der", "und"} & {word for word, _ in words.most_common(5)}
    assert not any(letter.isdigit() for line in lines for letter in line)


@pytest.mark.parametrize("code", ["ja", "zh"])
def test_scripts_without_spaces_are_drawn_without(code):
    lines = languages.draw_lines(code, [], 50, random.Random(0))
    assert not any(" " in line for line in lines)


def test_languages_that_wordfreq_lacks_draw_from_messages():
    lines = languages.draw_lines("ka", ["ერთი ორი", "ორი"], 20, random.Random(0))
    assert set(" ".join(lines).replace(".", "").strip("!?").split()) <= {
        word + mark for word in ("ერთი", "ორი") for mark in ("", "!", "?")
    }


def test_latin_words_are_left_out_of_other_scripts():
    for code in ("ru", "hi", "ko"):
        lines = languages.draw_lines(code, [], 200, random.Random(0))
        assert not any("a" <= letter <= "z" for line in lines for letter in line)


def test_cuts_are_whole_words_of_20_to_80_characters():
    text, chance = "the quick brown fox jumps over the lazy dog " * 10, random.Random(0)
    cuts = [augmentation.cut(text.strip(), chance) for _ in range(200)]
    assert max(map(len, cuts)) <= 80
    assert min(map(len, cuts)) >= 8
    assert all(set(part.split()) <= set(text.split()) for part in cuts)


def test_accents_go_where_a_script_can_do_without():
    assert augmentation.remove_accents("Příliš Ελλάδα ñ") == "Prilis Ελλαδα n"
    for text in ("हिन्दी", "йод", "が", "ไทยนี้", "한국어"):
        assert augmentation.remove_accents(text) == text


def test_nonsense_has_numbers_emoji_signs_and_keys():
    texts = draw_nonsense(600, random.Random(0))
    assert len(texts) == 600
    assert sum(any(x.isdigit() for x in text) for text in texts) > 150
    assert sum(any(ord(x) > 0x1F000 for x in text) for text in texts) > 60
    assert sum(text.replace(" ", "").isalpha() for text in texts) > 150
    assert draw_nonsense(600, random.Random(0)) == texts


def test_every_label_has_a_name_that_people_know(data):
    names = languages.describe_languages()
    assert set(names) == set(data["train"][1])
    assert names["de"] == "German" and names["und"] == "Unknown language"


def test_the_same_at_each_reading(data):
    assert languages.read_languages() == data

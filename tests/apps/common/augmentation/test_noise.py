"""Noise on training pairs: what is typed otherwise, and what must not be touched."""

import doctest
import re
import unicodedata

import numpy as np
import pytest

from polyhead.apps.common.augmentation import noise
from polyhead.apps.common.augmentation.noise import (
    add_emoji,
    drop_mark,
    make_noise,
    mistype,
)
from polyhead.apps.common.data.pairs import make_pairs

ENGLISH = ["The dog is not here.", "Who has never seen it?", "I can't sleep, you know!"]
GERMAN = ["Der Hund ist nicht hier.", "Wer hat es nie gesehen?", "Ich schlafe nicht!"]


def rng(seed=0):
    return np.random.default_rng(seed)


def many(sources, targets, count=3000):
    times = count // len(sources)
    return make_pairs("many", list(sources) * times, list(targets) * times)


def noised(sources, targets, amount=1.0, seed=0):
    """Each pair that is changed: its texts before, and after."""
    pairs = many(sources, targets)
    changes = make_noise(pairs, amount)(rng(seed), {})
    return [(pairs.sources[k], pairs.targets[k], *new) for k, new in changes.items()]


def test_examples():
    assert doctest.testmod(noise).failed == 0


def test_shares_of_the_kinds():
    pairs = many(ENGLISH, GERMAN)
    found = noised(ENGLISH, GERMAN)
    count = len(pairs.sources)
    upper = sum(source.isupper() for _, _, source, _ in found) / count
    lower = sum(source.islower() for _, _, source, _ in found) / count
    marks = sum(not re.search("[.?!]", source) for _, _, source, _ in found) / count
    assert upper == pytest.approx(0.07, abs=0.015)
    assert lower == pytest.approx(0.05, abs=0.015)
    assert marks == pytest.approx(0.2, abs=0.03)
    assert 0.37 < len(found) / count < 0.51
    assert len(noised(ENGLISH, GERMAN, amount=0.5)) < 0.65 * len(found)


def test_a_target_changes_its_case_alone():
    for _, target, source, new in noised(ENGLISH, GERMAN, amount=3.0):
        assert new.lower() == target.lower()
        if source.isupper() and len(source) > 9:
            assert new == target.upper()
        if source.islower():
            assert new == target


def test_it_is_a_function_of_the_numbers_drawn():
    assert noised(ENGLISH, GERMAN, seed=4) == noised(ENGLISH, GERMAN, seed=4)
    assert noised(ENGLISH, GERMAN, seed=4) != noised(ENGLISH, GERMAN, seed=5)


def test_changes_that_are_there_already_get_noise_too():
    pairs = many(ENGLISH, GERMAN)
    given = {k: ("Yes. No.", "Ja. Nein.") for k in range(len(pairs.sources))}
    changes = make_noise(pairs, 1.0)(rng(), given)
    assert set(changes) == set(given)
    assert {"YES. NO.", "Yes. No", "yes. no."} < {
        source for source, _ in changes.values()
    }


def test_scripts_without_case_have_none():
    chinese = ["你今天好吗？", "我不知道他是谁。", "iPhone很贵！"]
    for source, target, new, answer in noised(chinese, ENGLISH):
        assert answer == target
        assert drop_mark(source) in new
    # Nor has an answer in such a script.
    for _, target, _, answer in noised(ENGLISH, chinese):
        assert answer == target


def test_data_in_lower_case_are_answered_so():
    lower = [text.lower() for text in GERMAN]
    found = noised(ENGLISH, lower)
    assert any(source.isupper() for _, _, source, _ in found)
    assert all(answer == target for _, target, _, answer in found)


def test_where_many_texts_have_no_mark_it_is_part_of_what_is_said():
    sources = [*ENGLISH, "A sign without one"]
    targets = [*GERMAN, "Ein Schild ohne eines"]
    found = noised(sources, targets, amount=3.0)
    bare = [
        answer
        for source, _, new, answer in found
        if new.isascii() and drop_mark(new) == new and drop_mark(source) != source
    ]
    assert bare and all(drop_mark(answer) == answer for answer in bare)


def test_what_is_in_capitals_already_is_no_question_of_case():
    for source, target, new, answer in noised(["OK.", "A dog."] * 3, ["Gut so."] * 6):
        if source == "OK." and new in ("OK.", "OK"):
            assert answer == target


@pytest.mark.parametrize(
    ("upper", "text"),
    [("İYİ IŞIK", "iyi ışık"), ("NASILSIN ARKADAŞIM", "Nasılsın arkadaşım")],
)
def test_turkish_has_two_letters_i(upper, text):
    found = noised([text, "Bugün ışıklar çok iyi."], ["A dog.", "A cat."])
    assert upper in {source for _, _, source, _ in found}
    assert "bugün ışıklar çok iyi." in {source for _, _, source, _ in found}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Good morning!", "Good morning"),
        ("¿Dónde estás?", "Dónde estás"),
        ("Ven, ¿vale?", "Ven, ¿vale"),
        ("你好。", "你好"),
        ("मैं ठीक हूँ।", "मैं ठीक हूँ"),
        ("هل أنت هنا؟", "هل أنت هنا"),
        ("Oh ... ", "Oh"),
        ("What?!", "What"),
        ("a hat .", "a hat"),
        ("...", "..."),
        ("¿?", "¿?"),
        ("no mark", "no mark"),
        ("It is 3.5", "It is 3.5"),
    ],
)
def test_marks_at_the_end(text, rest):
    assert drop_mark(text) == rest


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("don't ask (me)", "Don't Ask (Me)"),
        ("¿qué es esto?", "¿Qué Es Esto?"),
        ("он не знает", "Он Не Знает"),
        ("o 3 of THEM", "O 3 Of THEM"),
    ],
)
def test_title_case(text, title):
    assert title in {source for _, _, source, _ in noised([text] * 3, GERMAN)}


def test_typos_do_not_turn_the_meaning():
    text = "No, I do not and cannot pay 4321 euros; I never won't."
    kept = re.compile(r"No, I do not and .* pay 4321 .*; I n.*, won't|won't")
    seen = {mistype(text, rng(seed)) for seed in range(300)}
    assert text not in seen or len(seen) > 50
    for typed in seen:
        assert typed.startswith("No, I do not and ")
        assert " pay 4321 " in typed and typed.endswith("won't.")
        assert " ever " not in typed and kept.search(typed)
    assert mistype("I am on it, OK?", rng()) == "I am on it, OK?"
    assert mistype("", rng()) == ""


@pytest.mark.parametrize("word", ["keyboard", "клавиатура", "πληκτρολόγιο", "مرحبابكم"])
def test_typos_are_small(word):
    from rapidfuzz.distance import Levenshtein

    typed = {mistype(word, rng(seed)) for seed in range(200)}
    assert len(typed) > 15
    assert all(Levenshtein.distance(word, other) <= 2 for other in typed)


def test_emoji_stand_between_words():
    texts = {add_emoji("one two three", rng(seed)) for seed in range(300)}
    for text in texts:
        kept = [x for x in text if x.isascii()]
        assert " ".join("".join(kept).split()) == "one two three"
        assert len(text.encode()) > len("one two three") + 2
    assert any(text.startswith("one two three") and text[13] != " " for text in texts)
    assert any(
        text.startswith("one ") and not text.startswith("one two") for text in texts
    )
    kinds = {unicodedata.category(x) for emoji in noise._EMOJI for x in emoji}
    assert kinds <= {"So", "Sk", "Mn", "Cf"}

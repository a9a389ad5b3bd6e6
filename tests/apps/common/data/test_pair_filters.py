"""Which training pairs are left out, and what each is counted as."""

import numpy as np
import pytest

from polyhead.apps.common.data.pair_filters import (
    count_bytes,
    sentence_key,
    sort_out,
)
from polyhead.apps.common.data.pairs import make_pairs

MANY = [(f"sentence number {n}", f"Satz Nummer {n}") for n in range(60)]


def chosen(pairs, held_out=(), max_tokens=128, max_length_ratio=4.0):
    """What of some pairs is trained on, and what the others are counted as."""
    sources, targets = zip(*pairs, strict=True)
    keep, removed = sort_out(
        make_pairs("test", sources, targets),
        {sentence_key(source) for source in held_out},
        max_tokens,
        max_length_ratio,
    )
    left = [pair for pair, stays in zip(pairs, keep, strict=True) if stays]
    return left, {reason: count for reason, count in removed.items() if count}


def test_pairs_with_an_empty_side():
    empty = [("", "x"), ("x", ""), ("", ""), (" \t\u3000", "x")]
    assert chosen(MANY + empty) == (MANY, {"empty": 4})


def test_repeated_pairs_stay_once():
    other = (MANY[3][0], "another translation")
    pairs = [*MANY, MANY[3], other, MANY[3], MANY[4]]
    assert chosen(pairs) == ([*MANY, other], {"repeated": 3})


def test_sources_of_other_parts():
    held_out = ["Sentence  NUMBER 7", "sentence number 9", "not there"]
    left, removed = chosen([*MANY, (MANY[7][0], "other")], held_out)
    assert left == [pair for n, pair in enumerate(MANY) if n not in (7, 9)]
    assert removed == {"held_out": 3}
    # The same target alone is no leak: many sentences have one translation.
    assert chosen(MANY, [MANY[7][1]]) == (MANY, {})


@pytest.mark.parametrize("letter", ["a", "é", "ß", "界"])
def test_pairs_too_long(letter):
    fits = letter * (8 * 20 // len(letter.encode()))
    pairs = [(fits, fits), (fits + letter, fits), (fits, fits + letter)]
    assert chosen(pairs, max_tokens=20) == (pairs[:1], {"too_long": 2})


def test_pairs_of_unlike_length():
    usual = [(source, source[::-1]) for source, _ in MANY]
    text = "a sentence of about forty bytes, I think."
    unlike = [(text, "@@"), ("@@", text), (text * 5, text)]
    alike = [("Hi", "a" * 40), (text * 3, text), (text, text * 3)]
    assert chosen(usual + unlike + alike) == (usual + alike, {"unlike": 3})
    left, removed = chosen(usual + unlike + alike, max_length_ratio=2.0)
    assert (left, removed) == ([*usual, alike[0]], {"unlike": 5})


@pytest.mark.parametrize("turned", [False, True])
def test_unlike_is_said_by_what_is_usual(turned):
    # A summary: a tenth of its text is right, and all of it is wrong.
    pairs = [(f"{n} " + "long text " * 40, f"{n} a summary it is") for n in range(9)]
    wrong = [("text " * 50, "text " * 50)]
    if turned:
        pairs, wrong = ([pair[::-1] for pair in part] for part in (pairs, wrong))
    assert chosen(pairs + wrong) == (pairs, {"unlike": 1})


def test_scripts_do_not_make_lengths_unlike():
    # Most in ASCII; three bytes a letter, and three letters a word, all are good.
    tamil = ("வியாழன், 5 மார்ச், ஆயிரத்து தொள்ளாயிரத்து தொண்ணூற்றெட்டு", "Thu, 5 Mar 1998")
    chinese = (
        "How do you do? We are pleased to make your acquaintance.",
        "幸会，幸会！您好！",
    )
    assert len(tamil[0].encode()) > 8 * len(tamil[1])
    assert len(chinese[0]) > 4 * len(chinese[1])
    left, _ = chosen([*MANY, tamil, chinese])
    assert left == [*MANY, tamil, chinese]


def test_every_pair_is_counted_once():
    generator = np.random.default_rng(0)
    texts = ["", "a", "b" * 50, "c" * 300, "d d", "D  d", "e" * 2000]
    for _ in range(20):
        rows = [tuple(generator.choice(texts, 2)) for _ in range(40)] + MANY
        keep, removed = sort_out(
            make_pairs("test", *zip(*rows, strict=True)), {"d d"}, 128, 4.0
        )
        assert sum(removed.values()) == len(rows) - keep.sum()


def test_a_key_ignores_case_and_spaces_alone():
    assert sentence_key(" Two  WORDS\t") == sentence_key("two words") == "two words"
    assert sentence_key("Straße") == sentence_key("STRASSE")
    assert sentence_key("two, words") != sentence_key("two words")


def test_bytes_are_those_of_utf8():
    pairs = make_pairs("t", ["aé", ""], ["界", "ab"])
    assert count_bytes(pairs).tolist() == [[3, 3], [0, 2]]

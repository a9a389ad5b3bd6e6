"""Which data are changed, and that an epoch is a function of its number."""

import doctest
from dataclasses import replace

import numpy as np
import pytest

from polyhead.apps.common.augmentation import epochs
from polyhead.apps.common.augmentation.epochs import (
    are_natural,
    draw_texts,
    fit_augmentation,
    make_augmentation,
)
from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.common.generation.batches import pair_batches
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.common.text.letter_case.letters import find_case
from polyhead.apps.translation.config import Config

ENGLISH = [
    "The dog is not here.",
    "Who has ever seen such a thing?",
    "Go away, please!",
]
GERMAN = ["Der Hund ist nicht da.", "Wer hat so etwas gesehen?", "Geh bitte weg!"]
CODE = ["def f(x, *, y=3): return x[0] + y**2", "a = {k: v for k, v in b.items()}"]
KINDS = {
    "sentences": (ENGLISH, GERMAN, True),
    "chinese": (
        ENGLISH,
        ["那只狗现在不在这里。", "有谁见过这样的事情呢？", "请你走开！"],
        True,
    ),
    "no marks": ([x[:-1] for x in ENGLISH], [x[:-1] for x in GERMAN], True),
    "numbers": (ENGLISH, ["1 2 3", "5 6", "7"], False),
    "dates": (["jeudi 5 mars 1998", "3 May 2001"], ["1998-03-05", "2001-05-03"], False),
    "code": (CODE, ["Adds a square to the first.", "Copies the values of b."], False),
    "spelling": (["night", "light"], ["N AY T", "L AY T"], False),
    "reversal": (ENGLISH, [x[::-1] for x in ENGLISH], False),
    "capitals": (ENGLISH, [x.upper() for x in ENGLISH], False),
    "letters": (["Привет, как твои дела?"], ["Privet, kak tvoi dela?"], False),
}
SENTENCES = {"sentences", "chinese"}
CASED = {"sentences", "no marks"}


def of_kind(kind, times=50):
    sources, targets, _ = KINDS[kind]
    return make_pairs(
        kind, list(sources) * times, list(targets[: len(sources)]) * times
    )


def test_examples():
    assert doctest.testmod(epochs).failed == 0


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_for_natural_text(kind):
    natural = KINDS[kind][2]
    assert are_natural(of_kind(kind)) is natural
    fitted = fit_augmentation(Config(), of_kind(kind))
    assert fitted.noise == (1.0 if natural else 0.0)
    assert fitted.joined == (0.1 if kind in SENTENCES else 0.0)
    assert fitted.carry_case is (kind in CASED)


def test_what_is_given_stays():
    given = Config(noise=0.0, joined=0.0, carry_case=False)
    assert fit_augmentation(given, of_kind("sentences")) == given
    assert make_augmentation(given, of_kind("sentences")) is None
    asked = replace(given, noise=2.0)
    assert fit_augmentation(asked, of_kind("dates")) == asked


def decoded(batches, tokenizer):
    """The `(source, target)` texts of batches."""
    texts = []
    for (source, _), following in batches:
        for ids in zip(source, following, strict=True):
            sides = (b"".join(tokenizer.pieces[i] for i in row[row > 2]) for row in ids)
            texts.append(tuple(side.decode().strip() for side in sides))
    return [pair for pair in texts if any(pair)]  # a batch of one has a row of padding


def batches_of(pairs, tokenizer, epoch, **settings):
    usual = {"noise": 1.0, "joined": 0.3, "max_tokens": 128, "tokens_per_batch": 900}
    config = Config(**{**usual, "piece_dropout": 0.0, **settings})
    augment = make_augmentation(config, pairs)
    return pair_batches(config, tokenizer, pairs, augment)(epoch)


@pytest.mark.parametrize("piece_dropout", [0.0, 0.2])
def test_an_epoch_is_a_function_of_seed_and_number(piece_dropout):
    pairs = of_kind("sentences")
    tokenizer = Tokenizer.learn([*pairs.sources, *pairs.targets], 400, False)
    settings = {"piece_dropout": piece_dropout}
    first, again = (
        decoded(batches_of(pairs, tokenizer, 3, **settings), tokenizer)
        for _ in range(2)
    )
    assert first == again
    assert first != decoded(batches_of(pairs, tokenizer, 4, **settings), tokenizer)
    other = batches_of(pairs, tokenizer, 3, seed=1, **settings)
    assert first != decoded(other, tokenizer)
    sources = {source for source, _ in first}
    assert set(pairs.sources) < sources and len(sources) > 40
    assert len(first) == len(pairs.sources)


@pytest.mark.parametrize(
    ("change", "kept"),
    [(str, True), (str.upper, False), (str.lower, False), (str.title, False)],
)
def test_case_is_carried_over_where_texts_have_it(change, kept):
    plain = of_kind("sentences")
    sides = [
        ([change(x) for x in plain.sources], plain.targets),
        (plain.sources, [change(x) for x in plain.targets]),
    ]
    for sources, targets in sides:
        fitted = fit_augmentation(Config(), make_pairs("", sources, targets))
        assert fitted.carry_case is kept
    silent = fit_augmentation(Config(noise=0.0), plain)
    assert silent.carry_case is False


def test_turkish_has_two_letters_i():
    turkish = ["Köpek burada değil, o kırda.", "Kim böyle bir şey gördü acaba?"]
    pairs = make_pairs("", ENGLISH[:2] * 9, turkish * 9)
    assert fit_augmentation(Config(), pairs).carry_case is False


def test_where_case_is_carried_over_capitals_are_read_in_small_letters():
    pairs = of_kind("sentences", 300)
    augment = make_augmentation(Config(noise=1.0, joined=0.0, carry_case=True), pairs)
    changes = augment(np.random.default_rng(0))
    sources = [source for source, _ in changes.values()]
    targets = [target for _, target in changes.values()]
    assert any(source in map(str.lower, ENGLISH) for source in sources)
    assert not any(map(find_case, sources)) and not any(map(find_case, targets))
    shouted = make_pairs("", [x.upper() for x in pairs.sources], pairs.targets)
    tokenizer = Tokenizer.learn([*pairs.sources, *pairs.targets], 400, False)
    settings = {"noise": 0.0, "joined": 0.0, "carry_case": True}
    read = decoded(batches_of(shouted, tokenizer, 0, **settings), tokenizer)
    assert {source for source, _ in read} == {x.lower() for x in ENGLISH}
    assert {target for _, target in read} == set(GERMAN)


def test_a_vocabulary_knows_capitals():
    pairs = of_kind("sentences", 200)
    plain = [*pairs.sources, *pairs.targets]
    size, asked = 360, [text.upper() for text in ENGLISH + GERMAN]
    cut = [
        sum(map(len, Tokenizer.learn(texts, size, False).encode_all(asked)))
        for texts in (plain, draw_texts(Config(carry_case=False), pairs))
    ]
    assert cut[1] < 0.75 * cut[0]
    assert list(draw_texts(Config(noise=0.0, joined=0.0), pairs))[:2] == [
        ENGLISH[0],
        GERMAN[0],
    ]


def test_without_changes_batches_are_as_they_always_were():
    pairs = of_kind("sentences")
    tokenizer = Tokenizer.learn([*pairs.sources, *pairs.targets], 400, False)
    config = Config(max_tokens=128, tokens_per_batch=900, piece_dropout=0.2)
    plain = pair_batches(config, tokenizer, pairs)(5)
    none = pair_batches(config, tokenizer, pairs, lambda rng: {})(5)
    for (x, y), (a, b) in zip(plain, none, strict=True):
        assert np.array_equal(x[0], a[0]) and np.array_equal(y, b)


def test_a_change_that_does_not_fit_leaves_the_pair_as_it_was():
    pairs = of_kind("sentences")
    tokenizer = Tokenizer.learn([*pairs.sources, *pairs.targets], 400, False)
    most = max(len(row) for row in tokenizer.encode_all(pairs.sources + pairs.targets))
    tight = {"max_tokens": most + 1, "noise": 0.0, "joined": 1.0}
    texts = decoded(batches_of(pairs, tokenizer, 0, **tight), tokenizer)
    known = dict(zip(pairs.sources, pairs.targets, strict=True))
    assert any(source in known for source, _ in texts)
    for source, target in texts:
        parts = source.replace(".", ".|").replace("?", "?|").replace("!", "!|")
        joined = [known[part.strip()] for part in parts.split("|") if part.strip()]
        assert target == " ".join(joined)

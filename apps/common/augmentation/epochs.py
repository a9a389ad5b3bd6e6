"""Which pairs are changed in an epoch, and which data it is good for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..data.pairs import Pairs, choose
from ..text.letter_case.letters import LetterCase
from ..text.units import READ, choose_tokenizer, count_scripts, count_words, spread
from .joining import find_sentences, make_joining
from .noise import MARKS, Changes, have_case, make_noise

USUAL_NOISE, USUAL_JOINED = 1.0, 0.1
# Of the characters of natural text, spaces and final marks aside, the fewest letters.
LETTERS = 0.85
# Of the pairs of a task word by word, the fewest with as many words on both sides.
AS_MANY_WORDS = 0.9
SENTENCES = 0.5  # of the pairs, from which on others are joined

Augment = Callable[[np.random.Generator], Changes]


def fit_augmentation(config: Any, pairs: Pairs) -> Any:
    """Fills what of `noise`, `joined` and `carry_case` is None, from the pairs.

    Noise is for natural text: in code, dates, or the letters of a word, another letter
    is another answer. Sentences are joined where most texts are one. Case is carried
    over where texts have it, and few are in capitals: a model with noise knows small
    letters.
    """
    if config.noise is None:
        noise = USUAL_NOISE if are_natural(pairs) else 0.0
        config = replace(config, noise=noise)
    if config.joined is None:
        sentences = len(find_sentences(pairs)) >= SENTENCES * max(len(pairs.sources), 1)
        joined = USUAL_JOINED if sentences and are_natural(pairs) else 0.0
        config = replace(config, joined=joined)
    if config.carry_case is None:
        carried = config.noise > 0 and have_case(pairs.sources, pairs.targets)
        config = replace(config, carry_case=carried)
    return config


def make_augmentation(config: Any, pairs: Pairs) -> Augment | None:
    """A function that draws an epoch's changes; None where there are none."""
    if not (config.noise or config.joined):
        return None
    join, case = make_joining(pairs, config.joined), LetterCase(config.carry_case)
    noise = make_noise(pairs, config.noise, case.carried) if config.noise else None

    def augment(rng: np.random.Generator) -> Changes:
        changes = noise(rng, join(rng)) if noise else join(rng)
        # What stands in capitals is read in small letters.
        return {place: (case.read(x), y) for place, (x, y) in changes.items()}

    return augment


def draw_texts(config: Any, pairs: Pairs) -> Iterator[str]:
    """All texts as the first epoch has them, from which a vocabulary is learned.

    Without those in capitals, capitals would be spelled letter by letter.
    """
    augment = make_augmentation(fit_augmentation(config, pairs), pairs)
    rng = np.random.default_rng([config.seed, 0, 1])
    changes = augment(rng) if augment else {}
    for place, plain in enumerate(zip(pairs.sources, pairs.targets, strict=True)):
        yield from changes.get(place, plain)


def are_natural(pairs: Pairs) -> bool:
    """Whether both sides are words of a language, and not one for one.

    Not natural are single words and their letters (spelling), texts of many digits and
    signs (dates, code), and pairs with equally many words (transliteration, reversal).

    Example:

    >>> from polyhead.apps.common.augmentation.epochs import are_natural
    >>> from polyhead.apps.common.data.pairs import make_pairs
    >>> sources = ["Good night, my dear.", "I do not know who he is."]
    >>> are_natural(make_pairs("", sources, ["Gute Nacht.", "Wer ist das denn?"]))
    True
    >>> are_natural(make_pairs("", sources, ["2031-03-05", "1998-12-31"]))
    False
    """
    some = choose(pairs, np.array(spread(len(pairs.sources), READ), np.int64))
    sides = some.sources, some.targets
    if choose_tokenizer(*sides) == "characters" or min(map(_letters, sides)) < LETTERS:
        return False
    words, others = (np.array(_count_words(texts)) for texts in sides)
    return float(np.mean(words == others)) < AS_MANY_WORDS


def _letters(texts: Sequence[str]) -> float:
    """The share of letters among the characters, without spaces and final marks."""
    others = str.maketrans("", "", MARKS)
    characters = "".join("".join(texts).translate(others).split())
    return count_scripts(texts).total() / max(len(characters), 1)


def _count_words(texts: Sequence[str]) -> list[int]:
    scripts = count_scripts(texts)
    unspaced = 2 * scripts[""] < scripts.total()
    return [count_words(text, unspaced) for text in texts]

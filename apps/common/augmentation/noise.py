"""Noise: sources as people type them, beside targets as they were.

The kinds and most of the shares are those of Firefox's translators, made there by
OpusTrainer (https://github.com/hplt-project/OpusTrainer; Bogoychev et al., arXiv:
2311.14838). Lower case is added. Two things differ. A target keeps its final mark where
nearly all texts of the data have one. And it has no emoji: a small model cannot copy
bytes that it has seldom seen, and an answer with another emoji is wrong.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..data.pairs import Pairs
from ..text.units import READ, count_scripts, spread

# Of the pairs of an epoch. A pair has at most one of the three cases.
MARK, TYPOS, EMOJI = 0.2, 0.05, 0.005
UPPER, TITLE, LOWER = 0.07, 0.05, 0.05
WORDS_A_TYPO = 8  # a text with typos has one, or up to one for so many words more
MARKS = ".!?…。．｡！？؟۔।॥။።։"  # which end a sentence
MIXED = 0.1  # a share of texts from which on a mark, or case, is part of what is said

KEYS = (
    *("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    *("ςερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"),
)
_BESIDE = {
    key: row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
    for row in KEYS
    for place, key in enumerate(row)
}
# Not shorter ones, such as "not", nor "can't": a typo must not turn the meaning.
_WORD = re.compile(r"(?<![\w'’])[^\W\d_]{4,}(?![\w'’])")
_INITIAL = re.compile(r"(?<!\S)[^\w\s]*\w")
_BLOCKS = ((0x1F300, 0x1F321), (0x1F400, 0x1F4FE), (0x1F600, 0x1F650))
_BLOCKS += ((0x1F680, 0x1F6C6), (0x1F90C, 0x1F93B), (0x1F93C, 0x1F946))
_EMOJI = [chr(code) for block in _BLOCKS for code in range(*block)]
_EMOJI += ["❤️", "☀️", "✌️", "☺️", "⭐", "✨", "✅", "👍🏽", "🤷‍♀️", "👨‍👩‍👧", "🇪🇸", "🇬🇧"]

Texts = tuple[str, str]
# Draws an epoch's changes: the place of each changed pair to its new texts. The given
# changes come first, and stay.
Changes = dict[int, Texts]


def make_noise(
    pairs: Pairs, amount: float
) -> Callable[[np.random.Generator, Changes], Changes]:
    """A function that puts noise on an epoch's pairs.

    `amount` multiplies the shares of all kinds. What the texts are like decides what is
    possible: no case in scripts that have none, and no typos without spaces.

    Example:

    >>> import numpy as np
    >>> from polyhead.apps.common.augmentation.noise import make_noise
    >>> from polyhead.apps.common.data.pairs import make_pairs
    >>> pairs = make_pairs("two", ["A dog runs.", "No."], ["Ein Hund rennt.", "Nein."])
    >>> make_noise(pairs, 4.0)(np.random.default_rng(0), {})
    {1: ('No', 'Nein.')}
    """
    rows = spread(len(pairs.sources), READ)
    sources, targets = ([side[row] for row in rows] for side in _sides(pairs))
    upper, answer = _upper(sources), _upper(targets)
    if not _mixed(any(map(str.isupper, text)) for text in targets):
        answer = None  # a text in lower case is answered so, whatever is asked
    ends_alike = not _mixed(not text.rstrip().endswith(tuple(MARKS)) for text in sources)
    scripts = count_scripts(sources)
    typos = TYPOS if 2 * scripts[""] > scripts.total() else 0.0

    def cased(change: Callable, texts: Texts) -> Texts:
        source = change(texts[0], upper)  # "OK." is in capitals already
        return texts if source == texts[0] else (source, change(texts[1], answer))

    def add(rng: np.random.Generator, changes: Changes) -> Changes:
        changes = dict(changes)
        count = len(pairs.sources)
        case = rng.random(count) / amount if upper else np.ones(count)
        others = rng.random((count, 3)) / amount < (MARK, typos, EMOJI)
        for place in np.flatnonzero(others.any(axis=1) | (case < UPPER + TITLE + LOWER)):
            plain = pairs.sources[place], pairs.targets[place]
            texts = given = changes.get(int(place), plain)
            mark, typo, emoji = others[place]
            if mark:
                kept = texts[1] if ends_alike else drop_mark(texts[1])
                texts = drop_mark(texts[0]), kept
            if typo:
                texts = mistype(texts[0], rng), texts[1]
            if case[place] < UPPER:
                texts = cased(_in_capitals, texts)
            elif case[place] < UPPER + TITLE:
                texts = cased(in_title_case, texts)
            elif case[place] < UPPER + TITLE + LOWER:
                texts = texts[0].lower(), texts[1]
            if emoji:
                texts = add_emoji(texts[0], rng), texts[1]
            if texts != given:
                changes[int(place)] = texts
        return changes

    return add


def _sides(pairs: Pairs) -> tuple[list[str], list[str]]:
    return pairs.sources, pairs.targets


def _mixed(found: Iterable[bool]) -> bool:
    found = list(found)
    return sum(found) > MIXED * len(found)


def _upper(texts: Sequence[str]) -> Callable[[str], str] | None:
    """How texts like these are written in capitals; None where they have no case."""
    letters = [letter for letter in "".join(texts) if letter.isalpha()]
    if 2 * sum(x.lower() != x.upper() for x in letters) < max(len(letters), 1):
        return None
    # Turkish, and its like, have two letters i.
    dotless = _mixed("ı" in text for text in texts)
    return (lambda text: text.replace("i", "İ").upper()) if dotless else str.upper


def _in_capitals(text: str, upper: Callable[[str], str] | None) -> str:
    return upper(text) if upper else text


def in_title_case(text: str, upper: Callable[[str], str] | None = str.upper) -> str:
    """Each word with a capital.

    >>> in_title_case("don't ask (me)")
    "Don't Ask (Me)"
    """
    return _INITIAL.sub(lambda word: upper(word[0]), text) if upper else text


def drop_mark(text: str) -> str:
    """Without the marks at the end, and those of Spanish before them.

    >>> drop_mark("¿Qué?"), drop_mark("Oh ...")
    ('Qué', 'Oh')
    """
    rest = text.rstrip().rstrip(MARKS).rstrip()
    return text if rest in ("", text) else rest.lstrip("¿¡") or text


def mistype(text: str, rng: np.random.Generator, count: int | None = None) -> str:
    """With letters swapped, left out, doubled, or hit beside; a few where none is said."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    if count is None:
        count = int(rng.integers(1, 2 + len(text.split()) // WORDS_A_TYPO))
    chosen = rng.permutation(len(words))[:count]
    for word in sorted((words[k] for k in chosen), key=lambda word: -word.start()):
        typed = mistype_word(word[0], rng)
        text = text[: word.start()] + typed + text[word.end() :]
    return text


def mistype_word(word: str, rng: np.random.Generator) -> str:
    """One typo; the first letter is never lost, as that of "never" would turn it."""
    kind, place = rng.integers(4), int(rng.integers(len(word)))
    if kind == 0:
        place = min(place, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[: place + 1] + word[place:]
    place = max(place, 1)
    beside = _BESIDE.get(word[place], "") if kind == 2 else ""
    hit = beside[int(rng.integers(len(beside)))] if beside else ""
    return word[:place] + hit + word[place + 1 :]


def add_emoji(text: str, rng: np.random.Generator) -> str:
    """With an emoji between two words, before the first, or after the last."""
    emoji = _EMOJI[int(rng.integers(len(_EMOJI)))]
    words = text.split(" ")
    place = int(rng.integers(len(words) + 1))
    if place == len(words) and rng.random() < 0.5:
        return text + emoji
    return " ".join([*words[:place], emoji, *words[place:]])

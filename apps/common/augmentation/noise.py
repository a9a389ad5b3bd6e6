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
MANY = 0.1  # the share of texts from which on they are a custom of the data

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
_EMOJI += ["❤️", "☀️", "✌️", "⭐", "✨", "✅", "👍🏽", "🤷‍♀️", "👨‍👩‍👧", "🇪🇸", "🇬🇧"]

Changes = dict[int, tuple[str, str]]  # the place of a pair to its new texts
Capitals = Callable[[str], str]


def make_noise(
    pairs: Pairs, amount: float
) -> Callable[[np.random.Generator, Changes], Changes]:
    """A function that puts noise on an epoch's pairs, some of which are changed.

    `amount` multiplies the shares of all kinds. What the texts are like decides what is
    possible: no case in scripts that have none, and no typos without spaces.

    Example:

    >>> import numpy as np
    >>> from polyhead.apps.common.augmentation.noise import make_noise
    >>> from polyhead.apps.common.data.pairs import make_pairs
    >>> pairs = make_pairs("two", ["A dog runs.", "No."], ["Ein Hund rennt.", "Nein."])
    >>> make_noise(pairs, 4.0)(np.random.default_rng(0), {})
    {0: ('a dog rums', 'Ein Hund rennt.'), 1: ('NO.', 'NEIN.')}
    """
    count = len(pairs.sources)
    rows = spread(count, READ)
    sources, targets = ([side[k] for k in rows] for side in _sides(pairs))
    upper, answer = _capitals_of(sources), _capitals_of(targets)
    if not _many(text != text.lower() for text in targets):
        answer = None  # a text in lower case is answered so, whatever is asked
    keeps_mark = not _many(drop_mark(text) == text for text in sources)
    scripts = count_scripts(sources)
    typos = TYPOS if 2 * scripts[""] > scripts.total() else 0.0
    cases = np.cumsum([UPPER, TITLE, LOWER]) if upper else np.zeros(3)

    def add(rng: np.random.Generator, changes: Changes) -> Changes:
        changes = dict(changes)
        case = np.searchsorted(cases, rng.random(count) / amount, side="right")
        others = rng.random((count, 3)) / amount < (MARK, typos, EMOJI)  # (pairs, 3)
        for place in np.flatnonzero(others.any(axis=1) | (case < 3)).tolist():
            source, target = changes.get(
                place, (pairs.sources[place], pairs.targets[place])
            )
            mark, typo, emoji = others[place]
            if mark:
                source = drop_mark(source)
                target = target if keeps_mark else drop_mark(target)
            if typo:
                source = mistype(source, rng)
            if case[place] < 3:
                change = (_in_capitals, in_title_case, _in_lower_case)[case[place]]
                was, source = source, change(source, upper)
                if source != was and change != _in_lower_case:
                    target = change(target, answer)
            if emoji:
                source = add_emoji(source, rng)
            changes[place] = source, target
        return changes

    return add


def _sides(pairs: Pairs) -> tuple[list[str], list[str]]:
    return pairs.sources, pairs.targets


def _many(found: Iterable[bool]) -> bool:
    found = list(found)
    return sum(found) > MANY * len(found)


def _capitals_of(texts: Sequence[str]) -> Capitals | None:
    """How texts like these are written in capitals; None where they have no case."""
    letters = [letter for letter in "".join(texts) if letter.isalpha()]
    if 2 * sum(x.lower() != x.upper() for x in letters) <= len(letters):
        return None
    # Turkish, and its like, have two letters i.
    dotless = _many("ı" in text for text in texts)
    return (lambda text: text.replace("i", "İ").upper()) if dotless else str.upper


def _in_capitals(text: str, upper: Capitals | None) -> str:
    return upper(text) if upper else text


def _in_lower_case(text: str, upper: Capitals | None) -> str:
    turkish = upper is not None and upper("i") == "İ"
    return (text.replace("İ", "i").replace("I", "ı") if turkish else text).lower()


def in_title_case(text: str, upper: Capitals | None = str.upper) -> str:
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


def mistype(text: str, rng: np.random.Generator) -> str:
    """With a few letters swapped, left out, doubled, or hit beside."""
    words = list(_WORD.finditer(text))
    count = int(rng.integers(1, 2 + len(text.split()) // WORDS_A_TYPO))
    for place in sorted(rng.permutation(len(words))[:count].tolist(), reverse=True):
        start, end = words[place].span()
        text = text[:start] + mistype_word(text[start:end], rng) + text[end:]
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

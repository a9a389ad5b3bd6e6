"""Noise: sources as people type them, beside targets as they were.

The kinds and most of the shares are those of Firefox's translators, made there by
OpusTrainer (Bogoychev et al., arXiv:2311.14838). Lower case is added, and typos are
more. Two differ here: a target keeps its final mark where nearly all texts of the data
have one, and it has no emoji, as a small model cannot copy bytes that it has seldom
seen.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..data.pairs import Pairs
from ..text.letter_case.letters import find_case
from ..text.units import READ, count_scripts, spread

MARK, TYPOS, EMOJI = 0.2, 0.15, 0.005  # shares of the pairs of an epoch
CASES = (0.07, 0.05, 0.05)  # capitals, title case, lower case; one of them at most
WORDS_A_TYPO = 8  # a text with typos has one, or up to one for so many words more
MANY = 0.1  # the share of texts from which on something is a custom of the data
MARKS = ".!?…。．｡！？؟۔।॥။።։"  # which end a sentence

_KEYS = "qwertyuiop asdfghjkl zxcvbnm йцукенгшщзхъ фывапролджэ ячсмитьбю"
# Not shorter ones, such as "not", nor "can't": a typo must not turn the meaning.
_WORD = re.compile(r"(?<![\w'’])[^\W\d_]{4,}(?![\w'’])")
_INITIAL = re.compile(r"(?<!\S)[^\w\s]*\w")
_BLOCKS = range(0x1F400, 0x1F4FE), range(0x1F600, 0x1F650), range(0x1F680, 0x1F6C6)
_EMOJI = [chr(code) for block in _BLOCKS for code in block]
_EMOJI += ["❤️", "☀️", "✌️", "⭐", "✨", "✅", "👍🏽", "🤷‍♀️", "👨‍👩‍👧", "🇪🇸", "🇬🇧"]

Changes = dict[int, tuple[str, str]]  # the place of a pair to its new texts


def make_noise(
    pairs: Pairs, amount: float, carry_case: bool = False
) -> Callable[[np.random.Generator, Changes], Changes]:
    """A function that puts noise on an epoch's pairs, some of which are changed.

    `amount` multiplies the shares of all kinds. What the texts are like decides what is
    possible: no case in scripts that have none, and no typos without spaces. Where
    `carry_case`, targets keep their case: the model's answers get that of their source.

    Example:

    >>> import numpy as np
    >>> from polyhead.apps.common.augmentation.noise import make_noise
    >>> from polyhead.apps.common.data.pairs import make_pairs
    >>> pairs = make_pairs("two", ["A dog runs.", "No."], ["Ein Hund rennt.", "Nein."])
    >>> make_noise(pairs, 4.0)(np.random.default_rng(0), {})
    {0: ('a dog rums', 'Ein Hund rennt.'), 1: ('NO.', 'NEIN.')}
    """
    count, sides = len(pairs.sources), (pairs.sources, pairs.targets)
    sources, targets = ([side[k] for k in spread(count, READ)] for side in sides)
    asked, answered = _case_changes(sources), _case_changes(targets)
    if carry_case or not _many(text != text.lower() for text in targets):
        answered = ()  # data in lower case are answered so, whatever is asked
    keeps_mark = not _many(drop_mark(text) == text for text in sources)
    scripts = count_scripts(sources)
    typos = TYPOS if 2 * scripts[""] > scripts.total() else 0.0
    ends = np.cumsum(CASES if asked else ())

    def add(rng: np.random.Generator, changes: Changes) -> Changes:
        changes = dict(changes)
        case = np.searchsorted(ends, rng.random(count) / amount, side="right")
        others = rng.random((count, 3)) / amount < (MARK, typos, EMOJI)  # (pairs, 3)
        for place in np.flatnonzero(others.any(axis=1) | (case < len(ends))).tolist():
            plain = pairs.sources[place], pairs.targets[place]
            source, target = changes.get(place, plain)
            mark, typo, emoji = others[place]
            if mark:
                source = drop_mark(source)
                target = target if keeps_mark else drop_mark(target)
            if typo:
                source = mistype(source, rng)
            if case[place] < len(ends):
                was, source = source, asked[case[place]](source)
                # "OK." is no question of case; nor does lower case ask for it.
                if source != was and case[place] < 2 and answered:
                    target = answered[case[place]](target)
            changes[place] = add_emoji(source, rng) if emoji else source, target
        return changes

    return add


def _many(found: Iterable[bool]) -> bool:
    found = list(found)
    return sum(found) > MANY * len(found)


def _case_changes(texts: Sequence[str]) -> tuple[Callable[[str], str], ...]:
    """Capitals, title case and lower case of texts like these; () without case."""
    letters = [letter for letter in "".join(texts) if letter.isalpha()]
    if 2 * sum(x.lower() != x.upper() for x in letters) <= len(letters):
        return ()
    # Turkish, and its like, have two letters i.
    i = [("i", "İ"), ("ı", "I")] if _many("ı" in text for text in texts) else []
    raised, lowered = (str.maketrans(dict(x)) for x in (i, [x[::-1] for x in i]))

    def upper(text: str) -> str:
        return text.translate(raised).upper()

    return (
        upper,
        lambda text: _INITIAL.sub(lambda word: upper(word[0]), text),
        lambda text: text.translate(lowered).lower(),
    )


def have_case(*sides: Sequence[str]) -> bool:
    """Whether texts of each side are small letters and capitals, with one letter i.

    Texts that all stand in capitals are no question of case.
    """
    for side in sides:
        texts = [side[k] for k in spread(len(side), READ)]
        cased = _case_changes(texts) and _many(text != text.lower() for text in texts)
        if not cased or _many("ı" in text or find_case(text) > 0 for text in texts):
            return False
    return True


def drop_mark(text: str) -> str:
    """A text without the marks at its end, and those of Spanish at its start."""
    rest = text.rstrip().rstrip(MARKS).rstrip()
    return text if rest in ("", text) else rest.lstrip("¿¡") or text


def mistype(text: str, rng: np.random.Generator) -> str:
    """A text with a few letters swapped, left out, doubled, or hit beside."""
    words = list(_WORD.finditer(text))
    count = int(rng.integers(1, 2 + len(text.split()) // WORDS_A_TYPO))
    for place in sorted(rng.permutation(len(words))[:count].tolist(), reverse=True):
        start, end = words[place].span()
        text = text[:start] + _mistype_word(text[start:end], rng) + text[end:]
    return text


def _mistype_word(word: str, rng: np.random.Generator) -> str:
    kind, place = rng.integers(4), int(rng.integers(len(word)))
    if kind == 0:
        place = min(place, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[: place + 1] + word[place:]
    place = max(place, 1)  # without its first letter, "never" is "ever"
    key = _KEYS.find(word[place])
    hit = (
        _KEYS[(key + rng.choice((-1, 1))) % len(_KEYS)]
        if kind == 2 and key >= 0
        else ""
    )
    return word[:place] + hit.strip() + word[place + 1 :]


def add_emoji(text: str, rng: np.random.Generator) -> str:
    """A text with an emoji between two words, before the first, or after the last."""
    emoji = _EMOJI[int(rng.integers(len(_EMOJI)))]
    words = text.split(" ")
    place = int(rng.integers(len(words) + 1))
    if place == len(words) and rng.random() < 0.5:
        return text + emoji
    return " ".join([*words[:place], emoji, *words[place:]])

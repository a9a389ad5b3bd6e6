"""The units of texts: words, characters, or pieces of words; by script and length."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

TOKENIZERS = ("bytes", "characters")
READ = 10_000  # texts, at equal distances, that decide
# A text is one unit, such as a word or a number, if it has no more than these.
UNIT_WORDS, UNIT_LETTERS, UNIT_CHARACTERS = 2, 6, 40
UNIT_SHARE = 0.8  # of the pairs that have such a side
# A piece has to be seen often enough to be learned; see Gowda & May, "Finding the
# Optimal Vocabulary Size for Neural Machine Translation", Findings of EMNLP 2020.
BYTES_PER_PIECE = 150
FEWEST_PIECES, MOST_PIECES = 400, 7000

# How Unicode begins the names of the letters of scripts; Korean has spaces, but its
# words are whole phrases, so its characters are counted.
_HAN = ("CJK ", "IDEOGRAPHIC ", "BOPOMOFO ", "KANGXI ")
_KANA = ("HIRAGANA ", "KATAKANA", "HALFWIDTH KATAKANA")
_OTHERS = (
    *("HANGUL ", "HALFWIDTH HANGUL", "THAI ", "LAO ", "KHMER ", "MYANMAR "),
    *("TIBETAN ", "TAI ", "NEW TAI ", "YI ", "BALINESE ", "JAVANESE "),
)


def choose_tokenizer(sources: Sequence[str], targets: Sequence[str]) -> str:
    """Characters where words are the unit, as in spelling; else pieces of words.

    Words that are pieces of their own would have to be learned by heart: nothing that
    a model learns of one of them holds for another one.

    Example:

    >>> from polyhead.apps.common.text.units import choose_tokenizer
    >>> choose_tokenizer(["night", "light"], ["N AY T", "L AY T"])
    'characters'
    >>> choose_tokenizer(["Good night, my dear."], ["Gute Nacht, meine Liebe."])
    'bytes'
    """
    rows = spread(len(sources), READ)
    sides = [[side[row] for row in rows] for side in (sources, targets)]
    units = zip(*(_are_units(texts) for texts in sides), strict=True)
    pairs = zip(units, zip(*sides, strict=True), strict=True)
    found = sum(
        any(are_units) and max(map(len, texts)) <= UNIT_CHARACTERS
        for are_units, texts in pairs
    )
    return "characters" if found >= UNIT_SHARE * max(len(rows), 1) else "bytes"


def _are_units(texts: Sequence[str]) -> list[bool]:
    scripts = count_scripts(texts)
    unspaced = 2 * (scripts.total() - scripts[""]) > scripts.total()
    most = UNIT_LETTERS if unspaced else UNIT_WORDS
    return [count_words(text, unspaced) <= most for text in texts]


def fit_vocabulary(texts: Sequence[str], tokenizer: str) -> int:
    """The number of pieces that texts are enough for: 400 to 7,000.

    Characters are never too many.
    """
    if tokenizer == "characters":
        return MOST_PIECES
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return min(max(size // BYTES_PER_PIECE, FEWEST_PIECES), MOST_PIECES)


def spread(count: int, most: int) -> list[int]:
    """Up to `most` row numbers at equal distances, with the first and the last."""
    number = min(count, most)
    return [k * (count - 1) // max(number - 1, 1) for k in range(number)]


def count_words(text: str, unspaced: bool) -> int:
    """Words between spaces; without spaces, letters and digits."""
    if unspaced:
        return sum(unicodedata.category(letter)[0] in "LN" for letter in text)
    return len(text.split())


def count_scripts(texts: Sequence[str]) -> Counter[str]:
    """How many letters of texts are of each kind of `script_of`."""
    scripts: Counter[str] = Counter()
    for letter, count in Counter("".join(texts)).items():
        # Marks, such as the vowels of Thai, are parts of words too.
        if unicodedata.category(letter)[0] in "LM":
            scripts[script_of(letter)] += count
    return scripts


def script_of(letter: str) -> str:
    """The kind of a letter's script: "han", "kana", "others" without spaces, or ""."""
    name = unicodedata.name(letter, "")
    kinds = (("kana", _KANA), ("han", _HAN), ("others", _OTHERS))
    return next((kind for kind, starts in kinds if name.startswith(starts)), "")

"""The measure of a run that writes texts, chosen by the targets of its training.

BLEU counts runs of one to four words. It is 0 for perfect answers of three words, and
for scripts without spaces unless their characters are counted as words.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..text.units import READ, count_scripts, count_words, spread

MEASURES = ("bleu", "exact")
SHORT = 3  # words; answers of no more are right or wrong
JAPANESE = 0.1  # the share of kana from which Han and kana are Japanese

# The tokenizers of sacreBLEU that do not part words at spaces.
UNSPACED = ("zh", "char", "ja-mecab", "ko-mecab")
_LANGUAGES = {"zh": "zh", **dict.fromkeys(("ja", "ko", "th", "lo", "km", "my"), "char")}


class Measure(NamedTuple):
    """How texts are scored."""

    main: str  # what decides, of MEASURES
    tokenize: str  # the tokenizer of BLEU, by sacreBLEU's name


def choose_measure(targets: Sequence[str], language: str | None = None) -> Measure:
    """The measure that suits the targets of a training.

    Exact match where most targets have at most three words; else BLEU. The tokenizer
    is chosen by the script of most letters. The language decides only between Chinese
    and Japanese, where the targets have no kana; without any letter it is not used.

    Example:

    >>> from polyhead.apps.common.generation.measure import choose_measure
    >>> choose_measure(["Ein Hund läuft im Schnee.", "Zwei Kinder spielen im Park."])
    Measure(main='bleu', tokenize='13a')
    >>> choose_measure(["一只狗在雪地里跑。"], "en")
    Measure(main='bleu', tokenize='zh')
    >>> choose_measure(["HUND", "KATZE"])
    Measure(main='exact', tokenize='13a')
    """
    some = [targets[row] for row in spread(len(targets), READ)]
    tokenize = tokenizer_for(some, language)
    short = sum(count_words(text, tokenize in UNSPACED) <= SHORT for text in some)
    return Measure("exact" if 2 * short > len(some) else "bleu", tokenize)


def tokenizer_for(targets: Sequence[str], language: str | None = None) -> str:
    """The tokenizer of BLEU for the script that most letters of the targets have."""
    scripts = count_scripts(targets)
    han, kana, others = (scripts[name] for name in ("han", "kana", "others"))
    unspaced = han + kana + others
    if 2 * unspaced <= scripts.total():
        return "13a"
    japanese = kana >= JAPANESE * (han + kana) or short_code(language) == "ja"
    return "char" if others > han + kana or japanese else "zh"


def short_code(language: str | None) -> str:
    """The first part of a code such as "zh-CN"."""
    return (language or "").lower().replace("_", "-").split("-")[0]


def tokenizer_by_code(language: str | None) -> str:
    """The tokenizer of BLEU in runs of older versions, which asked the code alone."""
    return _LANGUAGES.get(short_code(language), "13a")

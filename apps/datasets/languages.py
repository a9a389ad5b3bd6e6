"""The embedded data set: which language is a text written in?

Three sources: names (`names.py`), the messages of programs (`catalogues.py`), and lines
of words that are drawn by their frequency, which `wordfreq` has for 40 languages
(code Apache-2.0, data CC BY-SA 4.0). Where it has none, the words of the messages are
drawn. A message is in one split in all languages; a text that two languages share is in
none. What is no language (numbers, emoji, random keys) has the label "und".
"""

import random
from collections import Counter
from collections.abc import Sequence

from ..common.errors import PolyheadError
from . import read_locale
from .augmentation import vary
from .catalogues import (
    is_translated,
    key_of,
    list_languages,
    read_catalogues,
    take_out_markup,
    words_of,
)
from .names import LANGUAGES, SIZES, read_names, split_of
from .nonsense import UNDETERMINED, draw_nonsense

MESSAGES = {"train": 1500, "validation": 60, "test": 120}  # at most, of a language
LINES = {"train": 1500, "validation": 30, "test": 0}
NONSENSE = {"train": 1500, "validation": 60, "test": 120}
_MOST_WORDS = 8
_UNSPACED = ("ja", "th", "zh")
# wordfreq counts Croatian and Serbian together, and in Latin script alone.
_NO_WORDS = ("hr", "sr")


def read_languages() -> dict[str, tuple[list[str], list[str]]]:
    """Split -> the texts and their language codes; the same on every machine."""
    names, messages = read_names(), messages_by_split()
    held = {
        key_of(text) for split in ("validation", "test") for text in names[split][0]
    }
    held |= {
        key_of(text)
        for parts in messages.values()
        for split in ("validation", "test")
        for text in parts[split]
    }
    data = {}
    for split in SIZES:
        pairs = list(zip(*names[split], strict=True))
        for code in LANGUAGES:
            chance = random.Random(f"{code} {split}")
            texts = messages[code][split]
            if split == "train":
                texts = [vary(text, chance) for text in texts]
            lines = draw_lines(code, messages[code]["train"], LINES[split], chance)
            pairs += [(text, code) for text in texts + lines]
        nonsense = draw_nonsense(NONSENSE[split], random.Random(f"und {split}"))
        pairs += [(text, UNDETERMINED) for text in nonsense]
        if split == "train":
            pairs = [pair for pair in pairs if key_of(pair[0]) not in held]
        pairs = list(dict.fromkeys(pairs))
        random.Random(split).shuffle(pairs)
        data[split] = ([text for text, _ in pairs], [code for _, code in pairs])
    return data


def describe_languages() -> dict[str, str]:
    """Label -> what English calls it."""
    names = read_locale("en", "languages").languages
    return {code: names[code] for code in (*LANGUAGES, UNDETERMINED)}


def messages_by_split() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {code: {} for code in LANGUAGES}
    folders = list_languages("languages")
    for code in LANGUAGES:
        # "zh" is in zh_Hans and zh_Hant, and "en" what the others translate.
        own = [x for x in folders if x.partition("_")[0].partition("@")[0] == code]
        for folder in ["ru", "sv"] if code == "en" else own:
            for message, texts in read_catalogues(folder, "languages").items():
                source = take_out_markup(message)
                for text in [message] if code == "en" else texts:
                    text = take_out_markup(text)
                    key = key_of(text)
                    if len(key) > 1 and (code == "en" or is_translated(source, text)):
                        found[code].setdefault(key, (source, text))
    uses = Counter(key for texts in found.values() for key in texts)
    splits: dict[str, dict[str, list[str]]] = {}
    for code, texts in found.items():
        splits[code] = {split: [] for split in SIZES}
        for key, (source, text) in texts.items():
            if uses[key] == 1:
                splits[code][split_of(f"message {key_of(source)}")].append(text)
        chance = random.Random(f"{code} messages")
        for split, most in MESSAGES.items():
            some = splits[code][split]
            splits[code][split] = chance.sample(some, min(most, len(some)))
    return splits


def draw_lines(
    code: str, messages: Sequence[str], count: int, chance: random.Random
) -> list[str]:
    """Lines of 1 to 8 words, each drawn by its frequency in the language."""
    weights = _read_words(code) or Counter(w for m in messages for w in words_of(m))
    drawn = chance.choices(
        list(weights), list(weights.values()), k=count * (_MOST_WORDS + 1)
    )
    lines = []
    for _ in range(count):
        words = [drawn.pop() for _ in range(chance.randint(1, _MOST_WORDS))]
        spaced = code not in _UNSPACED and not (code == "ko" and chance.random() < 0.5)
        line = (" " if spaced else "").join(words)
        lines.append(line + chance.choices(("", ".", "!", "?"), (6, 2, 1, 1))[0])
    return lines


def _read_words(code: str) -> dict[str, float]:
    try:
        from wordfreq import available_languages, get_frequency_dict
    except ModuleNotFoundError:
        raise PolyheadError(
            "the data set 'languages' is made from wordfreq: pip install wordfreq"
        ) from None
    if code in _NO_WORDS or code not in available_languages("small"):
        return {}
    words = get_frequency_dict(code, "small")
    is_latin = _share(words, _is_latin) > 0.5
    return {
        word: share
        for word, share in words.items()
        if word[0].isalpha() and (is_latin or not _is_latin(word))
    }


def _share(words: dict[str, float], kind) -> float:
    return sum(x for word, x in words.items() if kind(word)) / sum(words.values())


def _is_latin(word: str) -> bool:
    return any("a" <= letter <= "z" for letter in word)

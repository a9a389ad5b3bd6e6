"""The embedded data set: which language is a text written in?

Three sources: names (`names.py`), the messages of programs (`catalogues.py`), and lines
of words that are drawn by their frequency, which `wordfreq` has for 40 languages
(code Apache-2.0, data CC BY-SA 4.0). Where it has none, the words of the messages are
drawn. A message is in one split in all languages; a text that two languages share is in
none. What is no language (numbers, emoji, random keys) has the label "und".
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

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
LINES = {"train": 3000, "validation": 30, "test": 0}
NONSENSE = {"train": 3000, "validation": 60, "test": 120}
_MOST_WORDS = 8
# The power of a word's frequency with which it is drawn. At 1.0 fewer words are met:
# a linear model knew .9146 of the validation messages, and .9187 at 0.75.
_FLATNESS = 0.75
_LATIN = re.compile("[a-z]")
_UNSPACED = ("ja", "th", "zh")
# wordfreq counts Croatian and Serbian together, and in Latin script alone.
_NO_WORDS = ("hr", "sr")


def read_languages() -> dict[str, tuple[list[str], list[str]]]:
    """Split -> the texts and their language codes; the same on every machine."""
    names, messages = read_names(), messages_by_split()
    data, held = {}, set[str]()
    for split in ("test", "validation", "train"):
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
        # Numbers and signs have no letters.
        keys = {text: key_of(text) or text for text, _ in pairs}
        pairs = [pair for pair in dict.fromkeys(pairs) if keys[pair[0]] not in held]
        held |= set(keys.values())
        random.Random(split).shuffle(pairs)
        data[split] = ([text for text, _ in pairs], [code for _, code in pairs])
    return {split: data[split] for split in SIZES}


def describe_languages() -> dict[str, str]:
    """Label -> what English calls it."""
    names = read_locale("en", "languages").languages
    return {code: names[code] for code in (*LANGUAGES, UNDETERMINED)}


def messages_by_split() -> dict[str, dict[str, list[str]]]:
    """Language -> split -> messages; a message is in one split in all languages."""
    # code -> key -> (split, text)
    found: dict[str, dict[str, tuple[str, str]]] = {code: {} for code in LANGUAGES}
    shared = set()
    for code, texts in found.items():
        for source, text in _list_messages(code):
            key, split = key_of(text), split_of(f"message {key_of(source)}")
            if len(key) > 1 and texts.setdefault(key, (split, text))[0] != split:
                shared.add(key)  # by two messages of different splits
    uses = Counter(key for texts in found.values() for key in texts)
    splits: dict[str, dict[str, list[str]]] = {}
    for code, texts in found.items():
        chance, splits[code] = random.Random(f"{code} messages"), {}
        kept = [texts[key] for key in texts if uses[key] == 1 and key not in shared]
        for name, most in MESSAGES.items():
            some = [text for split, text in kept if split == name]
            splits[code][name] = chance.sample(some, min(most, len(some)))
    return splits


def _list_messages(code: str) -> Iterator[tuple[str, str]]:
    """English messages and what they are in a language, both without markup."""
    folders = list_languages("languages")
    # "zh" is in zh_Hans and zh_Hant, and "en" what the others translate.
    own = [x for x in folders if x.partition("_")[0].partition("@")[0] == code]
    for folder in ["ru", "sv"] if code == "en" else own:
        for message, texts in read_catalogues(folder, "languages").items():
            source = take_out_markup(message)
            for text in [source] if code == "en" else map(take_out_markup, texts):
                if code == "en" or is_translated(source, text):
                    yield source, text


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


@cache
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
    latin = sum(share for word, share in words.items() if _LATIN.search(word))
    is_latin = latin > 0.5 * sum(words.values())
    return {
        word: share**_FLATNESS
        for word, share in words.items()
        if words_of(word) == [word] and (is_latin or not _LATIN.search(word))
    }

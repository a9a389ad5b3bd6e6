"""Phrases of names in many languages, a part of the data set `languages`.

The phrases are made of the names that CLDR, which Babel contains, has for countries,
languages, scripts, currencies, cities, time zones, units and times. Nothing leaks
between the splits: each thing (Germany, say) is in one split in every language, and a
name that two languages share ("Malta") is in none.
"""

import hashlib
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

from . import read_locale

# Many that share a script, close pairs among them (cs sk, da nb, hr sl, gl es pt,
# id ms, be uk ru, bg mk sr, kk ky, hi mr ne, ar fa ur), and a few that do not.
LANGUAGES = (
    "af ar be bg bn ca cs cy da de el en es et eu fa fi fr gl he hi hr hu hy id it ja "
    "ka kk ko ky lt lv mk mr ms nb ne nl pl pt ro ru sk sl sr sv ta th tr uk ur vi zh"
).split()

# Phrases a language.
SIZES = {"train": 900, "validation": 45, "test": 60}

# How many names a phrase has, and how often.
_LENGTHS = ((1, 0.4), (2, 0.35), (3, 0.2), (4, 0.05))


def read_names() -> dict[str, tuple[list[str], list[str]]]:
    """Split -> the phrases and their language codes; the same on every machine."""
    names = _names_by_split()
    data = {}
    for split, size in SIZES.items():
        pairs = [
            (phrase, code)
            for code in LANGUAGES
            for phrase in _phrases(code, split, names[code][split], size)
        ]
        random.Random(split).shuffle(pairs)
        data[split] = ([text for text, _ in pairs], [code for _, code in pairs])
    return data


def _names_by_split() -> dict[str, dict[str, list[str]]]:
    # code -> normalized name -> (thing, name)
    named: dict[str, dict[str, tuple[str, str]]] = {code: {} for code in LANGUAGES}
    for code in LANGUAGES:
        for thing, name in _names(read_locale(code, "languages")):
            # Two things of one name (Singapore) are one: the first.
            named[code].setdefault(_normalize(name), (thing, name))
    uses = Counter(same for names in named.values() for same in names)
    splits: dict[str, dict[str, list[str]]] = {}
    for code, names in named.items():
        splits[code] = {split: [] for split in SIZES}
        for same, (thing, name) in names.items():
            if uses[same] == 1:
                splits[code][split_of(thing)].append(name)
    return splits


def split_of(thing: str) -> str:
    share = int.from_bytes(hashlib.sha256(thing.encode()).digest()[:4], "big") / 2**32
    return "test" if share < 0.12 else "validation" if share < 0.22 else "train"


def _names(locale: Any) -> Iterator[tuple[str, str]]:
    """What is named, and its name, for every name that is a word or more."""
    for thing, name in _all_names(locale):
        # Without the years of an old currency.
        name = re.sub(r"\s*[(（][^)）]*\d[^)）]*[)）]", "", name)
        name = " ".join(unicodedata.normalize("NFC", name).split())
        if sum(character.isalpha() for character in name) >= 2 and len(name) <= 60:
            yield thing, name


def _all_names(locale: Any) -> Iterator[tuple[str, str]]:
    from babel.dates import format_timedelta
    from babel.units import format_unit

    for kind, names in (
        ("territory", locale.territories),
        ("language", locale.languages),
        ("script", locale.scripts),
        ("currency", locale.currencies),
        ("month", locale.months["stand-alone"]["wide"]),
        ("day", locale.days["stand-alone"]["wide"]),
    ):
        for key in sorted(names):
            yield f"{kind} {key}", names[key]
    for key, zone in sorted(locale.time_zones.items()):
        if "city" in zone:
            yield f"city {key}", zone["city"]
    for key, zone in sorted(locale.meta_zones.items()):
        for _, name in sorted(zone.get("long", {}).items()):
            yield f"zone {key}", name
    for unit in sorted(locale.unit_display_names):
        yield f"unit {unit}", format_unit(5, unit, locale=locale)
    for seconds in (1, 60, 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400):
        for amount in (3, -3):  # from "in 3 seconds" to "3 years ago"
            span = timedelta(seconds=amount * seconds)
            options = {"threshold": 1, "add_direction": True, "locale": locale}
            yield f"time {seconds}", format_timedelta(span, **options)


def _normalize(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalpha())


def _phrases(code: str, split: str, names: list[str], size: int) -> list[str]:
    from babel.lists import format_list

    locale = read_locale(code, "languages")
    chance = random.Random(f"{code} {split}")
    styles: list[Literal["standard", "or"]] = ["standard", "or"]
    phrases: dict[str, None] = {}  # an ordered set
    while len(phrases) < size:
        draw, count = chance.random(), 0
        while draw >= 0:
            count, share = _LENGTHS[count]
            draw -= share
        picked = chance.sample(names, count)
        form = chance.random()
        if count == 1:
            phrase = picked[0]
        elif form < 0.7:
            phrase = format_list(picked, chance.choice(styles), locale)
        elif form < 0.85 or count > 2:
            phrase = chance.choice((", ", " - ", " / ", " ")).join(picked)
        else:
            phrase = f"{picked[0]} ({picked[1]})"
        phrases[phrase.replace("\xa0", " ")] = None
    return list(phrases)

"""The embedded data set: dates written out in many languages, to be put as ISO dates.

"jeudi 5 mars 1998" and "Thursday, March 5, 1998" both become "1998-03-05". The texts
are those of CLDR, which Babel contains. Every pair has a date of its own, so no date is
in two splits. Every text names one date only: years of two digits are left out, and so
are forms of digits alone whose order of day and month differs between countries.
"""

import random
import re
import unicodedata
from datetime import date, timedelta
from typing import Any

from . import read_locale

# Croatian is absent: its October (listopad) is November in Czech and Polish.
LOCALES = (
    "af ar ar_EG be bg bn ca cs da de el en_GB en_US es et eu fa fi fr he hi hu hy id "
    "it ja ka ko lt lv mr nb nl pl pt ro ru sk sl sv sw ta te th tr uk vi zh"
).split()

# Pairs.
SIZES = {"train": 20_000, "validation": 1_000, "test": 2_000}

CASES = {"upper": 0.15, "lower": 0.1, "title": 0.1}  # shares of the training texts
# Languages that often, and Greek always, leave accents out of capitals.
_BARE_CAPITALS = {"el": 1.0, "es": 0.5, "fr": 0.5, "pt": 0.5}

_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)

# The digits of the numbering systems that a locale may prefer to 0-9.
_DIGITS = {
    "arab": "٠١٢٣٤٥٦٧٨٩",
    "arabext": "۰۱۲۳۴۵۶۷۸۹",
    "beng": "০১২৩৪৫৬৭৮৯",
    "deva": "०१२३४५६७८९",
}


def read_dates() -> dict[str, tuple[list[str], list[str]]]:
    """Split -> the texts and their ISO dates; the same on every machine."""
    locales = [read_locale(code, "dates") for code in LOCALES]
    forms = {locale: clear_forms(locale) for locale in locales}
    chance, cases = random.Random("dates"), random.Random("cases")
    days = chance.sample(range((_LAST - _FIRST).days + 1), sum(SIZES.values()))
    dates = [_FIRST + timedelta(day) for day in days]
    data = {}
    for split, size in SIZES.items():
        chosen, dates = dates[:size], dates[size:]
        texts = []
        for day in chosen:
            locale = chance.choice(locales)
            text = write_date(day, chance.choice(forms[locale]), locale)
            digits = _DIGITS.get(locale.default_numbering_system)
            if digits and chance.random() < 0.5:  # both are in use
                text = text.translate(str.maketrans("0123456789", digits))
            texts.append(_type(text, locale, cases) if split == "train" else text)
        data[split] = (texts, [day.isoformat() for day in chosen])
    return data


def clear_forms(locale: Any) -> list:
    """The forms of a locale that leave no doubt about the date."""
    forms = [locale.date_formats[length] for length in ("full", "long", "medium")]
    forms.append(locale.datetime_skeletons["yMMMEd"])  # a short weekday
    distinct = {form.pattern: form for form in forms}
    return [form for pattern, form in distinct.items() if _is_clear(pattern)]


def write_date(day: date, form: Any, locale: Any) -> str:
    """A date as text, with the spaces that a keyboard has."""
    return re.sub("[\xa0\u202f\u2009]", " ", form.apply(day, locale))


def _type(text: str, locale: Any, chance: random.Random) -> str:
    """A text in one of `CASES`, or as it is."""
    (case,) = chance.choices([*CASES, ""], [*CASES.values(), 1 - sum(CASES.values())])
    bare = chance.random() < _BARE_CAPITALS.get(locale.language, 0.0)
    return change_case(text, case, locale.language, bare)


def change_case(text: str, case: str, language: str, bare: bool = False) -> str:
    """A text in "upper", "lower" or "title" case; `bare` capitals have no accents.

    >>> [change_case("3 nisan", case, "tr") for case in ("title", "upper")]
    ['3 Nisan', '3 NİSAN']
    """
    if case == "lower":
        return text.lower()
    if not case or language == "ka":  # whose capitals are new, and nobody types them
        return text
    if case == "title":
        capital = lambda x: change_case(x[0], "upper", language)  # noqa: E731
        return re.sub(r"(?<!\S)\w", capital, text)
    text = (text.replace("i", "İ") if language == "tr" else text).upper()
    accents = "[\u0300-\u0302\u0308]" if bare else "$^"
    plain = re.sub(accents, "", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", plain)


def _is_clear(pattern: str) -> bool:
    matches = re.finditer(r"([A-Za-z])\1*", re.sub("'[^']*'", "", pattern))
    fields = [match.group().replace("L", "M") for match in matches]
    order = "".join(field[0] for field in fields if field[0] in "yMd")
    if sorted(order) != ["M", "d", "y"] or "yy" in fields:
        return False
    in_words = any(len(field) >= 3 for field in fields if field[0] == "M")
    dotted = re.search(r"d\. ?M+\. ?y", pattern) is not None
    return in_words or order == "yMd" or dotted

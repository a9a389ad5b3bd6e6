"""The embedded data set of dates in many languages."""

import os
import random
import subprocess
import sys
import unicodedata
from datetime import date, timedelta

import pytest

pytest.importorskip("babel", reason="the data set is made from Babel")

from babel import Locale
from babel.dates import format_date, format_skeleton

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.datasets import dates
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import load_data

DIGEST = """
import hashlib, json
from polyhead.apps.datasets.dates import read_dates
print(hashlib.sha256(json.dumps(read_dates()).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def data():
    return dates.read_dates()


def plain(text):
    """A text with the digits and spaces of a keyboard."""
    digits = (
        str(unicodedata.digit(letter)) if letter.isdigit() else letter
        for letter in text
    )
    return " ".join("".join(digits).split())


def bare(text):
    """A text without case, accents, and digits of other scripts."""
    letters = unicodedata.normalize("NFD", plain(text).lower())
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


def words(text):
    """A text without case and punctuation."""
    kept = (
        letter if unicodedata.category(letter)[0] in "LMN" else " "
        for letter in text.casefold()
    )
    return "".join(kept).split()


def test_sizes(data):
    assert 30 <= len(dates.LOCALES) == len(set(dates.LOCALES)) <= 50
    assert {split: len(texts) for split, (texts, _) in data.items()} == dates.SIZES
    for texts, days in data.values():
        assert len(texts) == len(days)


def test_every_date_is_in_one_pair(data):
    days = [day for _, part in data.values() for day in part]
    texts = [text for part, _ in data.values() for text in part]
    assert len(set(days)) == len(days)
    assert len(set(texts)) == len(texts)
    years = {date.fromisoformat(day).year for day in days}
    assert years == set(range(1900, 2100))


def test_babel_writes_the_target_as_the_source(data):
    chance = random.Random(0)
    for texts, days in data.values():
        for text, target in chance.sample(list(zip(texts, days, strict=True)), 150):
            day = date.fromisoformat(target)
            written = {
                plain(format_date(day, length, locale=code))
                for code in dates.LOCALES
                for length in ("full", "long", "medium")
            }
            written |= {
                plain(format_skeleton("yMMMEd", day, locale=code))
                for code in dates.LOCALES
            }
            assert plain(text) in written or texts is data["train"][0]
            assert bare(text) in set(map(bare, written))


def test_no_text_says_two_dates():
    # All days of one year and of another: day, month and year are all told.
    said = {}
    for code in dates.LOCALES:
        locale = Locale.parse(code)
        for form in dates.clear_forms(locale):
            for first, count in ((date(2000, 1, 1), 366), (date(1931, 1, 1), 59)):
                for place in range(count):
                    day = first + timedelta(place)
                    text = dates.write_date(day, form, locale)
                    assert said.setdefault(tuple(words(text)), day) == day, text


@pytest.mark.parametrize(
    "pattern, is_clear",
    [
        ("d MMMM y", True),
        ("cccc d. LLLL y", True),
        ("y年M月d日", True),
        ("dd.MM.y", True),
        ("d. M. y.", True),
        ("d 'de' MMM 'de' y", True),
        ("dd/MM/y", False),  # 5/3: March or May?
        ("M/d/y", False),
        ("dd-MM-y", False),
        ("EEEE, dd/MM/y", False),
        ("d MMMM yy", False),
        ("MMMM y", False),
        ("EEEE d", False),
    ],
)
def test_which_forms_are_clear(pattern, is_clear):
    assert dates._is_clear(pattern) is is_clear


def test_known_dates():
    day, texts = date(1998, 3, 5), {}
    for code in ("fr", "en_GB", "en_US", "ja", "de"):
        locale = Locale.parse(code)
        texts[code] = [
            dates.write_date(day, form, locale) for form in dates.clear_forms(locale)
        ]
    assert "jeudi 5 mars 1998" in texts["fr"]
    assert "5 March 1998" in texts["en_GB"]
    assert "Thursday, March 5, 1998" in texts["en_US"]
    assert "1998年3月5日木曜日" in texts["ja"]
    assert "05.03.1998" in texts["de"]


def test_scripts_digits_and_spaces(data):
    texts = "".join(data["train"][0])
    for letter in "aяαא月월กதაհ":
        assert letter in texts
    for digits in dates._DIGITS.values():
        assert set(digits) <= set(texts)
    kinds = {unicodedata.category(letter) for letter in texts}
    assert {letter for letter in texts if letter.isspace()} == {" "}
    assert not kinds & {"Cc", "Cs", "Co", "Cn"}


def test_dates_to_train_on_are_in_all_cases(data):
    texts = data["train"][0]
    cased = [text for text in texts if text.lower() != text.upper()]
    for is_so, share in ((str.isupper, 0.15), (str.islower, 0.1), (str.istitle, 0.1)):
        assert sum(map(is_so, cased)) > 0.9 * share * len(cased)
    for part in ("validation", "test"):  # but those that score are as CLDR has them
        assert sum(map(str.isupper, data[part][0])) < 0.02 * len(data[part][0])


@pytest.mark.parametrize(
    ("text", "language", "upper", "title"),
    [
        ("march 3, 2025", "en", "MARCH 3, 2025", "March 3, 2025"),
        ("3 nisan 2024", "tr", "3 NİSAN 2024", "3 Nisan 2024"),
        ("3 février 2024", "fr", "3 FEVRIER 2024", "3 Février 2024"),
        ("τρίτη 26 μαΐου", "el", "ΤΡΙΤΗ 26 ΜΑΙΟΥ", "Τρίτη 26 Μαΐου"),
        ("5 de mayo de 1998", "es", "5 DE MAYO DE 1998", "5 De Mayo De 1998"),
        ("19 მარ. 2057", "ka", "19 მარ. 2057", "19 მარ. 2057"),
        ("2033年8月8日", "ja", "2033年8月8日", "2033年8月8日"),
        ("4. října 1999", "cs", "4. ŘÍJNA 1999", "4. Října 1999"),
    ],
)
def test_cases_are_those_of_the_language(text, language, upper, title):
    marked = language != "cs"
    assert dates.change_case(text, "upper", language, marked) == upper
    assert dates.change_case(text, "title", language) == title
    assert dates.change_case(text, "lower", language) == text


def test_nothing_is_filtered(data):
    loaded = load_data(Config(dataset="dates"))
    assert loaded.train.sources == data["train"][0]
    assert loaded.test.targets == data["test"][1]
    assert sum(loaded.report["removed"].values()) == 0
    assert loaded.report["warnings"] == []


def test_the_same_in_every_process():
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_without_babel_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(PolyheadError, match="pip install babel"):
        dates.read_dates()

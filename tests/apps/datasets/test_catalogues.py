"""Messages of programs and their translations."""

import sys

import pytest

pytest.importorskip("wagtail", reason="the extra languages is not installed")

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.datasets import catalogues
from polyhead.apps.datasets.catalogues import (
    is_plain,
    is_translated,
    key_of,
    list_languages,
    name_language,
    read_catalogues,
    take_out_markup,
    words_of,
)


def test_messages_are_read_without_the_packages_themselves():
    loaded = {name for name in sys.modules if name.split(".")[0] == "django"}
    messages = read_catalogues("sv", "languages")
    assert messages["This field is required."] == ("Detta fält måste fyllas i.",)
    assert len(messages) > 2500
    assert loaded == {name for name in sys.modules if name.split(".")[0] == "django"}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("de_DE", "de"),
        ("de-AT", "de_AT"),
        ("no", "nb"),
        ("nb_NO", "nb"),
        ("pt_BR", "pt_BR"),
        ("pt_PT", "pt"),
        ("zh_CN", "zh_Hans"),
        ("zh_TW", "zh_Hant"),
        ("sr_Latn", "sr_Latn"),
        ("ca@valencia", "ca@valencia"),
    ],
)
def test_a_language_has_one_name(folder, name):
    assert name_language(folder) == name


def test_more_than_sixty_languages():
    languages = list_languages("languages")
    assert len(languages) > 60
    assert {"sv", "nb", "pt", "pt_BR", "sr", "sr_Latn", "zh_Hans"} <= set(languages)
    assert not {"no", "zh", "zh_CN", "de_DE"} & set(languages)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("%(count)d objects of %s", "objects of"),
        ("{name} has {0} pages", "has pages"),
        ("Please <a href='%s'>sign in</a>.", "Please sign in."),
        ("100&nbsp;pages &amp; more", "100 pages more"),
        ("see :ref:`genindex` or ``conf.py``", "see or"),
        ("ask admin@example.com or https://x.org/a", "ask or"),
        ('the field "%s" is new', "the field is new"),
        ("no builder (%r)\nfound", "no builder found"),
        ("%s: %d", ""),
    ],
)
def test_what_a_program_fills_in_is_taken_out(message, text):
    assert take_out_markup(message) == text
    assert not is_plain(message)


@pytest.mark.parametrize("message", ["Yes, really?", "E-mail (optional)", "Ça va !"])
def test_plain_messages_stay(message):
    assert is_plain(message)
    assert take_out_markup(message) == message


def test_words_keep_their_marks_and_joiners():
    assert words_of("आपका खाता 12") == ["आपका", "खाता"]
    assert words_of("می‌شود، Straße!") == ["می‌شود", "strasse"]
    assert key_of("E-Mail: ") == key_of("e mail")


def test_what_is_left_in_english_is_no_translation():
    assert is_translated("Django site admin", "Django-webbplatsadministration")
    assert not is_translated("Django site admin", "Django site admin")
    assert not is_translated("12", "12")


def test_missing_packages_are_named_with_the_command(monkeypatch):
    catalogues._list_files.cache_clear()
    found = catalogues.find_spec
    missing = ("sphinx", "allauth")
    monkeypatch.setattr(
        catalogues, "find_spec", lambda name: None if name in missing else found(name)
    )
    with pytest.raises(PolyheadError, match="pip install sphinx django-allauth$"):
        read_catalogues("sv", "interface")
    catalogues._list_files.cache_clear()

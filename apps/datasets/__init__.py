"""Embedded data sets, made or shipped by other packages."""

from typing import Any

from ..common.errors import PolyheadError

_MESSAGES = (
    "messages of Django, Django REST framework, Sphinx and wagtail (BSD) and "
    "django-allauth (MIT)"
)
# Data set -> whose data these are, and under which licence.
CREDITS = {
    "co2": "measurements of Keeling and Whorf, in statsmodels",
    "dates": "patterns of Unicode's CLDR, in Babel (Unicode licence)",
    "interface": _MESSAGES,
    "languages": f"names of Unicode's CLDR, in Babel (Unicode licence); {_MESSAGES}; "
    "frequencies of words of wordfreq by Robyn Speer (CC BY-SA 4.0)",
}


def credit(name: str | None) -> str:
    """The line of a card that credits an embedded data set; "" for other data.

    >>> credit("co2")
    '\n\nData: measurements of Keeling and Whorf, in statsmodels.'
    """
    return f"\n\nData: {CREDITS[name]}." if name in CREDITS else ""


def read_locale(code: str, name: str) -> Any:
    """Babel's `Locale` of a code, for the data set of a name."""
    try:
        from babel import Locale
    except ModuleNotFoundError:
        raise PolyheadError(
            f"the data set '{name}' is made from Babel: pip install babel"
        ) from None
    return Locale.parse(code)

"""Embedded data sets, made or shipped by other packages."""

from typing import Any

from ..common.errors import PolyheadError


def read_locale(code: str, name: str) -> Any:
    """Babel's `Locale` of a code, for the data set of a name."""
    try:
        from babel import Locale
    except ModuleNotFoundError:
        raise PolyheadError(
            f"the data set '{name}' is made from Babel: pip install babel"
        ) from None
    return Locale.parse(code)

"""Embedded data sets, made or shipped by other packages."""

from typing import TYPE_CHECKING

from ..common.errors import PolyheadError

if TYPE_CHECKING:
    from babel import Locale


def read_locale(code: str, name: str) -> "Locale":
    """Babel's locale of a code, for the data set of a name."""
    try:
        from babel import Locale
    except ModuleNotFoundError:
        raise PolyheadError(
            f"the data set '{name}' is made from Babel: pip install babel"
        ) from None
    return Locale.parse(code)

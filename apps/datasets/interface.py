"""The embedded data set: English messages of programs, and their translations.

`--dataset interface --target-language sv` has the pairs of one language. A message is
in the same split whatever the language, so no run sees in training what another is
tested on.
"""

from ..common.errors import UsageError
from .catalogues import (
    is_plain,
    is_translated,
    key_of,
    list_languages,
    name_language,
    read_catalogues,
)
from .names import split_of

FEWEST = 500  # pairs of a language, or it is not offered


def read_interface(
    source: str | None, target: str | None
) -> dict[str, tuple[list[str], list[str]]]:
    """Split -> the English messages and their translations.

    Args:
        source: "en", or None.
        target: the language of the translations, such as "sv" or "pt_BR".

    Raises:
        UsageError: there are no catalogues of this language; it lists those there are.
    """
    if source not in (None, "en"):
        raise UsageError(
            f"--source-language {source}: the data set 'interface' translates from "
            "English: give en, or leave it out"
        )
    language = name_language(target or "")
    pairs = read_pairs(language) if language in list_languages("interface") else {}
    if len(pairs) < FEWEST:
        known = [x for x in list_languages("interface") if len(read_pairs(x)) >= FEWEST]
        wrong = f" {target}: not a language of" if target else ": name one of"
        raise UsageError(
            f"--target-language{wrong} the data set 'interface'; it has: "
            f"{', '.join(known)}"
        )
    data: dict[str, tuple[list[str], list[str]]] = {
        split: ([], []) for split in ("train", "validation", "test")
    }
    for message, text in pairs.items():
        sources, targets = data[split_of(f"message {key_of(message)}")]
        sources.append(message)
        targets.append(text)
    return data


def read_pairs(language: str) -> dict[str, str]:
    """Message -> translation, for messages that are text alone."""
    pairs: dict[str, str] = {}
    for message, texts in read_catalogues(language, "interface").items():
        if not texts or not is_plain(message) or not is_plain(texts[0]):
            continue
        message, text = " ".join(message.split()), " ".join(texts[0].split())
        if is_translated(message, text):
            pairs[message] = text
    return pairs

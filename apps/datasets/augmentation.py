"""Texts as people write them: cut short, in capitals, without marks and accents."""

import random
import unicodedata


def vary(text: str, chance: random.Random) -> str:
    """A text of training, as it is or changed a little."""
    if len(text) > 120 or len(text) > 20 and chance.random() < 0.4:
        text = cut(text, chance)
    if chance.random() < 0.3:
        text = text.rstrip(".!?。！？۔। ") or text
    if chance.random() < 0.07:
        text = text.upper()
    elif chance.random() < 0.05:
        text = text.title()
    return remove_accents(text) if chance.random() < 0.05 else text


def cut(text: str, chance: random.Random) -> str:
    """20 to 80 characters of a text, between words where it has spaces."""
    length = chance.randint(20, 80)
    start = chance.randrange(max(len(text) - length, 0) + 1)
    part = text[start : start + length]
    if start and text[start - 1] != " ":
        part = part.partition(" ")[2] or part
    if start + length < len(text) and text[start + length] != " ":
        part = part.rpartition(" ")[0] or part
    return part.strip()


def remove_accents(text: str) -> str:
    """Without the accents of Latin and Greek letters; other scripts need theirs."""
    kept, base = [], ""
    for letter in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(letter):
            base = letter
        elif "A" <= base <= "z" or "\u0370" <= base <= "\u03ff":
            continue
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))

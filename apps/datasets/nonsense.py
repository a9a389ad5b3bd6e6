"""What is no language: numbers, dates, emoji, signs, addresses and random keys."""

import random
import string

UNDETERMINED = "und"  # of ISO 639

_EMOJI = (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x2600, 0x27BF), (0x1F900, 0x1F9FF)
_SIGNS = string.punctuation + " …–—•€"
_SHAPES = (
    "#|##|###|####|#####|#,###|#.###,##|#.##|##:##|##/##/####|####-##-##|##.##.####|"
    "+## ### ### ####|##%|# + # = ##|$##|## €|#x#"
).split("|")
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_KEYS = (
    f"{string.ascii_lowercase} {string.ascii_lowercase} {_CYRILLIC} qwertyuiop "
    "qwertzuiopü asdfghjklöä zxcvbnm йцукенгшщзх фывапролджэ ячсмитьбю"
).split()


def draw_nonsense(count: int, chance: random.Random) -> list[str]:
    """As many texts without a language, each kind equally often."""
    kinds = (_number, _emoji, _signs, _keys, _keys, _mixed)
    return [kinds[i % len(kinds)](chance) for i in range(count)]


def _number(chance: random.Random) -> str:
    shape = " ".join([chance.choice(_SHAPES)] * chance.choice((1, 1, 1, 2, 3)))
    return "".join(chance.choice(string.digits) if x == "#" else x for x in shape)


def _emoji(chance: random.Random) -> str:
    count = chance.randint(1, 5)
    return "".join(chr(chance.randint(*chance.choice(_EMOJI))) for _ in range(count))


def _signs(chance: random.Random) -> str:
    """Signs, or one sign several times."""
    signs = chance.choice((_SIGNS, chance.choice(_SIGNS)))
    return "".join(chance.choices(signs, k=chance.randint(1, 12)))


def _keys(chance: random.Random) -> str:
    """Keys pressed at random: anywhere, or in one row of the keyboard."""
    letters, count = chance.choice(_KEYS), chance.choice((1, 1, 2, 3))
    words = [chance.choices(letters, k=chance.randint(4, 12)) for _ in range(count)]
    return " ".join(map("".join, words))


def _mixed(chance: random.Random) -> str:
    """Letters and digits, as in a serial number or a password."""
    letters = string.ascii_letters + 2 * string.digits + "-_"
    return "".join(chance.choices(letters, k=chance.randint(5, 20)))

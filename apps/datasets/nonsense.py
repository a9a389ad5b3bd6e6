"""What is no language: numbers, dates, emoji, signs, addresses and random keys."""

import random
import string

UNDETERMINED = "und"  # of ISO 639

_EMOJI = (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x2600, 0x26FF), (0x1F900, 0x1F9FF)
_ALPHABETS = string.ascii_lowercase, "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_ROWS = "qwertzuiopü asdfghjklöä qwertyuiop zxcvbnm йцукенгшщзх фывапролджэ".split()


def draw_nonsense(count: int, chance: random.Random) -> list[str]:
    """As many texts without a language, each kind equally often."""
    kinds = (_number, _emoji, _signs, _keys, _keys, _mixed)
    return [kinds[i % len(kinds)](chance) for i in range(count)]


def _number(chance: random.Random) -> str:
    shape = chance.choice(
        ("#", "##", "###", "####", "#,###", "#.###,##", "#.##", "##:##", "##/##/####")
        + ("####-##-##", "+## ### ### ####", "##%", "# + # = ##", "$##", "## €", "#x#")
    )
    shape = " ".join([shape] * chance.choice((1, 1, 1, 2, 3)))
    return "".join(chance.choice(string.digits) if x == "#" else x for x in shape)


def _emoji(chance: random.Random) -> str:
    count = chance.randint(1, 5)
    return "".join(chr(chance.randint(*chance.choice(_EMOJI))) for _ in range(count))


def _signs(chance: random.Random) -> str:
    return "".join(
        chance.choices(string.punctuation + " …–—•", k=chance.randint(1, 12))
    )


def _keys(chance: random.Random) -> str:
    """Keys pressed at random: anywhere, or in one row of the keyboard."""
    letters = chance.choice((_ALPHABETS[0], _ALPHABETS[0], _ALPHABETS[1], *_ROWS))
    words = chance.choice((1, 1, 2, 3))
    return " ".join(
        "".join(chance.choices(letters, k=chance.randint(4, 12))) for _ in range(words)
    )


def _mixed(chance: random.Random) -> str:
    """Letters and digits, as in a serial number or a password."""
    letters = string.ascii_letters + 2 * string.digits + "-_"
    return "".join(chance.choices(letters, k=chance.randint(5, 20)))

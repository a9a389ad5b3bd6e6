"""What the normalisation of texts costs in a .tflite file: bytes, and time.

    python benchmarks/normalization.py

Two files are made of one vocabulary, with and without it, and timed in turns. Case that
is carried over to an answer is a file of its own, which reads and gives back its text.
"""

from pathlib import Path

import tensorflow as tf
from lite_files import TURNS, clock, convert

from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.common.text.letter_case.graph import give_case, take_case
from polyhead.apps.common.text.letter_case.letters import LetterCase
from polyhead.apps.common.text.normalization.table import NONE, UNICODE
from polyhead.runtime.text_bytes import texts_to_bytes

README = Path(__file__).parents[1] / "README.md"
TEXTS = {
    "English": "The quick brown fox jumps over the lazy dog. " * 30,
    "Russian": "МОСКВА Привет как дела " * 30,
    "letters and marks apart": "Vie\u0302\u0323t Nam " * 60,
}
MAX_TOKENS = 64


def main():
    lines = README.read_text(encoding="utf-8").splitlines()
    for length in (128, 256):
        files = {}
        for name in (NONE, UNICODE):
            tokenizer = Tokenizer.learn(lines, 4000, normalization=name)
            files[name] = convert_tokenizer(tokenizer, length)
        sizes = {name: len(file) for name, file in files.items()}
        print(f"{length} bytes: {sizes[UNICODE] - sizes[NONE]:,} bytes more")
        for kind, text in TEXTS.items():
            data = texts_to_bytes([text], length)[0]
            times = {name: [] for name in files}
            for _ in range(TURNS):
                for name, file in files.items():
                    times[name].append(clock(file, data))
            plain, normal = (min(times[name]) for name in (NONE, UNICODE))
            print(f"  {kind}: {normal - plain:.3f} ms more than {plain:.3f} ms")
        file = convert_case(length)
        for kind, text in TEXTS.items():
            data = texts_to_bytes([text.upper()], length)[0]
            taken = min(clock(file, data) for _ in range(TURNS))
            print(f"  case, {kind}: {len(file):,} bytes, {taken:.3f} ms")


def convert_tokenizer(tokenizer: Tokenizer, length: int) -> bytes:
    """The tokenizer alone as a file: bytes `(1, N)` to piece ids."""
    tables = {name: tf.constant(table) for name, table in tokenizer.tables.items()}

    def encode(text):
        text = tf.cast(text, tf.int32)
        return tokenizer.encode_graph(tables, text, MAX_TOKENS)[0]

    return convert(encode, (1, length), tf.uint8)


def convert_case(length: int) -> bytes:
    """Case alone as a file: it is taken from a text, and given to it again."""
    tables = {k: tf.constant(table) for k, table in LetterCase(True).tables.items()}

    def carry(text):
        read, case = take_case(tables, tf.cast(text, tf.int32))
        return give_case(tables, read, case)

    return convert(carry, (1, length), tf.uint8)


if __name__ == "__main__":
    main()

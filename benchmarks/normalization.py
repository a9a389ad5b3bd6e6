"""What the normalisation of texts costs in a .tflite file: bytes, and time.

    python benchmarks/normalization.py

Two files are made of one vocabulary, with and without it, and timed in turns. Case that
is carried over to an answer is a file of its own, which reads and gives back its text.
"""

import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

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
MAX_TOKENS, TURNS, CALLS = 64, 5, 200


def main():
    lines = README.read_text(encoding="utf-8").splitlines()
    for length in (128, 256):
        files = {}
        for name in (NONE, UNICODE):
            tokenizer = Tokenizer.learn(lines, 4000, normalization=name)
            files[name] = convert(tokenizer, length)
        sizes = {name: len(file) for name, file in files.items()}
        print(f"{length} bytes: {sizes[UNICODE] - sizes[NONE]:,} bytes more")
        for kind, text in TEXTS.items():
            data = texts_to_bytes([text], length)[0]
            times = {name: [] for name in files}
            for _ in range(TURNS):
                for name, file in files.items():
                    times[name].append(measure(file, data))
            plain, normal = (min(times[name]) for name in (NONE, UNICODE))
            print(f"  {kind}: {normal - plain:.3f} ms more than {plain:.3f} ms")
        file = convert_case(length)
        for kind, text in TEXTS.items():
            data = texts_to_bytes([text.upper()], length)[0]
            taken = min(measure(file, data) for _ in range(TURNS))
            print(f"  case, {kind}: {len(file):,} bytes, {taken:.3f} ms")


def convert(tokenizer: Tokenizer, length: int) -> bytes:
    """The tokenizer alone as a file: bytes `(1, N)` to piece ids."""
    tables = {name: tf.constant(table) for name, table in tokenizer.tables.items()}

    def encode(text):
        text = tf.cast(text, tf.int32)
        return tokenizer.encode_graph(tables, text, MAX_TOKENS)[0]

    spec = tf.TensorSpec((1, length), tf.uint8)
    function = tf.function(encode).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def convert_case(length: int) -> bytes:
    """Case alone as a file: it is taken from a text, and given to it again."""
    tables = {k: tf.constant(table) for k, table in LetterCase(True).tables.items()}

    def carry(text):
        read, case = take_case(tables, tf.cast(text, tf.int32))
        return give_case(tables, read, case)

    spec = tf.TensorSpec((1, length), tf.uint8)
    function = tf.function(carry).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def measure(file: bytes, data: np.ndarray) -> float:
    """The shortest of many calls, in milliseconds."""
    interpreter = Interpreter(model_content=file, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], data)
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


if __name__ == "__main__":
    main()

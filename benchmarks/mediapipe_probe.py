"""Asking MediaPipe how it tokenizes: a model that answers with the ids it is given."""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from polyhead.apps.common.export.mediapipe import INPUTS
from polyhead.apps.common.export.metadata import Metadata, add_metadata
from polyhead.apps.common.export.tflite import export_tflite

CLIENT = Path(__file__).with_name("mediapipe_client.py")
# Case, accents, symbols, scripts, emoji, and characters that are not seen.
WORDS = (
    "the film was good goodly Great AWFUL don't e-mail unbelievable tokenization 3.14 "
    "1,000 U.S.A. café Café CAFÉ naïve ÅNGSTRÖM straße İstanbul ΑΘΗΝΑ Москва МОСКВА "
    "שלום مرحبا हिन्दी ไทย 한국어 日本語 中文 電影很好 ひらがな カタカナ ﬁne ½ Ⅷ x² 😀 "
    "👩\u200d👩\u200d👧 🇩🇪 ❤\ufe0f 👍🏽 a\u0301b e\u0301 zero\u200bwidth soft\u00adhy "
    "nb\u00a0sp a\u2028b a\u0085b \ufeffbom \ufffd \ue000 \U000e0041 [CLS] [SEP] [UNK] "
    "[MASK] ##ing # @user #tag http://a.b/c?d=e&f=g a_b $5 €5 £5 ¥ ° … — “quoted” ‘x’ "
    "«y» ¿que? ¡ay! ﷽ 𠀀 𪜀 𫝀 豈 〇 々 𝒜𝓑 ａｂｃ １２３"
).split(" ")
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\x0b", "\x0c", "\u00a0", "\u3000", "\x1c", ""]
RANGES = [
    *[(1, 0x7F), (0x80, 0x24F), (0x250, 0x52F), (0x530, 0x10FF), (0x1100, 0x1FFF)],
    *[(0x2000, 0x2BFF), (0x2C00, 0x33FF), (0x3400, 0x9FFF), (0xA000, 0xD7FF)],
    *[(0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x2FA1F), (0xE0000, 0x10FFFF)],
]
REPEATED = ["a", "z", "é", "я", "한", "😀", "x1", "ab", "antidisestablishmentarianism"]
LENGTHS = [24, 25, 26, 33, 34, 49, 50, 51, 99, 100, 101, 102, 128, 200, 300]


def find_python() -> str:
    """A Python that has mediapipe: POLYHEAD_MEDIAPIPE_PYTHON, or this one."""
    return os.environ.get("POLYHEAD_MEDIAPIPE_PYTHON", sys.executable)


def classify(model: Path, texts: list[str]) -> dict:
    """What MediaPipe answers; see mediapipe_client.py."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "texts.json", Path(folder) / "answers.json"
        given.write_text(json.dumps(texts), encoding="utf-8")
        command = [find_python(), "-P", str(CLIENT), str(model), str(given), str(found)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{model}: MediaPipe failed: {done.stderr[-1500:]}")
        return json.loads(found.read_text(encoding="utf-8"))


def ask_ids(vocabulary: list[str], length: int, texts: list[str]) -> list[list[int]]:
    """The ids, padded with zeros, that MediaPipe gives a static model."""

    def answer(weights, tables, **inputs):
        import tensorflow as tf

        # What is not read would be no input of the file.
        total = inputs["ids"] * inputs["mask"] + inputs["segment_ids"]
        return {"ids_again": tf.cast(total, tf.float32)}

    example = {name: np.zeros((1, length), np.int32) for name in INPUTS}
    names = {name: name for name in INPUTS}
    metadata = Metadata("probe", names, {"ids_again": ""}, vocabulary=vocabulary)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.tflite"
        export_tflite(answer, [], {}, example, path)
        path.write_bytes(add_metadata(path.read_bytes(), metadata))
        answers = classify(path, texts)["answers"]
    return [[int(score) for score in heads[0]["scores"]] for heads in answers]


def hard_lines(count: int, seed: int = 0) -> list[str]:
    """Lines that tokenizers disagree about."""
    draw = random.Random(seed)

    def character():
        return chr(draw.randint(*draw.choice(RANGES)))

    def word():
        return draw.choice(WORDS)

    def long_word():
        repeated, length = draw.choice(REPEATED), draw.choice(LENGTHS)
        end = draw.choice(["", " fine", "!", "中"])
        return f"good {(repeated * length)[:length]}{end}"

    def cased():
        return " ".join(draw.choice([str.upper, str.title])(word()) for _ in range(9))

    def some(make, most):
        return "".join(make() for _ in range(draw.randint(0, most)))

    kinds = [
        lambda: some(lambda: word() + draw.choice(SPACES), 20),
        lambda: some(character, 60),
        lambda: some(lambda: word() + draw.choice([character(), " "]), 15),
        long_word,
        lambda: " ".join(word() for _ in range(draw.randint(60, 120))),
        lambda: word() + draw.choice(["\0", " \0"]) + word(),
        lambda: some(lambda: chr(draw.randint(1, 127)), 80),
        lambda: draw.choice(SPACES) * 2 + cased() + draw.choice(SPACES),
    ]
    return [kinds[number % len(kinds)]() for number in range(count)]

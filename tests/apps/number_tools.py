"""Numbers in words and in digits: a language that a small translator soon learns."""

import random

from polyhead.apps.translation import Config

DIGITS = "zero one two three four five six seven eight nine".split()
# Settings of a translator that is trained in seconds.
TINY = {
    "encoder_layers": 1,
    "decoder_layers": 1,
    "hidden_dim": 48,
    "feedforward_dim": 96,
    "num_heads": 2,
    "vocabulary_size": 320,
    "max_tokens": 24,
    "piece_dropout": 0.0,
    "dropout": 0.0,
    "tokens_per_batch": 512,
    "warmup_steps": 60,
    "ema": 0.9,
}


def make_numbers(rows, seed):
    """Distinct `(words, digits)` pairs, such as ("four two", "4 2")."""
    draw = random.Random(seed)
    seen: dict[str, str] = {}
    while len(seen) < rows:
        digits = [draw.randrange(10) for _ in range(draw.randint(3, 6))]
        seen[" ".join(DIGITS[d] for d in digits)] = " ".join(map(str, digits))
    return list(seen.items())


def write_files(folder, name, pairs):
    """Writes two parallel files; returns their paths."""
    paths = folder / f"{name}.words", folder / f"{name}.digits"
    for path, side in zip(paths, zip(*pairs, strict=True), strict=True):
        path.write_text("".join(f"{line}\n" for line in side), encoding="utf-8")
    return tuple(str(path) for path in paths)


def make_config(folder, run, **settings):
    """A run on files of the folder, made where they are missing."""
    pairs = make_numbers(1400, 0)
    parts = {
        "train": pairs[:1200],
        "validation": pairs[1200:1250],
        "test": pairs[1250:],
    }
    fields = {}
    for name, part in parts.items():
        fields[f"{name}_source"], fields[f"{name}_target"] = write_files(
            folder, name, part
        )
    return Config(**fields, run=str(folder / run), **{**TINY, "epochs": 16, **settings})

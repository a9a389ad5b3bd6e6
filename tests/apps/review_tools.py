"""Reviews made of words, that a small classifier learns in seconds."""

import random

WORDS = {
    "good": "splendid delightful superb charming brilliant wonderful".split(),
    "bad": "dreadful tedious awful clumsy boring terrible".split(),
}
NEUTRAL = (
    "the a this film story actor music scene and with of plot an evening long short "
    "we saw it was in town"
).split()
# Settings of a classifier that is trained in seconds.
TINY = {"preset": "tiny", "vocabulary_size": 400, "wide_buckets": 1024}


def make_reviews(rows, seed):
    """`(text, label)` pairs: neutral words, and one to three that tell the label."""
    draw = random.Random(seed)
    pairs = []
    for row in range(rows):
        label = ("good", "bad")[row % 2]
        words = draw.choices(NEUTRAL, k=draw.randint(6, 14))
        for _ in range(draw.randint(1, 3)):
            words.insert(draw.randrange(len(words) + 1), draw.choice(WORDS[label]))
        pairs.append((" ".join(words), label))
    return pairs


def write_csv(path, pairs):
    lines = ["text,label", *(f'"{text}","{label}"' for text, label in pairs)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def contents(folder):
    """Every file below a folder, with its bytes."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }

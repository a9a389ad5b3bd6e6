"""Multi30k En-De from the training pairs read both ways, and from translations of them.

    python benchmarks/multi30k_both_ways.py --data FOLDER --runs RUNS

Four steps, all on the 29,000 training pairs of the protocol `multi30k-tok`:

1. one model learns both directions at once (bidirectional training, Ding et al. 2021,
   https://arxiv.org/abs/2109.07780): the language of the source tells which;
2. it translates both sides of the training pairs (data diversification, Nguyen et al.
   2020, https://arxiv.org/abs/1911.01986);
3. a model that begins with its weights learns English to German from the real pairs,
   those with a translated German and those with a translated English side;
4. and at last, at a lower rate, from the real pairs alone.

Sentences of validation and test are taken out first. Choices are made on validation;
the test pairs are scored once, by the last model.
"""

import argparse
import json
from pathlib import Path

from translation import RESULTS, SCORING, get_run, prepare_multi30k

from polyhead.apps.common.data.pairs import sentence_key
from polyhead.apps.common.generation.comparison import format_metrics

BOTH = {"epochs": 33}
DIVERSE: dict = {"epochs": 8, "learning_rate": 2.5e-3, "warmup_steps": 500}
REAL: dict = {"epochs": 10, "learning_rate": 1e-3, "warmup_steps": 100}
NAME = "multi30k-tok"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--runs", type=Path, required=True, help="keeps the runs")
    options = parser.parse_args()
    fields = prepare_multi30k("tok")(options.data, options.runs / f"{NAME}-data")
    held_out = {
        sentence_key(line, None)
        for split in ("validation", "test")
        for line in read(fields[f"{split}_source"])
    }
    pairs = zip(read(fields["train_source"]), read(fields["train_target"]), strict=True)
    kept = [(en, de) for en, de in pairs if sentence_key(en, None) not in held_out]
    english, german = [en for en, _ in kept], [de for _, de in kept]
    folder = options.runs / "both-ways"
    both = get_run(
        folder / "both",
        **write(folder / "both-data", [*english, *german], [*german, *english]),
        validation_source=fields["validation_source"],
        validation_target=fields["validation_target"],
        **BOTH,
    )
    sources = [*english, *english, *translate(both, german, folder / "english.json")]
    targets = [*german, *translate(both, english, folder / "german.json"), *german]
    fields |= write(folder / "diverse-data", sources, targets)
    held = {k: v for k, v in fields.items() if not k.startswith("test")}
    diverse = get_run(folder / "diverse", **held, init_from=str(both.path), **DIVERSE)
    fields |= write(folder / "real-data", english, german)
    run = get_run(folder / "real", **fields, init_from=str(diverse.path), **REAL)
    metrics = run.evaluate(**SCORING[NAME])
    print(format_metrics(metrics), flush=True)
    names = ("test", "validation", "signature", "protocol", "train")
    result = {name: metrics[name] for name in names}
    result["validation of the steps"] = {
        step.path.name: step.evaluate(**SCORING[NAME])["validation"]["bleu"]
        for step in (both, diverse)
    }
    result["settings"] = {"both": BOTH, "diverse": DIVERSE, "real": REAL}
    path = RESULTS / "translation_multi30k-both-ways.json"
    path.write_text(json.dumps(result, indent=2) + "\n")


def translate(run, sentences, path: Path) -> list[str]:
    """Beam search; kept in a file, since it takes minutes."""
    if not path.exists():
        found = [rows[0][0] for rows in run.predict(sentences)]
        path.write_text(json.dumps(found))
    return json.loads(path.read_text())


def read(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").rstrip("\n").split("\n")


def write(folder: Path, sources, targets) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    fields = {}
    for side, lines in (("source", sources), ("target", targets)):
        path = folder / f"train.{side}"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fields[f"train_{side}"] = str(path)
    return fields


if __name__ == "__main__":
    main()

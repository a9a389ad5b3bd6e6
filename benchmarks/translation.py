"""Translation on public data sets, each run through the public API.

    python benchmarks/translation.py --data FOLDER [--only multi30k-tok ...]

All choices (settings, epoch) are made on validation data; test data is scored once a
seed. `multi30k-tok` is the protocol of Wu et al. 2021 (Good for Misconceived Reasons,
https://arxiv.org/abs/2105.14462): the authors' lowercased, tokenised files, BLEU of
the output as it is. `multi30k-raw` are the same captions as they were written, scored
cased and detokenised. `tatoeba` is split by distinct English sentence.
"""

import argparse
import gzip
import json
import random
import tempfile
from pathlib import Path

import numpy as np

from polyhead.apps import translation
from polyhead.apps.common.export.report import format_export_report
from polyhead.apps.common.generation.comparison import format_metrics

RESULTS = Path(__file__).parent / "results"
MULTI30K = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}  # of distinct sentences
# What is not said is the default of `Config`.
SETTINGS: dict[str, dict] = {
    # Lowercased and cut into words, as in the published protocol.
    "multi30k-tok": {"epochs": 65, "noise": 0.0, "joined": 0.0},
    "multi30k-raw": {"epochs": 65},
    "tatoeba": {"epochs": 30, "dropout": 0.1, "vocabulary_size": 6900},
}
SCORING: dict[str, dict] = {
    "multi30k-tok": {"tokenize": "none", "lowercase": True},
    "multi30k-raw": {},
    "tatoeba": {},
}
DEMANDED = {"multi30k-tok": 41.0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--only", nargs="+", default=list(SETTINGS), choices=SETTINGS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--runs", type=Path, help="keep the runs here, and reuse them")
    parser.add_argument("--dry-run", action="store_true", help="only time some steps")
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.runs or Path(temporary)
        for name in options.only:
            fields = PREPARE[name](options.data, folder / f"{name}-data")
            if options.dry_run:
                config = translation.Config(**fields, **SETTINGS[name])
                report = translation.train(config, dry_run=True)
                print(name, report["estimate"], flush=True)
                continue
            result = measure(name, fields, folder, range(options.seeds))
            path = RESULTS / f"translation_{name}.json"
            path.write_text(json.dumps(result, indent=2) + "\n")
            print(json.dumps(result, indent=2), flush=True)


def measure(name: str, fields: dict, folder: Path, seeds: range) -> dict:
    """Trains once a seed; scores runs and exported files on the test pairs."""
    runs, files = [], []
    for seed in seeds:
        path = folder / f"{name}_{seed}"
        run = get_run(path, **fields, **SETTINGS[name], seed=seed)
        metrics = run.evaluate(**SCORING[name])
        print(format_metrics(metrics), flush=True)
        runs.append(metrics)
        report = run.export()
        print(format_export_report(report), flush=True)
        files.append(report["files"])
    return {
        "demanded": DEMANDED.get(name),
        "mean": float(np.mean([metrics["test"]["bleu"] for metrics in runs])),
        "test": [metrics["test"] for metrics in runs],
        "validation": [metrics["validation"] for metrics in runs],
        "baselines": runs[0]["baselines"],
        "signature": runs[0]["signature"],
        "protocol": runs[0]["protocol"],
        "train": [metrics["train"] for metrics in runs],
        "settings": SETTINGS[name],
        "files": files,
    }


def get_run(path: Path, **fields):
    """The run in a folder, which is trained where it has not been."""
    if (path / "metrics.json").exists():
        return translation.load(path)
    return translation.train(translation.Config(**fields, run=str(path)))


def prepare_multi30k(kind: str):
    """Unpacks the authors' files: `tok` or `raw`."""

    def prepare(data: Path, folder: Path) -> dict[str, str]:
        folder.mkdir(parents=True, exist_ok=True)
        fields = {"source_language": "en", "target_language": "de"}
        for split, name in MULTI30K.items():
            for side, language in (("source", "en"), ("target", "de")):
                packed = data / "multi30k_en_de" / f"{kind}.{name}.{language}.gz"
                path = folder / f"{name}.{language}"
                path.write_bytes(gzip.decompress(packed.read_bytes()))
                fields[f"{split}_{side}"] = str(path)
        return fields

    return prepare


def prepare_tatoeba(data: Path, folder: Path) -> dict[str, str]:
    """Splits the pairs so that no English sentence is on two sides."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = data / "tatoeba_en_es" / "eng-spa.2018-05-13.tsv.gz"
    lines = (
        gzip.decompress(packed.read_bytes()).decode("utf-8").rstrip("\n").split("\n")
    )
    pairs = [line.split("\t")[:2] for line in lines]
    sentences = sorted({english for english, _ in pairs})
    random.Random(0).shuffle(sentences)
    ends = np.cumsum([len(sentences) * share for share in SHARES.values()]).astype(int)
    place = {sentence: number for number, sentence in enumerate(sentences)}
    fields = {"source_column": "en", "target_column": "es"}
    fields |= {"source_language": "en", "target_language": "es"}
    start = 0
    for split, end in zip(SHARES, ends, strict=True):
        path = folder / f"{split}.tsv"
        rows = [pair for pair in pairs if start <= place[pair[0]] < end]
        text = "".join(f"{english}\t{spanish}\n" for english, spanish in rows)
        path.write_text("en\tes\n" + text, encoding="utf-8")
        fields[split] = str(path)
        start = end
    return fields


PREPARE = {
    "multi30k-tok": prepare_multi30k("tok"),
    "multi30k-raw": prepare_multi30k("raw"),
    "tatoeba": prepare_tatoeba,
}


if __name__ == "__main__":
    main()

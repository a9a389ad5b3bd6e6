"""The smoothing bank on M1 (Makridakis et al. 1982), and what it costs in a file.

    python benchmarks/smoothing_bank.py --data FOLDER [--fold N]

Nothing is trained. Each series is forecast from its training part, all of it, and MASE
is the mean over all series, scaled by the seasonal naive's error within the training
part. `--fold 1` forecasts the last horizon of the training parts instead, and 2 the one
before: choices are made there. Beside it stand published figures on the same series
(https://github.com/autogluon/fev, benchmarks/chronos_zeroshot/results).
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
import tensorflow as tf
from keras import ops
from lite_files import TURNS, clock, convert

from polyhead.layers import SmoothingBank

# The season, the horizon; MASE of AutoETS, AutoTheta and the best of twenty others.
SETS = {
    "Monthly": (12, 18, (1.089, 1.092, 1.052)),
    "Quarterly": (4, 8, (1.661, 1.667, 1.670)),
    "Yearly": (1, 6, (3.957, 3.659, 3.486)),
}
BATCH, STEPS = 100, 120


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--fold", type=int, default=0)
    options = parser.parse_args()
    print("| series | bank | AutoETS | AutoTheta | best other |\n|---|---|---|---|---|")
    for name, (season, horizon, published) in SETS.items():
        series = read(options.data / "forecasting" / f"M1-{name}.csv.gz")
        split = [cut(*parts, options.fold * horizon, horizon) for parts in series]
        split = [parts for parts in split if len(parts[0]) > season]
        score = measure(split, SmoothingBank(horizon, season))
        # The others were scored on the test parts.
        figures = (score, *published) if not options.fold else (score,)
        row = " | ".join(f"{figure:.3f}" for figure in figures)
        print(f"| {name}, {len(split)} | {row} |", flush=True)
    t = np.arange(STEPS, dtype=np.float32)
    x = (20 + 0.1 * t + 5 * np.sin(t * np.pi / 6))[None, :, None]
    for season in (1, 12):
        layer = SmoothingBank(18, season)
        layer.build(x.shape)
        file = convert(lambda x, layer=layer: layer(x), x.shape, tf.float32)
        taken = min(clock(file, x) for _ in range(TURNS))
        print(f"season {season}, {STEPS} steps: {len(file):,} bytes, {taken:.2f} ms")


def read(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The training and the test part of each series."""
    series: dict[str, tuple[list, list]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        next(file)
        for line in file:
            name, _, value, part = line.strip().split(",")
            series.setdefault(name, ([], []))[part == "test"].append(float(value))
    return [(np.array(train), np.array(test)) for train, test in series.values()]


def cut(train, test, back: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """What is known, and what comes; `back` steps before the test part."""
    if not back:
        return train, test
    end = len(train) - back
    return train[: max(end, 0)], train[max(end, 0) :][:horizon]


def measure(split: list[tuple], layer: SmoothingBank) -> float:
    """The mean MASE."""
    season, scores = layer.season_length, []
    for start in range(0, len(split), BATCH):
        some = split[start : start + BATCH]
        longest = max(len(known) for known, _ in some)
        x = np.full((len(some), longest, 1), np.nan, np.float32)
        for row, (known, _) in zip(x, some, strict=True):
            row[longest - len(known) :, 0] = known
        found = ops.convert_to_numpy(layer(x))[:, :, 0]
        for row, (known, wanted) in zip(found, some, strict=True):
            scale = np.abs(known[season:] - known[:-season]).mean()
            scale = scale or np.abs(np.diff(known)).mean()
            scores.append(np.abs(row - wanted).mean() / scale)
    return float(np.mean(scores))


if __name__ == "__main__":
    main()

"""Which position scheme copies strings, and reads texts, longer than any it saw?

    python benchmarks/length_generalization.py [--only copy find] [--schemes S ...]

Copying: trained on random strings of up to 50 symbols, tested on new ones of 50, 200
and 256 (Jelassi et al., Repeat After Me, https://arxiv.org/abs/2402.01032). Finding the
symbol after a marker: trained on texts of up to 64, tested on 64 and 256.

Every scheme has the same two blocks, steps, batches and rates. For all of them alike,
the lengths start short and grow, a training string is drawn over 4 to all 64 of the
symbols (so that parts of it come again), and the loss is over the copy alone. These
settings come from about ten trials of windowed schemes, judged on other strings of 200
than the test's: the test strings are new, their length is not. No other scheme was
tuned. Results are kept after each run, and a second start runs what is missing.
"""

import argparse
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from pathlib import Path

# Small models are faster one to a core than one on all of them.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from length_tasks import (  # noqa: E402
    FEWEST_SYMBOLS,
    HEADS,
    SCHEMES,
    WIDTH,
    WINDOW,
    held_out_batches,
    make_model,
    score,
    training_batches,
)

RESULTS = Path(__file__).parent / "results"
TRAIN_LENGTH = {"copy": 50, "find": 64}
TEST_LENGTHS = {"copy": (50, 200, 256), "find": (64, 256)}
STEPS = {"copy": 1000, "find": 400}
BATCH, RATE, WARM_UP = 64, 8e-3, 100
# A result of another recipe must not be averaged with those of this one.
RECIPE = {
    "batch": BATCH,
    "rate": RATE,
    "width": WIDTH,
    "heads": list(HEADS),
    "window": WINDOW,
    "fewest_symbols": FEWEST_SYMBOLS,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", default=list(STEPS), choices=STEPS)
    parser.add_argument("--schemes", nargs="+", default=list(SCHEMES), choices=SCHEMES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="fewer than the usual, for a trial")
    parser.add_argument("--examples", type=int, default=1000, help="of each test")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "length_generalization.json"
    steps = {task: options.steps or STEPS[task] for task in STEPS}
    runs = json.loads(path.read_text()) if path.exists() else []
    runs = [
        run
        for run in runs
        if run["recipe"] == RECIPE
        and run["steps"] == steps[run["task"]]
        and run["examples"] == options.examples
    ]
    done = {(run["seed"], run["task"], run["scheme"]) for run in runs}
    waiting = [
        (task, scheme, seed, steps[task], options.examples)
        for seed, task, scheme in product(
            range(options.seeds), options.only, options.schemes
        )
        if (seed, task, scheme) not in done
    ]
    for run in all_runs(waiting, options.workers):
        print(json.dumps(run), flush=True)
        runs.append(run)
        path.write_text(json.dumps(runs, indent=2) + "\n")
        path.with_suffix(".md").write_text(make_report(runs))
    print(make_report(runs))


def all_runs(waiting: list[tuple], workers: int):
    if workers == 1:
        yield from (measure(*each) for each in waiting)
        return
    context = multiprocessing.get_context("spawn")  # a backend does not survive a fork
    with ProcessPoolExecutor(workers, context) as pool:
        for done in as_completed([pool.submit(measure, *each) for each in waiting]):
            yield done.result()


def measure(task: str, scheme: str, seed: int, steps: int, examples: int) -> dict:
    """Trains one model and tests it at every length."""
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = make_model(task, scheme, seed)
    rate = keras.optimizers.schedules.CosineDecay(
        1e-5, max(1, steps - WARM_UP), warmup_target=RATE, warmup_steps=WARM_UP
    )
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
    )
    batches = training_batches(task, seed, BATCH, steps, TRAIN_LENGTH[task])
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    trained = time.perf_counter()
    tests = {
        str(length): score(model, held_out_batches(task, length, examples, BATCH))
        for length in TEST_LENGTHS[task]
    }
    return {
        "task": task,
        "scheme": scheme,
        "seed": seed,
        "steps": steps,
        "examples": examples,
        "recipe": RECIPE,
        "tests": tests,
        "train_seconds": round(trained - start, 1),
        "test_seconds": round(time.perf_counter() - trained, 1),
    }


def make_report(runs: list[dict]) -> str:
    """The tables of both tasks, and how they came about."""
    parts = []
    for task in STEPS:
        chosen = [run for run in runs if run["task"] == task]
        if chosen:
            parts.append(make_table(task, chosen))
    seconds = sum(run["train_seconds"] + run["test_seconds"] for run in runs)
    parts.append(
        f"Means of the seeds, percent, the worst seed in brackets. Two blocks, width "
        f"{WIDTH}, {HEADS[0]} heads and then {HEADS[1]}; Adam, "
        f"batches of {BATCH}; {len(runs)} runs, together {seconds / 60:.0f} minutes "
        "of one core: `python benchmarks/length_generalization.py`. The settings were "
        "tuned on the windowed schemes, on other strings of 200; the rest share them.\n"
    )
    return "\n".join(parts)


def make_table(task: str, runs: list[dict]) -> str:
    lengths = [str(length) for length in TEST_LENGTHS[task]]
    seeds = len({run["seed"] for run in runs})
    steps, examples = runs[0]["steps"], runs[0]["examples"]
    if task == "copy":
        title = "Whole strings copied exactly"
        heads = [f"{length} symbols" for length in lengths]
        heads.append(f"single symbols of the {lengths[1]}")
    else:
        title = "The symbol after the marker found"
        heads = [f"length {length}" for length in lengths]
    lines = [
        f"**{title}**: trained on lengths up to {TRAIN_LENGTH[task]}, {steps} steps, "
        f"{seeds} seeds, {examples:,} new examples of each length.",
        "",
        "| positions | " + " | ".join(heads) + " | training, s |",
        "|---|" + "---|" * (len(heads) + 1),
    ]
    for scheme in SCHEMES:
        chosen = [run for run in runs if run["scheme"] == scheme]
        if not chosen:
            continue
        cells = [describe(chosen, length, "examples") for length in lengths]
        if task == "copy":
            cells.append(describe(chosen, lengths[1], "symbols"))
        seconds = np.mean([run["train_seconds"] for run in chosen])
        lines.append(f"| {scheme} | " + " | ".join(cells) + f" | {seconds:.0f} |")
    return "\n".join([*lines, ""])


def describe(runs: list[dict], length: str, what: str) -> str:
    values = [100 * run["tests"][length][what] for run in runs]
    return f"{np.mean(values):.1f} ({min(values):.1f})"


if __name__ == "__main__":
    main()

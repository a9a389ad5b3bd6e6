"""Trains the golden runs of the installed version: python make_runs.py

They go to a folder beside this script, named by the version: a small run of each task,
its exported file, and `answers.json` with what both answer. Each later change of a
format adds the runs of one more version; those of older versions stay as they are.
"""

import importlib.metadata
import json
import os
import shutil
from pathlib import Path

from polyhead.apps import forecasting, load, text_classification, translation

HERE = Path(__file__).parent
SAME = {"deterministic": True, "mixed_precision": "float32"}
RUNS = {
    "reviews": text_classification.Config(
        train="data/reviews.csv",
        test="data/reviews_test.csv",
        preset="tiny",
        epochs=3,
        vocabulary_size=300,
        wide_buckets=512,
        learning_rate=0.01,
        warmup_steps=5,
        **SAME,
    ),
    "numbers": translation.Config(
        train_source="data/train.words",
        train_target="data/train.digits",
        test_source="data/test.words",
        test_target="data/test.digits",
        epochs=25,
        encoder_layers=1,
        decoder_layers=1,
        hidden_dim=32,
        feedforward_dim=64,
        num_heads=2,
        vocabulary_size=300,
        max_tokens=24,
        dropout=0.0,
        piece_dropout=0.0,
        tokens_per_batch=256,
        warmup_steps=60,
        ema=0.9,
        beam_size=2,
        monitor="loss",
        **SAME,
    ),
    "wave": forecasting.Config(
        train="data/wave.csv",
        look_back=48,
        horizon=12,
        epochs=2,
        hidden_dim=16,
        num_layers=1,
        num_heads=2,
        batch_size=16,
        patch_length=8,
        **SAME,
    ),
}
TASKS = {
    "reviews": text_classification,
    "numbers": translation,
    "wave": forecasting,
}
INPUTS = {
    "reviews": ["the splendid film was boring", "a dreadful evening", ""],
    "numbers": ["one two three", "four", "nine eight seven six"],
    "wave": None,  # the run's own data
}


def answers_of(run, engine):
    """What a run answers for its inputs, in JSON's types."""
    answers = run.predict(INPUTS[run.path.name], engine=engine)
    if run.path.name == "wave":
        return [[part.values.tolist(), part.quantiles.tolist()] for part in answers]
    if run.path.name == "numbers":  # a file gives no score
        return [answer[0][0] if answer else "" for answer in answers]
    return answers


def main():
    os.chdir(HERE)
    version = Path(importlib.metadata.version("polyhead"))
    for name, config in RUNS.items():
        folder = version / name
        trained = TASKS[name].train(
            type(config)(**{**vars(config), "run": str(folder)}), overwrite=True
        )
        trained.export(formats=["tflite"], variants=["int8"])
        run = load(folder)
        answers = {engine: answers_of(run, engine) for engine in ("keras", "tflite")}
        text = json.dumps(answers, ensure_ascii=False)
        (folder / "answers.json").write_text(text + "\n", encoding="utf-8")
        # What no test reads.
        shutil.rmtree(folder / "plots")
        for file in ("predictions.csv", "export/report.png", "export/report.md"):
            (folder / file).unlink()


if __name__ == "__main__":
    main()

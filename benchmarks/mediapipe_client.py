"""Texts through MediaPipe's own TextClassifier: a script for a Python that has it.

    PYTHON benchmarks/mediapipe_client.py MODEL TEXTS.json ANSWERS.json

MediaPipe's requirements do not go with TensorFlow's, so it has an environment of its
own: `python -m venv FOLDER; FOLDER/bin/pip install mediapipe==1.2.2`.
"""

import json
import sys
import time

import mediapipe
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import text


def main(model, texts_path, answers_path):
    with open(texts_path, encoding="utf-8") as file:
        texts = json.load(file)
    options = text.TextClassifierOptions(
        base_options=tasks.BaseOptions(model_asset_path=model)
    )
    answers, seconds = [], []
    with text.TextClassifier.create_from_options(options) as classifier:
        for line in texts:
            started = time.perf_counter()
            result = classifier.classify(line)
            seconds.append(time.perf_counter() - started)
            answers.append([read_head(head) for head in result.classifications])
    found = {"mediapipe": mediapipe.__version__, "seconds": seconds, "answers": answers}
    with open(answers_path, "w", encoding="utf-8") as file:
        json.dump(found, file)


def read_head(head):
    """A head's scores in the order of the model, and the name of the best."""
    scores = [0.0] * len(head.categories)
    for category in head.categories:
        scores[category.index] = category.score
    best = max(head.categories, key=lambda category: category.score)
    return {"name": head.head_name, "label": best.category_name, "scores": scores}


if __name__ == "__main__":
    main(*sys.argv[1:])

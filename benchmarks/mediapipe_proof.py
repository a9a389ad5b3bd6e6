"""Proves the files of `export --format mediapipe` in MediaPipe's own Python client.

    python -m venv FOLDER; FOLDER/bin/pip install mediapipe==1.2.2
    POLYHEAD_MEDIAPIPE_PYTHON=FOLDER/bin/python \\
      python benchmarks/mediapipe_proof.py RUN... [--fixture]

RUN is a finished SST-2 run: of benchmarks/minilm.py, or one trained with
`--set tokenizer=mediapipe`. Its test sentences are read, its tokenizer is compared with
MediaPipe's on hard lines, and its files are written where they are missing. `--fixture`
also writes what the tests expect of the tokenizer.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from mediapipe_probe import ask_ids, classify, hard_lines

import polyhead.apps
from polyhead.apps.common.export.mediapipe import FILES
from polyhead.apps.common.text.wordpiece import (
    SPECIAL,
    WordPieceTokenizer,
    learn_pieces,
)
from polyhead.apps.common.text.wordpiece_rules import SPACES, delimiter_ranges
from polyhead.apps.text_classification.data import load_data

SENTENCES, LINES = 1000, 2000
TOLERANCE = 1e-3  # of a score
ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "mediapipe.json"
FIXTURE = ROOT / "tests/apps/common/text/mediapipe_ids.json"
FIXTURE_LINES = 200


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--fixture", action="store_true")
    options = parser.parse_args()
    if options.fixture:
        write_fixture()
    result = {"code_points": compare_code_points(), "runs": {}}
    for path in options.runs:
        result["runs"][path.name] = prove(path)
        print(json.dumps(result["runs"][path.name], indent=2), flush=True)
    if options.runs:
        RESULT.write_text(json.dumps(result, indent=2) + "\n")


def compare_code_points() -> dict:
    """Asks how each character of Unicode parts a word."""
    vocabulary = [*SPECIAL, "a", "b"]
    points = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
    chunks = [points[i : i + 20_000] for i in range(0, len(points), 20_000)]
    lines = [" b ".join(f"a{chr(c)}a" for c in chunk) for chunk in chunks]
    found = ask_ids(vocabulary, 100_000, lines)
    ours = WordPieceTokenizer(vocabulary, True, 100_000).encode_all(lines)
    wrong = sum(
        not np.array_equal(trim(theirs), row)
        for theirs, row in zip(found, ours, strict=True)
    )
    known = sum(last - first + 1 for first, last in delimiter_ranges())
    return {
        "asked": len(points),
        "words_of_their_own": known,
        "white_space": len(SPACES),
        "lines_that_differ": wrong,
    }


def trim(ids: list[int]) -> np.ndarray:
    return np.trim_zeros(np.array(ids, np.int32), "b")


def count_differing(tokenizer: WordPieceTokenizer, lines: list[str]) -> int:
    found = ask_ids(tokenizer.pieces, tokenizer.max_tokens, lines)
    ours = tokenizer.encode_all(lines)
    pairs = zip(found, ours, strict=True)
    return sum(not np.array_equal(trim(theirs), row) for theirs, row in pairs)


def prove(path: Path) -> dict:
    """Everything measured of one run."""
    run = polyhead.apps.load(path)
    report_path = path / "export" / "export_report.json"
    if not all((path / "export" / name).exists() for name in FILES):
        run.export(formats=["mediapipe"])
    report = json.loads(report_path.read_text())["files"]
    test = load_data(run.config).test
    texts, labels = test.inputs[:SENTENCES], test.labels[:SENTENCES]
    ours = run.probabilities(texts)
    ids = run.tokenizer.encode_all(texts)
    return {
        "preset": Path(run.config.preset).parent.name or run.config.preset,
        "hard_lines": LINES,
        "hard_lines_that_differ": count_differing(run.tokenizer, hard_lines(LINES)),
        "tokens_median": float(np.median([len(row) for row in ids])),
        "keras_accuracy": float(np.mean(ours.argmax(axis=1) == labels)),
        "files": {
            name: report[name] | {"client": measure(path, name, run, texts, ours)}
            for name in FILES
        },
    }


def measure(path: Path, name: str, run, texts: list[str], ours: np.ndarray) -> dict:
    """One file in the client, beside Keras."""
    found = classify(path / "export" / name, texts)
    heads = found["answers"]
    scores = np.array([answer[0]["scores"] for answer in heads])
    labels = [answer[0]["label"] for answer in heads]
    wanted = [run.label_names[row] for row in ours.argmax(axis=1)]
    attributions = np.array([answer[1]["scores"] for answer in heads])
    gap = float(np.abs(scores - ours).max())
    same = sum(a == b for a, b in zip(labels, wanted, strict=True))
    milliseconds = np.array(found["seconds"]) * 1e3
    return {
        "mediapipe": found["mediapipe"],
        "sentences": len(texts),
        "same_label": same,
        "largest_score_difference": gap,
        "passed": bool(same == len(texts) and gap <= TOLERANCE),
        "heads": [head["name"] for head in heads[0]],
        "attributions": [float(attributions.min()), float(attributions.max())],
        "latency_ms": {
            "median": round(float(np.median(milliseconds)), 3),
            "p95": round(float(np.percentile(milliseconds, 95)), 3),
        },
    }


def write_fixture() -> None:
    """Hard lines and MediaPipe's ids of them, for tests that have no MediaPipe."""
    vocabulary = learn_pieces(hard_lines(400, seed=1), 600)
    lines = hard_lines(FIXTURE_LINES, seed=2)
    found = ask_ids(vocabulary, 48, lines)
    content = {
        "max_tokens": 48,
        "vocabulary": vocabulary,
        "lines": lines,
        "ids": [trim(row).tolist() for row in found],
    }
    FIXTURE.write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()

import json
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def tasks(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import length_tasks

    return length_tasks


class Answers:
    """Stands for a model; gives logits whose highest is what `answer` returns."""

    def __init__(self, answer, symbols):
        self.answer, self.symbols = answer, symbols

    def predict_on_batch(self, inputs):
        return np.eye(self.symbols + 1)[self.answer(inputs)]


def test_a_copy_batch_repeats_the_string_between_markers(tasks):
    rng = np.random.default_rng(0)
    inputs, targets, weights = tasks.copy_batch(rng, count=5, length=7)
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
    np.testing.assert_array_equal(inputs[:, [0, 8]], tasks.MARKER)
    copied = targets[weights == 1].reshape(5, 8)
    np.testing.assert_array_equal(copied[:, :-1], inputs[:, 1:8])
    np.testing.assert_array_equal(copied[:, -1], tasks.MARKER)
    assert inputs[:, 1:8].min() > tasks.MARKER


def test_the_label_of_a_find_batch_follows_the_only_marker(tasks):
    rng = np.random.default_rng(0)
    text, labels, _ = tasks.find_batch(rng, count=50, length=9)
    rows, places = np.nonzero(text == tasks.MARKER)
    np.testing.assert_array_equal(rows, np.arange(50))
    np.testing.assert_array_equal(text[rows, places + 1], labels)


def test_training_lengths_grow_to_the_longest_and_no_further(tasks):
    batches = tasks.training_batches("find", seed=0, size=2, steps=200, longest=20)
    lengths = [next(batches)[0].shape[1] for _ in range(201)]
    assert max(lengths[:4]) < 10
    assert max(lengths) == 20


def test_one_wrong_symbol_spoils_the_string_and_the_prompt_does_not_count(tasks):
    length = 6

    def perfect(inputs):
        answer = np.zeros_like(inputs)  # wrong everywhere in the prompt
        answer[:, length + 1 : -1] = inputs[:, length + 2 :]
        return answer

    def one_wrong(inputs):
        answer = perfect(inputs)
        answer[::2, length + 3] = tasks.MARKER  # in every second string
        return answer

    for answer, examples, symbols in ((perfect, 1, 1), (one_wrong, 0.5, 13 / 14)):
        model = Answers(answer, tasks.SYMBOLS)
        batches = tasks.held_out_batches("copy", length, count=8, size=4)
        result = tasks.score(model, batches)
        assert result["examples"] == examples
        assert result["symbols"] == pytest.approx(symbols)


@pytest.mark.tensorflow
def test_the_script_writes_both_files_and_leaves_out_what_is_done(
    tasks, tmp_path, monkeypatch, capsys
):
    import length_generalization

    scheme = "rotary in a window, then none"
    arguments = ["--schemes", scheme, "--seeds", "1", "--steps", "3", "--examples", "4"]
    arguments += ["--workers", "1", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["length_generalization.py", *arguments])
    length_generalization.main()
    runs = json.loads((tmp_path / "length_generalization.json").read_text())
    assert [run["task"] for run in runs] == ["copy", "find"]
    assert set(runs[0]["tests"]) == {"50", "200", "256"}
    report = (tmp_path / "length_generalization.md").read_text()
    assert report.count(f"| {scheme} |") == 2
    capsys.readouterr()
    length_generalization.main()
    assert capsys.readouterr().out == report + "\n"  # no run, and the same tables
    monkeypatch.setattr(length_generalization, "RECIPE", {"rate": 1.0})
    monkeypatch.setattr(length_generalization, "all_runs", lambda waiting, _: [])
    length_generalization.main()
    assert scheme not in capsys.readouterr().out  # results of another recipe

"""Scoring a run that writes texts beside its baselines."""

from pathlib import Path
from typing import Any

from ..data.splits import held_out
from ..run.evaluation import Evaluation
from ..scoring.comparison import describe_other
from .comparison import build_metrics, describe_decoding
from .plots import plot_evaluation
from .scores import Scorer, write_predictions


def score_texts(
    run: Any,
    dataset: Any,
    baselines: dict,
    scorer: Scorer,
    beam_size: int | None = None,
    other: str | None = None,
    drawn: str | None = None,
) -> Evaluation:
    """Scores a run beside baselines on test, or on validation without test data.

    Args:
        run: a `Run` with the task's `predict`.
        dataset: with the `Pairs` of `train`, `validation` and `test`.
        baselines: what the baselines answered for the same pairs.
        scorer: how texts are scored.
        beam_size: hypotheses followed side by side; the run's own where None.
        other: what other test pairs than the run's own are called.
        drawn: the baseline that is drawn beside the run, where it is among them.
    """
    beam_size = beam_size or run.config.beam_size
    parts = {"validation": dataset.validation, "test": dataset.test}
    if other:
        del parts["validation"]
    hypotheses = {
        split: [
            row[0][0] if row else "" for row in run.predict(pairs.sources, beam_size)
        ]
        for split, pairs in parts.items()
        if pairs is not None
    }
    decoding = describe_decoding(beam_size, run.config.length_penalty)
    metrics = build_metrics(dataset, hypotheses, baselines, scorer, decoding)
    split, pairs = held_out(dataset)
    if other:
        source = describe_other(other, "sources", pairs.sources, dataset.train.sources)
        metrics["protocol"] = f"{source}; {metrics['protocol']}"
    texts = hypotheses[split]

    def write(path: Path) -> None:
        write_predictions(path, pairs, texts, scorer.lowercase)

    def plot(folder: Path, history) -> None:
        beside = None
        if drawn is not None and drawn in baselines:
            beside = drawn, baselines[drawn]["hypotheses"]
        plot_evaluation(folder, pairs, texts, scorer, beside, history)

    return Evaluation(metrics, write, plot, other is not None)

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
    drawn: str = "",
) -> Evaluation:
    """Scores a run beside baselines on test, or on validation without test data.

    Args:
        run: a `Run` with the task's `predict`.
        dataset: with the `Pairs` of `train`, `validation` and `test`.
        baselines: what the baselines answered for the same pairs.
        other: what other test pairs than the run's own are called.
        drawn: the baseline that the plots show beside the run, where there is one.
    """
    beam_size = beam_size or run.config.beam_size
    names = ("test",) if other else ("validation", "test")
    splits = {name: getattr(dataset, name) for name in names}
    hypotheses = {
        name: [row[0][0] if row else "" for row in run.predict(rows.sources, beam_size)]
        for name, rows in splits.items()
        if rows is not None
    }
    decoding = describe_decoding(beam_size, run.config.length_penalty)
    metrics = build_metrics(dataset, hypotheses, baselines, scorer, decoding)
    split, pairs = held_out(dataset)
    texts = hypotheses[split]
    if other:
        source = describe_other(other, "sources", pairs.sources, dataset.train.sources)
        metrics["protocol"] = f"{source}; {metrics['protocol']}"

    def write(path: Path) -> None:
        write_predictions(path, pairs, texts, scorer.lowercase)

    def plot(folder: Path, history: Any) -> None:
        beside = (drawn, baselines[drawn]["hypotheses"]) if drawn in baselines else None
        plot_evaluation(folder, pairs, texts, scorer, beside, history)

    return Evaluation(metrics, write, plot, other is not None)

"""Scoring a run that writes texts beside its baselines."""

from pathlib import Path
from typing import Any

from ..data.splits import held_out
from ..run.evaluation import Evaluation
from ..scoring.comparison import describe_cut, describe_other
from .comparison import build_metrics, describe_decoding
from .plots import plot_evaluation
from .questions import merge_sources
from .scores import Scorer, write_predictions

OTHER_MEASURE = "not the run's own measure, so metrics.json keeps the earlier scores"


def score_texts(
    run: Any,
    dataset: Any,
    baselines: dict,
    scorer: Scorer,
    beam_size: int | None = None,
    other: str | None = None,
    drawn: str = "",
    own_scorer: Scorer | None = None,
) -> Evaluation:
    """Scores a run beside baselines on test, or on validation without test data.

    Args:
        run: a `Run` with the task's `predict`.
        dataset: with the `Pairs` of `train`, `validation` and `test`.
        baselines: what the baselines answered for the same pairs.
        other: what other test pairs than the run's own are called.
        drawn: the baseline that the plots show beside the run, where there is one.
        own_scorer: the scorer by which the run is measured where none is asked for.
    """
    own = own_scorer is None or own_scorer.setting == scorer.setting
    own = own and beam_size in (None, run.config.beam_size)
    beam_size = beam_size or run.config.beam_size
    names = ("test",) if other else ("validation", "test")
    splits = {name: getattr(dataset, name) for name in names}
    hypotheses = {}
    for name, rows in splits.items():
        if rows is not None:
            run.tell(f"scoring {len(rows.sources):,} {name} pairs")
            asked = merge_sources(rows)
            answers = run.predict(asked.sources, beam_size)
            best = [row[0][0] if row else "" for row in answers]
            hypotheses[name] = [best[number] for number in asked.of_pair]
    cut = sum(run.truncated or ())  # of the split that was scored last
    decoding = describe_decoding(beam_size, run.config.length_penalty)
    metrics = build_metrics(dataset, hypotheses, baselines, scorer, decoding)
    metrics |= describe_cut(cut, len(asked.sources), "sources")
    split, pairs = held_out(dataset)
    texts = hypotheses[split]
    if other:
        metrics["protocol"] = f"{describe_other(other)}; {metrics['protocol']}"

    def write(path: Path) -> None:
        write_predictions(path, pairs, texts, scorer.lowercase)

    def plot(folder: Path, history: Any, kept: int | None) -> None:
        beside = (drawn, baselines[drawn]["hypotheses"]) if drawn in baselines else None
        plot_evaluation(folder, pairs, texts, scorer, beside, history, kept)

    if not own and not other:
        metrics["protocol"] = f"{OTHER_MEASURE}; {metrics['protocol']}"
    return Evaluation(metrics, write, plot, other is not None or not own)

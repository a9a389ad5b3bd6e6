"""Scoring a translator's run beside its baselines."""

from dataclasses import replace

from ..common.data.splits import held_out
from ..common.generation.comparison import build_metrics, describe_decoding
from ..common.generation.plots import plot_evaluation
from ..common.generation.scores import Scorer, tokenizer_for, write_predictions
from ..common.run.evaluation import Evaluation, measure
from ..common.scoring.comparison import describe_other
from .baselines import run_baselines
from .data import Dataset, load_pairs


def evaluate(
    run,
    test: str | None = None,
    test_source: str | None = None,
    test_target: str | None = None,
    tokenize: str | None = None,
    lowercase: bool = False,
    beam_size: int | None = None,
) -> dict:
    """Measures the run, and both baselines on the same rows.

    Args:
        test: a table of pairs other than the run's own test data.
        test_source: with `test_target`, two files instead of a table.
        test_target: see `test_source`.
        tokenize: sacreBLEU's tokenizer; "none" for texts that are tokenised
            already; by the target language where absent.
        lowercase: whether case is ignored.
        beam_size: see `predict`.

    Returns:
        The content of metrics.json, which is written with predictions.csv,
        the plots and the card. Scores on other data are returned alone: the run
        keeps its own.
    """
    # Before the data are read: it refuses a tokenizer that there is not.
    scorer = Scorer(tokenize or tokenizer_for(run.config.target_language), lowercase)
    dataset, other = run.load_data(), None
    if test is not None or test_source is not None or test_target is not None:
        pairs = load_pairs(run.config, test, test_source, test_target)
        dataset, other = replace(dataset, test=pairs), test or test_source
    baselines = run_baselines(dataset, seed=run.config.seed)
    options = {"scorer": scorer, "beam_size": beam_size, "other": other}
    return measure(run, dataset, baselines, **options)


def score(
    run,
    dataset: Dataset,
    baselines: dict,
    scorer: Scorer | None = None,
    beam_size: int | None = None,
    other: str | None = None,
) -> Evaluation:
    """Scores a run beside baselines; `other` names rows that are not the run's own."""
    scorer = scorer or Scorer(tokenizer_for(run.config.target_language))
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

    def write(path):
        write_predictions(path, pairs, texts, scorer.lowercase)

    def plot(folder, history):
        nearest = None
        if "nearest" in baselines:
            nearest = "nearest", baselines["nearest"]["hypotheses"]
        plot_evaluation(folder, pairs, texts, scorer, nearest, history)

    return Evaluation(metrics, write, plot, other is not None)

"""Scoring a translator's run beside its baselines."""

from dataclasses import replace

from ..common.generation.evaluation import score_texts
from ..common.generation.scores import Scorer, tokenizer_for
from ..common.run.evaluation import Evaluation, measure
from .baselines import run_baselines
from .config import Config
from .data import Dataset, load_pairs


def make_scorer(config: Config, tokenize: str | None = None, lowercase=False) -> Scorer:
    """The scorer of texts in the target language."""
    return Scorer(tokenize or tokenizer_for(config.target_language), lowercase)


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
    # Before the data are read: an unknown tokenizer is refused at once.
    scorer = make_scorer(run.config, tokenize, lowercase)
    dataset, other = run.load_data(), test or test_source
    if (test, test_source, test_target) != (None, None, None):
        pairs = load_pairs(run.config, test, test_source, test_target)
        dataset = replace(dataset, test=pairs)
    baselines = run_baselines(dataset, seed=run.config.seed)
    options = {"scorer": scorer, "beam_size": beam_size, "other": other}
    return measure(run, dataset, baselines, **options)


def score(
    run, dataset: Dataset, baselines: dict, scorer: Scorer | None = None, **options
) -> Evaluation:
    """Scores a run beside baselines; see `score_texts` for the options."""
    scorer = scorer or make_scorer(run.config)
    return score_texts(run, dataset, baselines, scorer, drawn="nearest", **options)

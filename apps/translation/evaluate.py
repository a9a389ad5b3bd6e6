"""Scoring a translator's run beside its baselines."""

from typing import Any

from ..common.data.given import called
from ..common.data.pairs import NO_PAIRS
from ..common.data.text_files import read_lines
from ..common.generation.evaluation import score_texts
from ..common.generation.measure import tokenizer_by_code
from ..common.generation.scores import Scorer
from ..common.run.evaluation import Evaluation, measure, measure_other, spare_trained
from .baselines import run_baselines
from .config import Config
from .data import Dataset, load_pairs


def make_scorer(config: Config, tokenize: str | None = None, lowercase=False) -> Scorer:
    """The scorer of texts in the target language.

    A run of an older version does not say its measure: it has BLEU, tokenised by the
    code of the language.
    """
    tokenize = tokenize or config.tokenize or tokenizer_by_code(config.target_language)
    return Scorer(tokenize, lowercase, config.measure or "bleu")


def baselines(run, dataset: Dataset) -> dict[str, dict]:
    """Name -> what a baseline answers for the held-out pairs."""
    pairs = len(dataset.train.sources)
    run.tell(f"searching {pairs:,} training pairs for the nearest sources")
    return run_baselines(dataset, seed=run.config.seed)


def evaluate(
    run,
    test: Any = None,
    test_source: str | None = None,
    test_target: str | None = None,
    tokenize: str | None = None,
    lowercase: bool = False,
    beam_size: int | None = None,
    examples: str | None = None,
) -> dict:
    """Measures the run, and both baselines on the same rows.

    Args:
        test: a table of pairs other than the run's own test data: a file, or rows from
            Python as `train` takes them.
        test_source: with `test_target`, two files instead of a table.
        test_target: see `test_source`.
        tokenize: sacreBLEU's tokenizer; "none" for texts that are tokenised
            already; the run's own where absent.
        lowercase: whether case is ignored.
        beam_size: see `predict`.
        examples: a file of sources, one a line, whose answers the card shows from now
            on.

    Returns:
        The content of metrics.json, which is written with predictions.csv,
        the plots and the card. Scores on other data are returned alone: the run
        keeps its own.
    """
    # Before the data are read: an unknown tokenizer is refused at once.
    scorer = make_scorer(run.config, tokenize, lowercase)
    options: dict[str, Any] = {"scorer": scorer, "beam_size": beam_size}
    options["examples"] = examples and read_lines(examples)
    files = test, test_source, test_target
    if any(file is not None for file in files):
        data = load_test(run, *files)
        options["other"] = called(test_source if test is None else test)
        return measure_other(run, data, **options)
    dataset = run.load_data()
    return measure(run, dataset, baselines(run, dataset), **options)


def load_test(run, test=None, test_source=None, test_target=None) -> Dataset:
    """The pairs of other files on whose sources the run was not trained."""
    pairs = load_pairs(run.config, test, test_source, test_target)
    data = spare_trained(run, Dataset(NO_PAIRS, NO_PAIRS, pairs, {}))
    run.notes = [*pairs.notes, *run.notes]
    return data


def score(
    run,
    dataset: Dataset,
    baselines: dict,
    scorer: Scorer | None = None,
    examples: list[str] | None = None,
    **options,
) -> Evaluation:
    """Scores a run beside baselines; see `score_texts` for the options."""
    options |= {"drawn": "nearest", "own_scorer": make_scorer(run.config)}
    scorer = scorer or options["own_scorer"]
    evaluation = score_texts(run, dataset, baselines, scorer, **options)
    shown = run.metrics.get("examples")
    if examples:
        answers = run.predict(examples, beam_size=options.get("beam_size"))
        shown = [[s, *row[0]] for s, row in zip(examples, answers, strict=True)]
    if shown:
        evaluation.metrics["examples"] = shown
    return evaluation

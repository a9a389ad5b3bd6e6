"""References and hypotheses with a known share of wrong words."""

import numpy as np

from polyhead.apps.common.generation.scores import BOOTSTRAP, Scorer, score_systems
from polyhead.apps.common.scoring.bootstrap import SEED

WORDS = "Der Hund läuft schnell über die grüne Wiese und bellt eine Katze an .".split()


def make_rows(rows, wrong, seed=0):
    """References of 13 words, and hypotheses with a share of words wrong."""
    rng = np.random.default_rng(seed)
    references = [" ".join(rng.permutation(WORDS)) for _ in range(rows)]
    hypotheses = [
        " ".join(word if rng.random() > wrong else "falsch" for word in line.split())
        for line in references
    ]
    return hypotheses, references


def score(
    hypotheses,
    references,
    tokenize="13a",
    lowercase=False,
    bootstrap=BOOTSTRAP,
    seed=SEED,
):
    """The scores of one system, and how they were computed."""
    scorer = Scorer(tokenize, lowercase)
    systems = {"run": hypotheses}
    results, _ = score_systems(systems, references, scorer, bootstrap, seed)
    return {**results["run"], **scorer.signatures(bootstrap, seed)}

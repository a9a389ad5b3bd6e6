"""References and hypotheses with a known share of wrong words."""

import numpy as np

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

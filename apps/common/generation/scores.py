"""Scores of written texts: BLEU, chrF++, exact match, an error rate; mistakes."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.pairs import Pairs
from ..errors import PolyheadError, UsageError
from ..files import replacing
from ..scoring.bootstrap import SEED, interval, resample
from ..scoring.proportion import wilson
from .measure import UNSPACED
from .questions import merge_sources

Texts = Sequence[str]
# The right answer to each row: a text, or several of which each is right.
References = Sequence[str | Sequence[str]]
BOOTSTRAP = 1000  # resamples, as many as sacreBLEU draws
LENGTH_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the rows, where buckets end
TITLES = {"bleu": "BLEU", "chrf": "chrF++", "exact": "exact", "wer": "WER"}
TITLES |= {"cer": "CER"}
UNITS = TITLES | {"exact": "points of exact match"}  # of a difference
POINTS = {"exact": 100.0}  # of a unit of a measure; else it has 100 points at most


def score_by(
    name: str, hypotheses: Texts, references: References, scorer: "Scorer"
) -> float:
    """One of the scorer's measures of hypotheses, one a row, without an interval."""
    counts = scorer.count(hypotheses, references, [name])[name]
    return float(scorer.rate(name, counts.sum(axis=0, keepdims=True))[0])


def main_score(hypotheses: Texts, references: References, scorer: "Scorer") -> float:
    """The scorer's main measure; see `score_by`."""
    return score_by(scorer.main, hypotheses, references, scorer)


class Scorer:
    """BLEU, chrF++, exact match and an error rate, from counts of each row.

    All need only sums of the rows' counts. So each row is counted once, and a resample
    is a sum. BLEU and chrF++ are sacreBLEU's, from 0 to 100. "exact" is the share of
    rows that are right to the letter, spaces at the end aside. The error rate, smaller
    is better, is that of words ("wer"), or of characters ("cer") where answers have a
    few words only or no spaces.

    Args:
        tokenize: a tokenizer of sacreBLEU, for BLEU alone.
        lowercase: whether case is ignored.
        main: the measure that decides, "bleu" or "exact".
    """

    def __init__(
        self, tokenize: str = "13a", lowercase: bool = False, main: str = "bleu"
    ) -> None:
        # Not before it is needed: the import takes longer than --help may.
        from sacrebleu.metrics import BLEU, CHRF

        if tokenize not in BLEU.TOKENIZERS:
            raise UsageError(
                f"tokenize is {tokenize!r}; one of {', '.join(BLEU.TOKENIZERS)}"
            )
        try:
            # `force` only silences a warning about texts that look tokenised.
            bleu = BLEU(tokenize=tokenize, lowercase=lowercase, force=True)
        except (ImportError, RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())
            raise PolyheadError(
                f"tokenizer {tokenize!r} cannot be used here ({reason}): "
                "take char, which needs nothing"
            ) from error
        self.tokenize = tokenize
        self.lowercase = lowercase
        self.main = main
        self.points = POINTS.get(main, 1.0)
        self.error = "cer" if main == "exact" or tokenize in UNSPACED else "wer"
        self.of_sacrebleu = {
            "bleu": bleu,
            "chrf": CHRF(word_order=2, lowercase=lowercase),
        }
        self.names = (*self.of_sacrebleu, "exact", self.error)

    @property
    def setting(self) -> tuple:
        """What two scorers that give the same scores have in common."""
        return self.tokenize, self.lowercase, self.main

    def count(
        self,
        hypotheses: Texts,
        references: References,
        names: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Each row's counts for some metrics, all without names.

        Gives float64 `(rows, counts)` a metric: lengths and n-gram matches, or whether
        the row is right, or edits, each with what they are divided by.
        """
        wanted = [[r] if isinstance(r, str) else list(r) for r in references]
        counts = {}
        for name in self.names if names is None else names:
            if name in self.of_sacrebleu:
                most = max(map(len, wanted))
                # Streams of one reference a row; None where a row has fewer.
                streams: list[Any] = [
                    [texts[n] if n < len(texts) else None for texts in wanted]
                    for n in range(most)
                ]
                metric = self.of_sacrebleu[name]
                table = metric._extract_corpus_statistics(hypotheses, streams)
            else:
                of_row = self._right if name == "exact" else self._edits
                table = [of_row(h, r) for h, r in zip(hypotheses, wanted, strict=True)]
            counts[name] = np.array(table, np.float64)
        return counts

    def _right(self, hypothesis: str, references: Texts) -> tuple[float, float]:
        wanted = [self._fold(text).rstrip() for text in references]
        return float(self._fold(hypothesis).rstrip() in wanted), 1.0

    def _edits(self, hypothesis: str, references: Texts) -> tuple[int, int]:
        wanted = [self._fold(text) for text in references]
        return count_edits(self._fold(hypothesis), wanted, self.error == "wer")

    def _fold(self, text: str) -> str:
        return text.lower() if self.lowercase else text

    def rate(self, name: str, sums: np.ndarray) -> np.ndarray:
        """The score of each row of sums `(draws, counts)`."""
        if name not in self.of_sacrebleu:
            # Where nothing is wanted, each character that is given is an error.
            return sums[:, 0] / np.maximum(sums[:, 1], 1)
        rate = self.of_sacrebleu[name]._compute_score_from_stats
        return np.array([rate(row).score for row in sums])

    def signatures(
        self, bootstrap: int = 0, seed: int = SEED, most: int = 1, fewest: int = 1
    ) -> dict[str, str]:
        """How BLEU and chrF++ were computed, in sacreBLEU's own form, for papers.

        Rows have from `fewest` to `most` references.
        """
        signatures = {}
        for name, metric in self.of_sacrebleu.items():
            metric.num_refs = most if most == fewest else -1
            metric.n_bootstrap = bootstrap or None
            metric.seed = str(seed) if bootstrap else None
            key = "signature" if name == "bleu" else f"{name}_signature"
            signatures[key] = str(metric.get_signature())
        return signatures

    def describe(self) -> str:
        """How texts are scored, for the protocol."""
        case = "lowercased" if self.lowercase else "cased"
        error = "characters" if self.error == "cer" else "words between spaces"
        return (
            f"BLEU with tokenisation {self.tokenize}, {case}; chrF++ {case}; "
            f"{TITLES[self.error]} of {error}, {case}; {TITLES[self.main]} decides"
        )


def count_edits(
    hypothesis: str, references: Sequence[str], words: bool
) -> tuple[int, int]:
    """The edits to the nearest reference, and the length of that reference.

    An edit replaces, adds or removes one word, or without `words` one character. Spaces
    at both ends do not count. The error rate of many texts is the sum of their edits
    over the sum of the lengths (WER, CER); it may be above 1.

    Example:

    >>> from polyhead.apps.common.generation.scores import count_edits
    >>> count_edits("a cat sat", ["the cat sat", "the cat sat down"], words=True)
    (1, 3)
    >>> count_edits("kat", ["cat"], words=False)
    (1, 3)
    """
    from rapidfuzz.distance import Levenshtein

    def units(text: str) -> Sequence[str]:
        return text.split() if words else text.strip()

    given, wanted = units(hypothesis), [units(text) for text in references]
    pairs = [(Levenshtein.distance(given, one), len(one)) for one in wanted]
    return min(pairs, key=lambda pair: (pair[0] / max(pair[1], 1), pair[0]))


def score_systems(
    systems: Mapping[str, Texts],
    references: References,
    scorer: Scorer,
    bootstrap: int = BOOTSTRAP,
    seed: int = SEED,
) -> tuple[dict[str, dict], dict[str, dict[str, np.ndarray]]]:
    """Scores several systems, name -> one hypothesis a row, on the same resamples.

    Returns:
        Name -> `rows`, and the scorer's measures, each with its 95% interval: of
        "exact" that of Wilson, of the others from the resamples that sacreBLEU draws;
        name -> metric -> the scores of each resample `(bootstrap,)`.
    """
    if bootstrap < 0:
        raise UsageError(f"bootstrap is {bootstrap}; it must be 0 or more")
    rows = len(references)
    if not rows:
        raise PolyheadError("no rows to score: give a fuller file")
    for name, hypotheses in systems.items():
        if len(hypotheses) != rows:
            raise PolyheadError(
                f"{name}: {len(hypotheses)} hypotheses for {rows} references: "
                "score the rows that were read"
            )
    counts = {name: scorer.count(texts, references) for name, texts in systems.items()}
    tables = [table for by_metric in counts.values() for table in by_metric.values()]
    sums = iter(resample(tables, bootstrap, seed) if bootstrap else ())
    results: dict[str, dict] = {}
    draws: dict[str, dict[str, np.ndarray]] = {}
    for name in systems:
        results[name], draws[name] = {"rows": rows}, {}
        for metric, table in counts[name].items():
            total = table.sum(axis=0, keepdims=True)
            results[name][metric] = float(scorer.rate(metric, total)[0])
            if not bootstrap:
                continue
            draws[name][metric] = scorer.rate(metric, next(sums))
            found = interval(draws[name][metric])
            if metric == "exact":
                found = wilson(int(total[0, 0]), rows)
            results[name][f"{metric}_interval"] = found
    return results, draws


def score_by_length(
    pairs: Pairs, hypotheses: Texts, scorer: Scorer, bootstrap: int = 200
) -> list[dict]:
    """The scores of short and of long sources.

    Each bucket has its `shortest` and `longest` (characters of the source) and what
    `score_systems` gives. The buckets end at the same shares of the rows in every set,
    so that each has enough rows; sources of equal length share a bucket.
    """
    asked = merge_sources(pairs)
    answers = asked.pick(hypotheses)
    lengths = np.array([len(source) for source in asked.sources])
    ends = np.unique(np.quantile(lengths, LENGTH_SHARES, method="lower"))
    buckets = np.searchsorted(ends, lengths)
    rows = []
    for bucket in np.unique(buckets):
        places = np.flatnonzero(buckets == bucket).tolist()
        systems = {"run": [answers[place] for place in places]}
        references = [asked.references[place] for place in places]
        results, _ = score_systems(systems, references, scorer, bootstrap)
        shortest, longest = int(lengths[places].min()), int(lengths[places].max())
        rows.append({"shortest": shortest, "longest": longest} | results["run"])
    return rows


def write_predictions(
    path: Path, pairs: Pairs, hypotheses: Texts, lowercase: bool = False
) -> None:
    """Writes every hypothesis as CSV, the worst first by its own chrF++.

    The columns are `row` (in the data), `source`, `target`, `prediction` and `chrf`.
    A source that occurs several times is written once, its targets parted by " | ".
    """
    from sacrebleu.metrics import CHRF

    chrf = CHRF(word_order=2, lowercase=lowercase)
    asked = merge_sources(pairs)
    answers, targets = asked.pick(hypotheses), map(" | ".join, asked.references)
    columns = (pairs.rows[asked.first].tolist(), asked.sources, list(targets), answers)
    scores = [
        chrf.sentence_score(answer, references).score
        for answer, references in zip(answers, asked.references, strict=True)
    ]
    with replacing(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "source", "target", "prediction", "chrf"])
            for place in np.argsort(scores, kind="stable").tolist():
                row = [column[place] for column in columns]
                writer.writerow([*row, f"{scores[place]:.2f}"])

"""Scores of written texts: BLEU and chrF++ by sacreBLEU, intervals, worst mistakes."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..data.pairs import Pairs
from ..errors import PolyheadError, UsageError
from ..files import replacing
from ..scoring.bootstrap import SEED, interval, resample

Texts = Sequence[str]
BOOTSTRAP = 1000  # resamples, as many as sacreBLEU draws
LENGTH_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the rows, where buckets end

# Languages that put no spaces between words: 13a would count whole clauses as words.
_UNSPACED = {"zh": "zh", **dict.fromkeys(("ja", "ko", "th", "lo", "km", "my"), "char")}


def tokenizer_for(language: str | None) -> str:
    """The tokenizer that BLEU takes for a language where the user names none.

    It is sacreBLEU's own choice, except for Japanese and Korean: their tokenizers need
    packages that are not installed, so single characters are counted.

    Example:

    >>> from polyhead.apps.common.generation.scores import tokenizer_for
    >>> tokenizer_for("de"), tokenizer_for("zh-CN"), tokenizer_for(None)
    ('13a', 'zh', '13a')
    """
    short = (language or "").lower().replace("_", "-").split("-")[0]
    return _UNSPACED.get(short, "13a")


def main_score(hypotheses: Texts, references: Texts, scorer: "Scorer") -> float:
    """The scorer's main measure of hypotheses, one a row, without an interval."""
    results, _ = score_systems({"run": hypotheses}, references, scorer, bootstrap=0)
    return results["run"][scorer.main]


class Scorer:
    """BLEU and chrF++ in one setting, computed from each row's counts of matches.

    Both metrics need only sums of the rows' counts. So each row is counted once, and
    a resample is a sum. `tokenize`, a tokenizer of sacreBLEU, is for BLEU alone.
    """

    main = "bleu"  # the measure that decides
    titles: Mapping[str, str] = {"bleu": "BLEU", "chrf": "chrF++"}

    def __init__(self, tokenize: str = "13a", lowercase: bool = False):
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
        self.metrics = {"bleu": bleu, "chrf": CHRF(word_order=2, lowercase=lowercase)}

    def count(self, hypotheses: Texts, references: Texts) -> dict[str, np.ndarray]:
        """Each row's lengths and n-gram matches, float64 `(rows, counts)` a metric."""
        rows = hypotheses, [references]
        return {
            name: np.array(metric._extract_corpus_statistics(*rows), np.float64)
            for name, metric in self.metrics.items()
        }

    def rate(self, name: str, sums: np.ndarray) -> np.ndarray:
        """Scores, from 0 to 100, of each row of sums `(draws, counts)`."""
        rate = self.metrics[name]._compute_score_from_stats
        return np.array([rate(row).score for row in sums])

    def exact(self, hypotheses: Texts, references: Texts) -> float:
        """Share of rows that are right to the letter, spaces at the end aside."""
        sides = ([text.rstrip() for text in side] for side in (hypotheses, references))
        if self.lowercase:
            sides = ([text.lower() for text in side] for side in sides)
        return float(np.mean([a == b for a, b in zip(*sides, strict=True)]))

    def signatures(self, bootstrap: int = 0, seed: int = SEED) -> dict[str, str]:
        """How each metric was computed, in sacreBLEU's own form, for papers."""
        signatures = {}
        for name, metric in self.metrics.items():
            metric.num_refs = 1
            metric.n_bootstrap = bootstrap or None
            metric.seed = str(seed) if bootstrap else None
            key = "signature" if name == self.main else f"{name}_signature"
            signatures[key] = str(metric.get_signature())
        return signatures

    def describe(self) -> str:
        """How texts are scored, for the protocol."""
        case = "lowercased" if self.lowercase else "cased"
        return f"BLEU with tokenisation {self.tokenize}, {case}; chrF++ {case}"


def score_systems(
    systems: Mapping[str, Texts],
    references: Texts,
    scorer: Scorer,
    bootstrap: int = BOOTSTRAP,
    seed: int = SEED,
) -> tuple[dict[str, dict], dict[str, dict[str, np.ndarray]]]:
    """Scores several systems, name -> one hypothesis a row, on the same resamples.

    Returns:
        Name -> `rows`, `bleu`, `chrf` (chrF++) from 0 to 100, `bleu_interval` and
        `chrf_interval` (95%, from the resamples that sacreBLEU draws), and `exact`
        (share of rows that are right to the letter); name -> metric -> the scores of
        each resample `(bootstrap,)`.
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
    for name, hypotheses in systems.items():
        results[name], draws[name] = {"rows": rows}, {}
        for metric, table in counts[name].items():
            total = table.sum(axis=0, keepdims=True)
            results[name][metric] = float(scorer.rate(metric, total)[0])
            if bootstrap:
                draws[name][metric] = scorer.rate(metric, next(sums))
                results[name][f"{metric}_interval"] = interval(draws[name][metric])
        results[name]["exact"] = scorer.exact(hypotheses, references)
    return results, draws


def score_by_length(
    pairs: Pairs, hypotheses: Texts, scorer: Scorer, bootstrap: int = 200
) -> list[dict]:
    """The scores of short and of long sources.

    Each bucket has its `shortest` and `longest` (characters of the source) and what
    `score_systems` gives. The buckets end at the same shares of the rows in every set,
    so that each has enough rows; sources of equal length share a bucket.
    """
    lengths = np.array([len(source) for source in pairs.sources])
    ends = np.unique(np.quantile(lengths, LENGTH_SHARES, method="lower"))
    buckets = np.searchsorted(ends, lengths)
    rows = []
    for bucket in np.unique(buckets):
        places = np.flatnonzero(buckets == bucket).tolist()
        systems = {"run": [hypotheses[place] for place in places]}
        references = [pairs.targets[place] for place in places]
        results, _ = score_systems(systems, references, scorer, bootstrap)
        shortest, longest = int(lengths[places].min()), int(lengths[places].max())
        rows.append({"shortest": shortest, "longest": longest} | results["run"])
    return rows


def write_predictions(
    path: Path, pairs: Pairs, hypotheses: Texts, lowercase: bool = False
) -> None:
    """Writes every hypothesis as CSV, the worst first by its own chrF++.

    The columns are `row` (in the data), `source`, `target`, `prediction` and `chrf`.
    """
    from sacrebleu.metrics import CHRF

    chrf = CHRF(word_order=2, lowercase=lowercase)
    columns = (pairs.rows.tolist(), pairs.sources, pairs.targets, hypotheses)
    scores = [
        chrf.sentence_score(hypothesis, [target]).score
        for hypothesis, target in zip(hypotheses, pairs.targets, strict=True)
    ]
    with replacing(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "source", "target", "prediction", "chrf"])
            for place in np.argsort(scores, kind="stable").tolist():
                row = [column[place] for column in columns]
                writer.writerow([*row, f"{scores[place]:.2f}"])

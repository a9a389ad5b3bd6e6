"""The run beside its baselines: intervals, differences and plain words."""

from collections.abc import Mapping, Sequence

from ..common.alignment import align
from ..common.errors import PolyheadError
from ..common.generation.scores import BOOTSTRAP, METRICS, Scorer, score_systems
from ..common.scoring.bootstrap import SEED, interval
from .data import Dataset

FEWEST_ROWS = 20  # of fewer, resamples tell nothing about other sentences
SCORED_PAIRS = 1000  # of the validation part, after each epoch
_RUN = "this run"


def build_metrics(
    dataset: Dataset,
    hypotheses: Mapping[str, Sequence[str]],
    baselines: Mapping[str, dict],
    tokenize: str = "13a",
    lowercase: bool = False,
    decoding: str = "",
    bootstrap: int = BOOTSTRAP,
    seed: int = SEED,
) -> dict:
    """Scores a run beside its baselines.

    The run and its baselines are scored on the same resamples of the rows, so that
    their difference has an interval of its own (paired bootstrap).

    Args:
        dataset: where the references are.
        hypotheses: split ("test", "validation") to one translation a row. Baselines
            are compared on test where it is among them.
        baselines: what `run_baselines` gave for that split.
        tokenize: a tokenizer of sacreBLEU, for BLEU alone.
        lowercase: whether case is ignored.
        decoding: how the run translated, such as "beam size 5, length penalty 1".
        bootstrap: number of resamples; 0 for no intervals.
        seed: of the resamples.

    Returns:
        The content of metrics.json, without `train`.

    Raises:
        PolyheadError: nothing to score, or rows that do not match.
        UsageError: a tokenizer that sacreBLEU does not have.

    Reference:
        Koehn, Statistical Significance Tests for Machine Translation Evaluation,
        https://aclanthology.org/W04-3250
    """
    scorer = Scorer(tokenize, lowercase)
    splits = [split for split in ("test", "validation") if split in hypotheses]
    if not splits:
        raise PolyheadError("no translations of test or validation to score")
    metrics: dict = {}
    for split in splits:
        pairs = getattr(dataset, split)
        systems = {_RUN: hypotheses[split]}
        if split == splits[0]:
            _check(baselines, split)
            systems |= {name: b["hypotheses"] for name, b in baselines.items()}
        try:
            found, draws = score_systems(
                systems, pairs.targets, scorer, bootstrap, seed
            )
        except PolyheadError as error:
            raise PolyheadError(f"{pairs.source}: {error}") from error
        metrics[split] = found.pop(_RUN)
        if split == splits[0]:
            results, all_draws = found, draws
    ours = metrics[splits[0]]
    metrics["baselines"] = {
        name: {
            **{k: v for k, v in baselines[name].items() if k != "hypotheses"},
            **{k: v for k, v in result.items() if k != "rows"},
            **_compare(name, ours, result, all_draws),
        }
        for name, result in results.items()
    }
    metrics["protocol"] = _protocol(dataset, splits[0], baselines, scorer, decoding)
    if bootstrap:
        metrics["protocol"] += (
            f"; 95% intervals from {bootstrap} bootstrap resamples of the rows, "
            "the same for the run and its baselines"
        )
    metrics["signature"] = scorer.signature("bleu", bootstrap, seed)
    metrics["chrf_signature"] = scorer.signature("chrf", bootstrap, seed)
    return metrics


def _check(baselines, split):
    for name, baseline in baselines.items():
        if baseline["split"] != split:
            raise PolyheadError(
                f"{name} translated {baseline['split']}, the run {split}: "
                "compare them on the same rows"
            )


def _compare(name, ours, theirs, draws) -> dict:
    value = ours["bleu"] - theirs["bleu"]
    difference = {"metric": "bleu", "value": value}
    if draws[name]:
        difference["interval"] = interval(draws[_RUN]["bleu"] - draws[name]["bleu"])
    words = describe_difference(name, value, difference.get("interval"), ours["rows"])
    return {"difference": difference, "verdict": words}


def describe_difference(
    name: str, difference: float, interval: Sequence[float] | None, rows: int
) -> str:
    """Says in plain words whether the run is above a baseline.

    Example:

    >>> from polyhead.apps.translation.comparison import describe_difference
    >>> describe_difference("nearest", -2.04, (-3.1, -0.9), 1000)
    'below nearest by 2.0 BLEU (95% interval -3.1 to -0.9)'
    """
    if interval is None:
        return f"{difference:+.1f} BLEU against {name}; no interval, so no claim"
    low, high = interval
    within = f"95% interval {low:+.1f} to {high:+.1f}"
    if rows < FEWEST_ROWS:
        return (
            f"{rows} rows are too few to tell this run from {name} "
            f"({difference:+.1f} BLEU)"
        )
    if low > 0 or high < 0:
        side = "above" if low > 0 else "below"
        return f"{side} {name} by {abs(difference):.1f} BLEU ({within})"
    return (
        f"no difference from {name} that the data can show "
        f"({difference:+.1f} BLEU, {within})"
    )


def _protocol(dataset, split, baselines, scorer, decoding) -> str:
    rows = len(dataset.validation.sources)
    sampled = f" (the epoch on {SCORED_PAIRS} of them)" if rows > SCORED_PAIRS else ""
    parts = [
        f"trained on {len(dataset.train.sources)} pairs of train; every choice "
        f"(epoch, settings) made on {rows} pairs of validation{sampled}, decoded "
        "greedily"
    ]
    if split == "test":
        parts.append(f"scored on all {len(dataset.test.sources)} pairs of test")
    else:
        parts.append(
            "no test data, so scores are on the pairs the choices were made on"
        )
    case = "lowercased" if scorer.lowercase else "cased"
    parts.append(f"BLEU with tokenisation {scorer.tokenize}, {case}; chrF++ {case}")
    if decoding:
        parts.append(f"decoding: {decoding}")
    if baselines:
        parts.append(f"baselines: {', '.join(baselines)}, on the same rows")
    parts += [
        f"{name} searched a sample of {baseline['train_rows']} pairs"
        for name, baseline in baselines.items()
        if baseline.get("sampled")
    ]
    return "; ".join(parts)


def format_table(metrics: dict) -> str:
    """Shows the run and its baselines in one table, and says who is ahead.

    Args:
        metrics: what `build_metrics` gave, or metrics.json.

    Returns:
        Text of several lines.
    """
    split = "test" if "test" in metrics else "validation"
    ours = metrics[split]
    baselines = metrics.get("baselines", {})
    rows = [["", "BLEU", "chrF++", "exact"]]
    for name, scores in {_RUN: ours, **baselines}.items():
        cells = [_cell(scores, metric) for metric in METRICS]
        rows.append([name, *cells, f"{scores['exact']:.4f}"])
    lines = [f"{split}, {ours['rows']} rows", *align(rows)]
    lines += [baseline["verdict"] for baseline in baselines.values()]
    if split == "validation":
        lines.append("no test data: choices were made on these rows, expect less")
    lines.append(metrics["signature"])
    return "\n".join(lines)


def _cell(scores, name) -> str:
    text = f"{scores[name]:.2f}"
    if f"{name}_interval" in scores:
        low, high = scores[f"{name}_interval"]
        text += f" ({low:.1f}-{high:.1f})"
    return text

"""A run that writes texts beside its baselines: intervals, verdicts and the table."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import PolyheadError
from ..scoring.bootstrap import interval
from ..scoring.comparison import (
    RUN,
    Column,
    describe_difference,
    describe_samples,
    describe_scored,
    format_table,
    remark_on_validation,
)
from .scores import BOOTSTRAP, Scorer, score_systems

SCORED_PAIRS = 1000  # of the validation split, after each epoch
COLUMNS = [
    *(Column(key, title, "{:.2f}", "{:.1f}") for key, title in Scorer.titles.items()),
    Column("exact", "exact", "{:.4f}"),
]


def build_metrics(
    dataset: Any,
    hypotheses: Mapping[str, Sequence[str]],
    baselines: Mapping[str, dict],
    scorer: Scorer,
    decoding: str = "",
    bootstrap: int = BOOTSTRAP,
) -> dict:
    """Scores a run beside its baselines; gives metrics.json, without `train`.

    The run and its baselines are scored on the same resamples of the rows, so that
    their difference has an interval of its own (paired bootstrap).

    Args:
        dataset: with the `Pairs` of `train`, `validation` and `test`.
        hypotheses: split -> one text a row. Baselines are compared on "test", or on
            "validation" where there is no test.
        baselines: name -> the `split` that a baseline answered, its `hypotheses`, and
            what else metrics.json says of it.
        decoding: how the run decoded, such as "beam size 5, length penalty 1".
        bootstrap: number of resamples; 0 for no intervals.

    Reference: Koehn, Statistical Significance Tests for Machine Translation
    Evaluation, https://aclanthology.org/W04-3250
    """
    splits = [split for split in ("test", "validation") if split in hypotheses]
    if not splits:
        raise PolyheadError("no hypotheses for test or validation to score")
    compared, main = splits[0], scorer.main
    for name, baseline in baselines.items():
        if baseline["split"] != compared:
            raise PolyheadError(
                f"{name} answered {baseline['split']}, the run {compared}: "
                "compare them on the same rows"
            )
    scores, draws = {}, {}
    for split in splits:
        systems = {RUN: hypotheses[split]}
        if split == compared:
            systems |= {name: b["hypotheses"] for name, b in baselines.items()}
        pairs = getattr(dataset, split)
        try:
            scores[split], draws[split] = score_systems(
                systems, pairs.targets, scorer, bootstrap
            )
        except PolyheadError as error:
            raise PolyheadError(f"{pairs.source}: {error}") from error
    metrics: dict = {split: scores[split][RUN] for split in splits}
    metrics["baselines"] = {}
    for name, baseline in baselines.items():
        values = scores[compared]
        difference = {"metric": main, "value": values[RUN][main] - values[name][main]}
        if bootstrap:
            runs, others = (draws[compared][system][main] for system in (RUN, name))
            difference["interval"] = interval(runs - others)
        size = difference["value"], difference.get("interval")
        unit, rows = scorer.titles[main], values[RUN]["rows"]
        verdict = describe_difference(name, *size, unit, rows)
        entry = baseline | values[name]
        entry |= {"difference": difference, "verdict": verdict}
        kept = {k: v for k, v in entry.items() if k not in ("hypotheses", "rows")}
        metrics["baselines"][name] = kept
    metrics["protocol"] = _protocol(dataset, compared, baselines, scorer, decoding)
    if bootstrap:
        metrics["protocol"] += (
            f"; 95% intervals from {bootstrap} bootstrap resamples of the rows, "
            "the same for the run and its baselines"
        )
    return metrics | scorer.signatures(bootstrap)


def _protocol(
    dataset: Any, split: str, baselines: Mapping, scorer: Scorer, decoding: str
) -> str:
    rows = len(dataset.validation.sources)
    sampled = f" (the epoch on {SCORED_PAIRS} of them)" if rows > SCORED_PAIRS else ""
    parts = [
        f"trained on {len(dataset.train.sources)} pairs of train; every choice "
        f"(epoch, settings) made on {rows} pairs of validation{sampled}, decoded "
        "greedily",
        describe_scored(split, len(getattr(dataset, split).sources), "pairs"),
        scorer.describe(),
    ]
    if decoding:
        parts.append(f"decoding: {decoding}")
    if baselines:
        parts.append(f"baselines: {', '.join(baselines)}, on the same rows")
    return "; ".join([*parts, *describe_samples(baselines, "searched", "pairs")])


def describe_decoding(beam_size: int, length_penalty: float) -> str:
    """How a run decoded, for the protocol."""
    if beam_size == 1:
        return "greedy decoding"
    return f"beam size {beam_size}, length penalty {length_penalty:g}"


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """The table of a run and its baselines, from the content of metrics.json."""
    remarks = [*remark_on_validation(metrics), metrics["signature"]]
    return format_table(metrics, COLUMNS, remarks=remarks)

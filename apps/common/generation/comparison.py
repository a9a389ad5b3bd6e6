"""A run that writes texts beside its baselines: intervals, verdicts and the table."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.row_hashes import fingerprint_rows
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
    scored_split,
)
from .questions import Questions, merge_sources
from .scores import BOOTSTRAP, TITLES, UNITS, Scorer, score_systems

SCORED_PAIRS = 1000  # sources of the validation split, after each epoch
FORMS = {"bleu": ("{:.2f}", "{:.1f}"), "chrf": ("{:.2f}", "{:.1f}")}
COLUMNS = {
    key: Column(key, title, *FORMS.get(key, ("{:.4f}",)))
    for key, title in TITLES.items()
}


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
        hypotheses: split -> one text a pair. Baselines are compared on "test", or on
            "validation" where there is no test. Pairs with the same source are scored
            as one row, against all of their targets; its text is that of the first.
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
    scores, draws, asked = {}, {}, {}
    for split in splits:
        systems = {RUN: hypotheses[split]}
        if split == compared:
            systems |= {name: b["hypotheses"] for name, b in baselines.items()}
        pairs = getattr(dataset, split)
        asked[split] = merge_sources(pairs)
        try:
            systems = _pick_first(systems, asked[split])
            scores[split], draws[split] = score_systems(
                systems, asked[split].references, scorer, bootstrap
            )
        except PolyheadError as error:
            raise PolyheadError(f"{pairs.source}: {error}") from error
    metrics: dict = {split: scores[split][RUN] for split in splits}
    for split in splits:
        rows = getattr(dataset, split).known_as
        metrics[split]["fingerprint"] = fingerprint_rows(rows)
    metrics["baselines"] = {}
    for name, baseline in baselines.items():
        values = scores[compared]
        difference = {"metric": main, "value": values[RUN][main] - values[name][main]}
        if bootstrap:
            runs, others = (draws[compared][system][main] for system in (RUN, name))
            difference["interval"] = interval(runs - others)
        verdict = _verdict(name, difference, values[RUN], scorer)
        entry = baseline | values[name]
        entry |= {"difference": difference, "verdict": verdict}
        kept = {k: v for k, v in entry.items() if k not in ("hypotheses", "rows")}
        metrics["baselines"][name] = kept
    metrics["protocol"] = _protocol(dataset, compared, baselines, scorer, decoding)
    if bootstrap:
        metrics["protocol"] += (
            f"; 95% intervals from {bootstrap} bootstrap resamples of the rows, "
            "the same for the run and its baselines; of exact by Wilson"
        )
    counts = [len(texts) for texts in asked[compared].references]
    signatures = scorer.signatures(bootstrap, most=max(counts), fewest=min(counts))
    return metrics | {"main": main} | signatures


def _pick_first(
    systems: Mapping[str, Sequence[str]], asked: Questions
) -> dict[str, Sequence[str]]:
    """What each system answers to each source; one answer a pair is given."""
    pairs = len(asked.of_pair)
    for name, texts in systems.items():
        if len(texts) != pairs:
            raise PolyheadError(
                f"{name}: {len(texts)} hypotheses for {pairs} references: "
                "score the rows that were read"
            )
    return {name: asked.pick(texts) for name, texts in systems.items()}


def _verdict(name: str, difference: Mapping, values: Mapping, scorer: Scorer) -> str:
    """Whether the run is better than a baseline by the measure that decides."""
    points, main = scorer.points, scorer.main
    ends = difference.get("interval")
    return describe_difference(
        name,
        points * difference["value"],
        ends and [points * end for end in ends],
        UNITS[main],
        values["rows"],
        points * values[main],
    )


def _protocol(
    dataset: Any, split: str, baselines: Mapping, scorer: Scorer, decoding: str
) -> str:
    rows = len(dataset.validation.sources)
    sampled = f" (the epoch on {SCORED_PAIRS} of them)" if rows > SCORED_PAIRS else ""
    trained, chosen = len(dataset.train.sources), f"{rows} pairs of validation{sampled}"
    choices = f"every choice (epoch, settings) made on {chosen}, decoded greedily"
    parts = [
        # Else only the test pairs are known.
        *([f"trained on {trained} pairs of train; {choices}"] if trained else []),
        describe_scored(split, len(getattr(dataset, split).sources), "pairs"),
        *_describe_questions(getattr(dataset, split)),
        scorer.describe(),
    ]
    if decoding:
        parts.append(f"decoding: {decoding}")
    if baselines:
        parts.append(f"baselines: {', '.join(baselines)}, on the same rows")
    return "; ".join([*parts, *describe_samples(baselines, "searched", "pairs")])


def _describe_questions(pairs: Any) -> list[str]:
    """The line of the protocol on pairs that share their source."""
    sources = len(set(pairs.sources))
    if sources == len(pairs.sources):
        return []
    return [f"{sources} different sources, each scored once against all its targets"]


def describe_decoding(beam_size: int, length_penalty: float) -> str:
    """How a run decoded, for the protocol."""
    if beam_size == 1:
        return "greedy decoding"
    return f"beam size {beam_size}, length penalty {length_penalty:g}"


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """The table of a run and its baselines, from the content of metrics.json."""
    main = metrics.get("main", "bleu")  # of versions that had this measure alone
    order = list(COLUMNS) if main == "bleu" else [main, *reversed(COLUMNS)]
    columns = [COLUMNS[key] for key in dict.fromkeys(order)]
    remarks = [*remark_on_validation(metrics), *_remark_on_bleu(metrics)]
    return format_table(metrics, columns, remarks=[*remarks, metrics["signature"]])


def _remark_on_bleu(metrics: Mapping[str, Any]) -> list[str]:
    """The remark on a BLEU of 0 beside another score that is not 0."""
    scores = metrics[scored_split(metrics)]
    if scores["bleu"] or not (scores["chrf"] or scores["exact"]):
        return []
    return ["BLEU counts runs of four words, and is 0 without a right one"]

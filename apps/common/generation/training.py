"""Training a text-to-text model: batches, optimizer, and its scores on validation."""

from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np

from ..augmentation.epochs import fit_augmentation, make_augmentation
from ..data.pairs import Pairs, choose
from ..data.splits import sample_rows
from ..errors import PolyheadError
from ..quiet import Terminal
from ..run.checkpoint import read_values
from ..run.compiled import CompiledFunction
from ..run.schedules import InverseSquareRoot, cooled_at_end
from ..run.settings import Length
from ..run.trainer import Training, Validation
from ..text.byte_pieces import Tokenizer
from ..text.limits import SHARE, fit_bytes, fit_tokens
from ..text.units import choose_tokenizer, fit_vocabulary
from .batches import count_pieces, cut_batches, find_fitting, pair_batches
from .comparison import SCORED_PAIRS
from .losses import TrainedModel, smoothed_cross_entropy
from .measure import choose_measure
from .model import TextModel
from .questions import merge_sources
from .scores import Scorer, main_score
from .serving.serving import FREE_PIECES, MIN_OUTPUT_RATIO, Serving

SAMPLES = 3  # answers that are shown after each epoch
BYTES = "max_input_bytes", "max_output_bytes"  # settings of sources and targets
TOKENS = "max_tokens", "max_output_tokens"
FEWEST_BATCHES = 32  # of an epoch, where there are enough pairs
SMALLEST_BATCH, LARGEST_BATCH = 256, 4096  # tokens


def fit_tokenizer(config: Any, pairs: Pairs) -> Any:
    """Fills `tokenizer` and `vocabulary_size` from the pairs of training."""
    tokenizer = config.tokenizer or choose_tokenizer(pairs.sources, pairs.targets)
    texts = [*pairs.sources, *pairs.targets]
    size = config.vocabulary_size or fit_vocabulary(texts, tokenizer)
    return replace(config, tokenizer=tokenizer, vocabulary_size=size)


def fit_limits(config: Any, pieces: np.ndarray, pairs: Pairs) -> Any:
    """Fills the limits of texts that are None, from the pairs of training.

    An answer may have twice as many pieces as its source, and a few more. Where the
    data have longer ones, it may be half again as long as all but 0.5% of the pairs
    need. A file's texts, in bytes, hold 99.5% of the sources and of the targets, and so
    does what the model reads, in `pieces (pairs, 2)`.
    """
    limits: dict[str, Any] = {}
    # One limit that is given is that of both sides, as it was in older versions.
    if config.max_output_tokens is None and config.max_tokens is not None:
        config = replace(config, max_output_tokens=config.max_tokens)
    for name, texts in zip(BYTES, (pairs.sources, pairs.targets), strict=True):
        if getattr(config, name) is None:
            limits[name] = fit_bytes(texts)
    for name, lengths in zip(TOKENS, pieces.T, strict=True):
        if getattr(config, name) is None:
            limits[name] = fit_tokens(lengths)
    config = replace(config, **limits)
    if config.max_output_ratio is None:
        # Longer pairs are left out of training; the end symbol ends a source.
        fitting = pieces[find_fitting(config, pieces)]
        needed = (fitting[:, 1] - FREE_PIECES) / (fitting[:, 0] + 1)
        usual = 1.5 * float(np.quantile(needed, SHARE)) if len(needed) else 0.0
        ratio = max(MIN_OUTPUT_RATIO, round(usual, 1))
        config = replace(config, max_output_ratio=ratio)
    return config


def fit_batches(config: Any, pieces: np.ndarray, length: Length) -> Any:
    """Fills the size of a batch, and the epochs, so that there are steps enough.

    Of few pairs a batch is small, so that an epoch has at least 32 of them.
    """
    kept = pieces[find_fitting(config, pieces)].max(axis=1) + 1
    if config.tokens_per_batch is None:
        size = 2 ** int(np.log2(max(kept.sum() / FEWEST_BATCHES, 1)))
        size = min(max(size, SMALLEST_BATCH), LARGEST_BATCH)
        config = replace(config, tokens_per_batch=size)
    order = np.sort(kept)
    batches = cut_batches(np.arange(len(order)), order, config.tokens_per_batch)
    return length.fit(config, -(-len(batches) // config.accumulate))


def fit_measure(config: Any, pairs: Pairs) -> Any:
    """Fills what of `measure` and `tokenize` is None, from the targets of training."""
    chosen = choose_measure(pairs.targets, config.target_language)
    return replace(
        config,
        measure=config.measure or chosen.main,
        tokenize=config.tokenize or chosen.tokenize,
    )


def fit_to_pairs(
    config: Any, tokenizer: Tokenizer, pairs: Pairs, length: Length
) -> Any:
    """Fills all that the pairs of training decide."""
    pieces = count_pieces(tokenizer, pairs)
    config = fit_augmentation(fit_tokenizer(config, pairs), pairs)
    config = fit_limits(config, pieces, pairs)
    return fit_measure(fit_batches(config, pieces, length), pairs)


def train_pairs(
    config: Any, tokenizer: Tokenizer, pairs: Pairs, model: TextModel
) -> Training:
    """The compiled model, which has its first weights, and its epochs' batches."""
    augment = make_augmentation(config, pairs)
    make_epoch = pair_batches(config, tokenizer, pairs, augment)
    first = make_epoch(0)
    # Keras counts batches here, of which an update may take several.
    batches, accumulate = config.epochs * len(first), config.accumulate
    warmup = min(config.warmup_steps * accumulate, batches // 4)
    ema = min(config.ema, 1 - 10 * accumulate / max(batches, 20))
    ema = max(ema, 0.0) ** (1 / accumulate)
    optimizer = keras.optimizers.Adam(
        cooled_at_end(InverseSquareRoot(config.learning_rate, warmup), batches),
        beta_2=0.98,
        weight_decay=config.weight_decay or None,  # AdamW, or without that cost
        global_clipnorm=1.0,
        use_ema=ema > 0,
        ema_momentum=ema or 0.99,
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
    )
    trained = TrainedModel(model, config.label_smoothing)
    trained.compile(optimizer)
    rows, padding = len(pairs.sources), f"{100 * first.padding:.1f}%"
    facts = {"parameters": model.count_params(), "precision": model.dtype_policy.name}
    sizes = {"pieces": len(tokenizer.pieces), "pieces_an_epoch": first.tokens}
    return Training(
        trained,
        make_epoch,
        steps=len(first),
        rows=rows,
        tokens=first.tokens,
        count_tokens=count_tokens,
        facts={"padding": round(first.padding, 4), **facts},
        estimate={**sizes, "padding": padding},
        notes=[f"{rows} pairs, {first.tokens} pieces an epoch, {padding} padding"],
    )


def count_tokens(batch: Any) -> int:
    """The pieces in a batch of pairs, both sides, padding not counted."""
    (source, _), following = batch
    return int((source > 0).sum() + (following > 0).sum())


def validate_pairs(
    config: Any, model: TextModel, tokenizer: Tokenizer, pairs: Pairs, scorer: Scorer
) -> Validation:
    """Measures a model on the validation pairs; see `Score` for the arguments."""
    score = Score(config, model, tokenizer, pairs, scorer)

    def make_callbacks(terminal: Terminal | None, path: Path) -> list:
        callbacks: list = []
        if terminal is not None:
            show = lambda *epoch: print_samples(score, terminal.err)  # noqa: E731
            callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=show))
        if config.tensorboard:
            callbacks.append(keras.callbacks.TensorBoard(path / "logs"))
        return callbacks

    by_loss = config.monitor == "loss"
    used, most = len(score.asked.sources), len(set(pairs.sources))
    of_them = "" if used == most else f" of {used:,} of {most:,} sources"
    beam = f", not beam size {config.beam_size}" if config.beam_size > 1 else ""
    return Validation(
        score,
        "loss" if by_loss else scorer.main,
        larger_is_better=not by_loss,
        shown=("val_loss", f"val_{scorer.main}"),
        callbacks=make_callbacks,
        # So that a model gets better before its first answer is right.
        tie_breaker=None if by_loss else "loss",
        how=f"greedy decoding{of_them}{beam}",
    )


class Score:
    """Measures a model on validation pairs: its loss, and its answers' main score.

    `model`, of the shape of the one that is trained, computes in float32. Of very many
    sources, a seeded sample is used, with all pairs of each.
    """

    def __init__(
        self,
        config: Any,
        model: TextModel,
        tokenizer: Tokenizer,
        pairs: Pairs,
        scorer: Scorer,
    ) -> None:
        self.serving = Serving(model, tokenizer, config)
        asked = merge_sources(pairs)
        used = sample_rows(len(asked.sources), SCORED_PAIRS, config.seed)
        chosen = choose(pairs, np.flatnonzero(np.isin(asked.of_pair, used)))
        self.asked = merge_sources(chosen)
        plain = replace(config, piece_dropout=0.0)
        self.batches = pair_batches(plain, tokenizer, chosen)(0)
        self.scorer = scorer
        self.hypotheses: list[str] = []

        def loss(weights: Any, source: Any, target: Any, following: Any) -> Any:
            with self.serving.scope(weights):
                memory, mask = model.encode(source, training=False)
                x = model.decode(target, memory, mask, training=False)
                table = model.embedding.embedding.embeddings
                return smoothed_cross_entropy(x, table, following)

        self.loss = CompiledFunction(loss, self.serving.weights, ("int32",) * 3)

    def __call__(self, trained: TrainedModel) -> dict[str, float]:
        weights = read_values(trained.inner.weights)
        self.serving.set_weights(weights)
        self.loss.set_weights(weights)
        total, count = 0.0, 0
        for (source, target), following in self.batches:
            pieces = int((following > 0).sum())
            total += pieces * float(self.loss(source, target, following))
            count += pieces
        loss = total / max(count, 1)
        if not np.isfinite(loss):
            raise PolyheadError(
                "the loss is not finite any more: train again with --overwrite and a "
                "lower rate, such as --set learning_rate=0.001"
            )
        rows = self.serving.generate(self.asked.sources)
        self.hypotheses = [row[0].text.decode("utf-8", "replace") for row in rows]
        main = main_score(self.hypotheses, self.asked.references, self.scorer)
        return {"loss": loss, self.scorer.main: main}


def print_samples(score: Score, stream: TextIO) -> None:
    """Prints a few validation sources and their answers."""
    asked, count = score.asked, len(score.asked.sources)
    for row in sorted({count * k // SAMPLES for k in range(SAMPLES)}):
        wanted = " or ".join(repr(text[:100]) for text in asked.references[row])
        print(f"  {asked.sources[row][:100]!r}", file=stream)
        print(f"    gives {score.hypotheses[row][:100]!r}", file=stream)
        print(f"    wants {wanted}", file=stream)

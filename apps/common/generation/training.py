"""Training a text-to-text model: batches, optimizer, and its scores on validation."""

from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np

from ..data.pairs import Pairs, choose
from ..data.splits import sample_rows
from ..errors import PolyheadError
from ..quiet import Terminal
from ..run.checkpoint import read_values
from ..run.compiled import CompiledFunction
from ..run.schedules import InverseSquareRoot
from ..run.trainer import Training, Validation
from ..text.byte_pieces import Tokenizer
from .batches import pair_batches
from .comparison import SCORED_PAIRS
from .losses import TrainedModel, smoothed_cross_entropy
from .model import TextModel
from .scores import Scorer, main_score
from .serving import MIN_OUTPUT_RATIO, Serving

SAMPLES = 3  # answers that are shown after each epoch


def fit_output_ratio(config: Any, dataset: Any) -> Any:
    """Fills `max_output_ratio` where it is None, from the pairs of `dataset.train`.

    Answers may be twice as long as their source. Where the data have longer ones, they
    may be half again as long as all but 0.5% of the pairs are.
    """
    if config.max_output_ratio is not None:
        return config
    pairs = zip(dataset.train.sources, dataset.train.targets, strict=True)
    ratios = [len(t.encode()) / (len(s.encode()) + 10) for s, t in pairs]
    usual = 1.5 * float(np.quantile(ratios, 0.995)) if ratios else 0.0
    return replace(config, max_output_ratio=max(MIN_OUTPUT_RATIO, round(usual, 1)))


def train_pairs(
    config: Any, tokenizer: Tokenizer, pairs: Pairs, model: TextModel
) -> Training:
    """The compiled model, which has its first weights, and its epochs' batches."""
    make_epoch = pair_batches(config, tokenizer, pairs)
    first = make_epoch(0)
    # Keras counts batches here, of which an update may take several.
    batches, accumulate = config.epochs * len(first), config.accumulate
    warmup = min(config.warmup_steps * accumulate, batches // 4)
    ema = min(config.ema, 1 - 10 * accumulate / max(batches, 20))
    ema = max(ema, 0.0) ** (1 / accumulate)
    optimizer = keras.optimizers.Adam(
        InverseSquareRoot(config.learning_rate, warmup),
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

    return Validation(
        score,
        config.monitor,
        larger_is_better=config.monitor != "loss",
        shown=("val_loss", f"val_{scorer.main}"),
        callbacks=make_callbacks,
    )


class Score:
    """Measures a model on validation pairs: its loss, and its answers' main score.

    `model`, of the shape of the one that is trained, computes in float32. Of very many
    pairs, a seeded sample is used.
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
        rows = sample_rows(len(pairs.sources), SCORED_PAIRS, config.seed)
        self.pairs = choose(pairs, rows)
        plain = replace(config, piece_dropout=0.0)
        self.batches = pair_batches(plain, tokenizer, self.pairs)(0)
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
        rows = self.serving.generate(self.pairs.sources)
        self.hypotheses = [row[0][0].decode("utf-8", "replace") for row in rows]
        main = main_score(self.hypotheses, self.pairs.targets, self.scorer)
        return {"loss": loss, self.scorer.main: main}


def print_samples(score: Score, stream: TextIO) -> None:
    """Prints a few validation sources and their answers."""
    pairs, count = score.pairs, len(score.pairs.sources)
    for row in sorted({count * k // SAMPLES for k in range(SAMPLES)}):
        print(f"  {pairs.sources[row][:100]!r}", file=stream)
        print(f"    gives {score.hypotheses[row][:100]!r}", file=stream)
        print(f"    wants {pairs.targets[row][:100]!r}", file=stream)

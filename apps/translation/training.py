"""Training a translator from its configuration."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np

from ..common.checkpoint import read_values
from ..common.compiling import CompiledFunction
from ..common.config import load_config
from ..common.errors import UsageError
from ..common.progress import ProgressBar
from ..common.quiet import quiet as quietly
from ..common.run_folder import check_run, prepare
from ..common.tokenizer import Tokenizer
from ..common.training import InverseSquareRoot, choose_precision
from ..common.training import train as fit
from .batches import training_batches
from .config import PRESETS, Config
from .data import Dataset, Pairs, load_data
from .evaluate import score as score_translations
from .losses import TrainedTranslator, smoothed_cross_entropy
from .model import Translator, build_model
from .run import TASK, Run, measure, save_run
from .serving import Serving

SCORED_PAIRS = 1000  # of the validation part, after each epoch
SAMPLES = 3  # translations that are shown
MEASURED_STEPS = 8  # of training, for --dry-run's estimate
MONITORS = {"bleu": True, "loss": False}  # whether larger is better
# What an old run's weights fix.
SHAPE_FIELDS = (
    "preset",
    "encoder_layers",
    "decoder_layers",
    "hidden_dim",
    "feedforward_dim",
    "num_heads",
    "norm_position",
    "activation",
    "case_fold",
)


def resolve(config: Config) -> Config:
    """Fills what the preset, or the older run to begin with, decides."""
    if config.init_from:
        check_run(config.init_from)
        old = load_config(Config, TASK, Path(config.init_from) / "config.json")
        shape: dict[str, Any] = {name: getattr(old, name) for name in SHAPE_FIELDS}
        config = replace(config, **shape)
    if config.preset not in PRESETS:
        raise UsageError(f"preset {config.preset!r}: one of {', '.join(PRESETS)}")
    if config.monitor not in MONITORS:
        raise UsageError(f"monitor {config.monitor!r}: one of {', '.join(MONITORS)}")
    missing: dict[str, Any] = {
        name: value
        for name, value in PRESETS[config.preset].items()
        if getattr(config, name) is None
    }
    return replace(config, **missing)


def train(
    config: Config,
    overwrite: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> Run | dict:
    """Trains a translator and measures it.

    Args:
        config: what to train, on what, and where to write.
        overwrite: replace a finished run in the folder.
        dry_run: read the data, time a few steps, write nothing.
        verbose: show the libraries' messages.
        quiet: show no progress.

    Returns:
        The finished `Run`, or with `dry_run` a report.

    Raises:
        PolyheadError: the data or the folder cannot be used.
        UsageError: the settings are wrong, or the folder has another run.
    """
    config = resolve(config)
    with quietly(verbose) as terminal:
        dataset = load_data(config)
        if dry_run:
            return dataset.report | estimate(config, dataset)
        with prepare(TASK, config, overwrite) as folder:
            if folder.resumed and not quiet:
                print(f"resuming {folder.path}", file=terminal.err)
            for warning in dataset.report["warnings"] if not quiet else ():
                print(f"note: {warning}", file=terminal.err)
            _train(config, dataset, folder.path, None if quiet else terminal)
            run = Run(folder.path)
            measure(run, dataset, baselines={})
            folder.finish()
            # It served to resume; it is several times the model's size.
            shutil.rmtree(folder.path / "checkpoint", ignore_errors=True)
        return run


def _train(config, dataset, path, terminal) -> None:
    """Trains and writes the run's files."""
    if config.deterministic and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    tokenizer = make_tokenizer(config, dataset)
    model, make_epoch = make_training(config, dataset, tokenizer)
    final = build_model(config, len(tokenizer.pieces))
    score = Score(config, final, tokenizer, dataset.validation)
    first = make_epoch(0)
    callbacks: list[keras.callbacks.Callback] = []
    if terminal is not None:
        print(
            f"{len(dataset.train.sources)} pairs, {first.tokens} pieces an epoch, "
            f"{100 * first.padding:.1f}% padding",
            file=terminal.err,
        )
        shown = ["loss", "val_loss", "val_bleu"]
        callbacks.append(ProgressBar(terminal.err, config.epochs, len(first), shown))
        callbacks.append(Samples(score, terminal.err))
    if config.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(path / "logs"))
    state = fit(
        model,
        make_epoch,
        config.epochs,
        score,
        config.monitor,
        path / "checkpoint",
        config.patience,
        larger_is_better=MONITORS[config.monitor],
        callbacks=callbacks,
    )
    epochs = len(state.history)
    facts = {
        "seconds": round(state.seconds, 1),
        "examples_per_second": round(
            len(dataset.train.sources) * epochs / max(state.seconds, 1e-9), 1
        ),
        "tokens_per_second": round(first.tokens * epochs / max(state.seconds, 1e-9)),
        "padding": round(float(first.padding), 4),
        "epochs": epochs,
        "best_epoch": state.best_epoch + 1,
    }
    final.set_weights(read_values(model.translator.weights))
    save_run(path, final, tokenizer, {"train": facts})


def make_tokenizer(config: Config, dataset: Dataset) -> Tokenizer:
    """The older run's, or one learned from both sides of the training pairs."""
    if config.init_from:
        return Tokenizer.load(Path(config.init_from) / "tokenizer.json")
    texts = [*dataset.train.sources, *dataset.train.targets]
    return Tokenizer.learn(texts, config.vocabulary_size, config.case_fold, config.seed)


def make_training(config: Config, dataset: Dataset, tokenizer: Tokenizer):
    """The compiled model, and its epochs' batches."""
    keras.utils.set_random_seed(config.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(config.mixed_precision))
    try:
        translator = build_model(config, len(tokenizer.pieces))
    finally:
        keras.config.set_dtype_policy(policy)
    if config.init_from:
        old = keras.saving.load_model(
            Path(config.init_from) / "model.keras", compile=False
        )
        translator.set_weights(old.get_weights())
    model = TrainedTranslator(translator, config.label_smoothing)
    optimizer = keras.optimizers.AdamW(
        InverseSquareRoot(config.learning_rate, config.warmup_steps),
        beta_2=0.98,
        weight_decay=config.weight_decay,
        global_clipnorm=1.0,
        use_ema=config.ema > 0,
        ema_momentum=config.ema or 0.99,
        gradient_accumulation_steps=config.accumulate
        if config.accumulate > 1
        else None,
    )
    model.compile(optimizer)
    return model, training_batches(config, tokenizer, dataset.train)


class Score:
    """Measures a model on the validation pairs: loss, BLEU and a few samples.

    Args:
        config: the run's configuration.
        final: a translator of the same shape that computes in float32.
        tokenizer: of both sides.
        pairs: the validation pairs; of very many, a seeded sample.
    """

    def __init__(
        self, config: Config, final: Translator, tokenizer: Tokenizer, pairs: Pairs
    ):
        self.serving = Serving(final, tokenizer, config)
        rows = np.arange(len(pairs.sources))
        if len(rows) > SCORED_PAIRS:
            rng = np.random.default_rng(config.seed)
            rows = np.sort(rng.choice(rows, SCORED_PAIRS, replace=False))
        self.sources = [pairs.sources[row] for row in rows]
        self.targets = [pairs.targets[row] for row in rows]
        chosen = replace(pairs, sources=self.sources, targets=self.targets)
        plain = replace(config, piece_dropout=0.0)
        self.batches = training_batches(plain, tokenizer, chosen)(0)
        self.translations: list[str] = []

        def loss(weights, source, target, following):
            pairs = list(zip(final.weights, weights, strict=True))
            with keras.StatelessScope(state_mapping=pairs):
                memory, mask = final.encode(source, training=False)
                x = final.decode(target, memory, mask, training=False)
                table = final.embedding.embedding.embeddings
                return smoothed_cross_entropy(x, table, following)

        self.loss = CompiledFunction(loss, self.serving.weights, inputs=3)

    def __call__(self, model: TrainedTranslator) -> dict[str, float]:
        weights = read_values(model.translator.weights)
        self.serving.set_weights(weights)
        self.loss.set_weights(weights)
        total, count = 0.0, 0
        for (source, target), following in self.batches:
            real = int((following > 0).sum())
            total += real * float(self.loss(source, target, following))
            count += real
        found = self.serving.translate(self.sources)
        self.translations = [rows[0][0].decode("utf-8", "replace") for rows in found]
        bleu = score_translations(self.translations, self.targets, bootstrap=0)["bleu"]
        return {"loss": total / max(count, 1), "bleu": bleu}


class Samples(keras.callbacks.Callback):
    """Prints a few validation translations after each epoch."""

    def __init__(self, score: Score, stream: TextIO):
        super().__init__()
        self.score = score
        self.stream = stream

    def on_epoch_end(self, epoch, logs=None):
        count = len(self.score.sources)
        for row in sorted({count * k // SAMPLES for k in range(SAMPLES)}):
            source, target = self.score.sources[row], self.score.targets[row]
            print(f"  {source[:100]!r}", file=self.stream)
            print(f"    gives {self.score.translations[row][:100]!r}", file=self.stream)
            print(f"    wants {target[:100]!r}", file=self.stream)


def estimate(config: Config, dataset: Dataset) -> dict:
    """Times a few steps of the training, which are then thrown away."""
    tokenizer = make_tokenizer(config, dataset)
    model, make_epoch = make_training(config, dataset, tokenizer)
    batches = make_epoch(0)
    warm, measured = batches[:2], batches[2 : 2 + MEASURED_STEPS] or batches
    for batch in warm:
        model.train_on_batch(*batch)
    started = time.perf_counter()
    for batch in measured:
        model.train_on_batch(*batch)
    step = (time.perf_counter() - started) / len(measured)
    return {
        "parameters": model.count_params(),
        "pieces": len(tokenizer.pieces),
        "pieces_an_epoch": batches.tokens,
        "padding": f"{100 * batches.padding:.1f}%",
        "estimated_minutes_at_most": round(step * len(batches) * config.epochs / 60, 1),
    }

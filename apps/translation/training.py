"""Training a translator from its configuration."""

import importlib.util
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np

from ..common.data.splits import sample_rows
from ..common.errors import PolyheadError, UsageError
from ..common.files import replacing
from ..common.generation.losses import (
    TrainedTranslator,
    give_parts_cores,
    smoothed_cross_entropy,
)
from ..common.generation.scores import score as score_translations
from ..common.generation.scores import tokenizer_for
from ..common.quiet import quiet as quietly
from ..common.run.checkpoint import read_values
from ..common.run.compiled import CompiledFunction
from ..common.run.config import check_values, load_config, take_shape
from ..common.run.folder import check_run, prepare
from ..common.run.loop import InverseSquareRoot, be_deterministic
from ..common.run.loop import train as fit
from ..common.run.precision import choose_precision
from ..common.run.progress import ProgressBar
from ..common.run.saving import save_run
from ..common.text.byte_pieces import Tokenizer
from .batches import leave_out_long, training_batches
from .comparison import SCORED_PAIRS
from .config import MAX_TOKENS, PRESETS, Config
from .data import Dataset, load_data
from .model import Translator, build_model
from .pairs import Pairs, choose
from .run import TASK, Run, measure
from .serving import MIN_OUTPUT_RATIO, Serving

SAMPLES = 3  # translations that are shown
MEASURED_STEPS = 20  # of training, for --dry-run's estimate
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
    "vocabulary_size",
)
# What else a setting may be: its choices, or the lowest and the highest value.
CHOICES: dict[str, tuple] = {
    "preset": tuple(PRESETS),
    "monitor": tuple(MONITORS),
    "norm_position": ("pre", "post"),
    "mixed_precision": ("auto", "float32", "mixed_bfloat16"),
}
RANGES = {
    "seed": (0, 2**31),
    "epochs": (1, 10**6),
    "max_tokens": (4, MAX_TOKENS),
    "vocabulary_size": (259, 65535),
    "tokens_per_batch": (1, 10**7),
    "accumulate": (1, 10**4),
    "beam_size": (1, 100),
    "dropout": (0, 0.95),
    "piece_dropout": (0, 0.95),
    "label_smoothing": (0, 0.95),
    "ema": (0, 0.99999),
    "length_penalty": (0, 10),
    "learning_rate": (1e-9, 10),
    "weight_decay": (0, 10),
    "warmup_steps": (0, 10**7),
    "patience": (0, 10**6),
    "max_output_ratio": (0.1, 100),
    "encoder_layers": (1, 100),
    "decoder_layers": (1, 100),
    "hidden_dim": (1, 2**16),
    "feedforward_dim": (1, 2**18),
    "num_heads": (1, 2**10),
}


def resolve(config: Config) -> Config:
    """Fills what the preset, or the older run to begin with, decides."""
    if config.init_from:
        check_run(config.init_from)
        old = load_config(Config, TASK, Path(config.init_from) / "config.json")
        config = take_shape(config, old, SHAPE_FIELDS)
    check_values(config, CHOICES, RANGES)
    try:
        keras.activations.get(config.activation)
    except ValueError:
        raise UsageError(
            f"activation {config.activation!r}: none of Keras's, such as relu or gelu"
        ) from None
    if config.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise UsageError("tensorboard is missing: pip install 'polyhead[tensorboard]'")
    missing: dict[str, Any] = {
        name: value
        for name, value in PRESETS[config.preset].items()
        if getattr(config, name) is None
    }
    config = replace(config, **missing)
    width, heads = config.hidden_dim or 0, config.num_heads or 1
    if width % heads or width < 1:
        raise UsageError(
            f"hidden_dim {width} is no multiple of num_heads {heads}: change one"
        )
    return config


def fit_output_ratio(config: Config, dataset: Dataset) -> Config:
    """How long a translation may get beside its source, from the training pairs.

    Twice as long, or where the data have longer ones, half again what all but 0.5%
    of them keep to.
    """
    if config.max_output_ratio is not None:
        return config
    pairs = zip(dataset.train.sources, dataset.train.targets, strict=True)
    ratios = [len(t.encode()) / (len(s.encode()) + 10) for s, t in pairs]
    seen = 1.5 * float(np.quantile(ratios, 0.995)) if ratios else 0.0
    return replace(config, max_output_ratio=max(MIN_OUTPUT_RATIO, round(seen, 1)))


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
    give_parts_cores()
    with quietly(verbose) as terminal:
        dataset = load_data(config)
        config = fit_output_ratio(config, dataset)
        if dry_run:
            return dataset.report | {"estimate": estimate(config, dataset)}
        with prepare(TASK, config, overwrite) as folder:
            if folder.resumed and not quiet:
                print(f"resuming {folder.path}", file=terminal.err)
            for warning in dataset.report["warnings"] if not quiet else ():
                print(f"note: {warning}", file=terminal.err)
            tokenizer = keep_tokenizer(config, dataset, folder.path / "tokenizer.json")
            dataset = leave_out_long(config, tokenizer, dataset)
            shown = None if quiet else terminal
            _train(config, dataset, tokenizer, folder.path, shown)
            run = Run(folder.path)
            measure(run, dataset, baselines={})
            folder.finish()
            # It served to resume; it is several times the model's size.
            shutil.rmtree(folder.path / "checkpoint", ignore_errors=True)
        return run


def _train(config, dataset, tokenizer, path, terminal) -> None:
    """Trains and writes the run's files."""
    if config.deterministic:
        be_deterministic()
    model, make_epoch = make_training(config, dataset, tokenizer)
    final = build_model(config, len(tokenizer.pieces))
    score = Score(config, final, tokenizer, dataset.validation)
    first = make_epoch(0)
    callbacks: list[keras.callbacks.Callback] = []
    if terminal is not None:
        if long := dataset.report["removed"]["pieces"]:
            print(
                f"note: {long} training pairs have more than "
                f"{config.max_tokens - 1} pieces and are left out",
                file=terminal.err,
            )
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
    trained = state.seconds - state.scoring_seconds
    facts = {
        "seconds": round(state.seconds, 1),
        "examples_per_second": round(
            len(dataset.train.sources) * epochs / max(state.seconds, 1e-9), 1
        ),
        # Of training alone, both sides counted, padding not.
        "tokens_per_second": round(first.tokens * epochs / max(trained, 1e-9)),
        "padding": round(float(first.padding), 4),
        "epochs": epochs,
        "best_epoch": state.best_epoch + 1,
        "parameters": final.count_params(),
        "precision": model.translator.dtype_policy.name,
    }
    final.set_weights(read_values(model.translator.weights))
    save_run(path, final, tokenizer, {"train": facts})


def make_tokenizer(config: Config, dataset: Dataset) -> Tokenizer:
    """The older run's, or one learned from both sides of the training pairs."""
    if config.init_from:
        return Tokenizer.load(Path(config.init_from) / "tokenizer.json")
    texts = [*dataset.train.sources, *dataset.train.targets]
    return Tokenizer.learn(texts, config.vocabulary_size, config.case_fold, config.seed)


def keep_tokenizer(config: Config, dataset: Dataset, path: Path) -> Tokenizer:
    """The run's tokenizer; a resumed run has its own, whatever the data say now."""
    if path.exists():
        return Tokenizer.load(path)
    tokenizer = make_tokenizer(config, dataset)
    with replacing(path) as temporary:
        tokenizer.save(temporary)
    return tokenizer


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
    make_epoch = training_batches(config, tokenizer, dataset.train)
    # Keras counts batches here, of which an update may take several.
    batches = config.epochs * len(make_epoch(0))
    warmup = min(config.warmup_steps * config.accumulate, batches // 4)
    ema = min(config.ema, 1 - 10 * config.accumulate / max(batches, 20))
    ema = max(ema, 0.0) ** (1 / config.accumulate)
    optimizer = keras.optimizers.Adam(
        InverseSquareRoot(config.learning_rate, warmup),
        beta_2=0.98,
        weight_decay=config.weight_decay or None,  # AdamW, or without that cost
        global_clipnorm=1.0,
        use_ema=ema > 0,
        ema_momentum=ema or 0.99,
        gradient_accumulation_steps=config.accumulate
        if config.accumulate > 1
        else None,
    )
    model.compile(optimizer)
    return model, make_epoch


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
        rows = sample_rows(len(pairs.sources), SCORED_PAIRS, config.seed)
        chosen = choose(pairs, rows)
        self.sources, self.targets = chosen.sources, chosen.targets
        plain = replace(config, piece_dropout=0.0)
        self.batches = training_batches(plain, tokenizer, chosen)(0)
        self.tokenize = tokenizer_for(config.target_language)
        self.translations: list[str] = []

        def loss(weights, source, target, following):
            pairs = list(zip(final.weights, weights, strict=True))
            with keras.StatelessScope(state_mapping=pairs):
                memory, mask = final.encode(source, training=False)
                x = final.decode(target, memory, mask, training=False)
                table = final.embedding.embedding.embeddings
                return smoothed_cross_entropy(x, table, following)

        self.loss = CompiledFunction(loss, self.serving.weights, ("int32",) * 3)

    def __call__(self, model: TrainedTranslator) -> dict[str, float]:
        weights = read_values(model.translator.weights)
        self.serving.set_weights(weights)
        self.loss.set_weights(weights)
        total, count = 0.0, 0
        for (source, target), following in self.batches:
            real = int((following > 0).sum())
            total += real * float(self.loss(source, target, following))
            count += real
        loss = total / max(count, 1)
        if not np.isfinite(loss):
            raise PolyheadError(
                "the loss is not finite any more: train again with --overwrite and a "
                "lower rate, such as --set learning_rate=0.001"
            )
        found = self.serving.translate(self.sources)
        self.translations = [rows[0][0].decode("utf-8", "replace") for rows in found]
        scores = score_translations(
            self.translations, self.targets, self.tokenize, bootstrap=0
        )
        return {"loss": loss, "bleu": scores["bleu"]}


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
    dataset = leave_out_long(config, tokenizer, dataset)
    model, make_epoch = make_training(config, dataset, tokenizer)
    batches = make_epoch(0)
    warm, measured = batches[:2], batches[2 : 2 + MEASURED_STEPS] or batches
    for batch in warm:
        model.train_on_batch(*batch)
    started = time.perf_counter()
    for batch in measured:
        model.train_on_batch(*batch)
    seconds = time.perf_counter() - started
    step = seconds / len(measured)
    tokens = sum(int((x > 0).sum() + (y > 0).sum()) for (x, _), y in measured)
    return {
        "parameters": model.count_params(),
        "pieces": len(tokenizer.pieces),
        "pieces_an_epoch": batches.tokens,
        "padding": f"{100 * batches.padding:.1f}%",
        # Of both sides, padding not counted.
        "tokens_per_second": round(tokens / seconds),
        "estimated_minutes_at_most": round(step * len(batches) * config.epochs / 60, 1),
    }

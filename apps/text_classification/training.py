"""Training a text classifier from its configuration."""

import math
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..common.classification.calibration import fit_scales, scale_heads
from ..common.classification.losses import ClassificationLoss
from ..common.classification.scores import (
    count_labels,
    macro_f1,
    main_metric,
    tune_thresholds,
)
from ..common.errors import UsageError
from ..common.files import write_text
from ..common.quiet import quiet as quietly
from ..common.run.config import load_config, take_shape
from ..common.run.folder import check_run, prepare
from ..common.run.loop import WarmUpDecay, be_deterministic
from ..common.run.loop import train as fit
from ..common.run.precision import choose_precision
from ..common.run.progress import ProgressBar
from ..common.run.saving import save_run
from ..common.text.batches import scoring_batches, training_batches
from ..common.text.byte_pieces import Tokenizer
from ..common.text.wordpiece import WordPieceTokenizer
from .config import FINE_TUNING, FROM_SCRATCH, LORA_LEARNING_RATE, PRESETS, Config
from .data import Dataset, load_data
from .model import build_model, mean_logits
from .presets import build_classifier, check_preset, copy_classifier, preset_tokenizer
from .run import TASK, Run, measure

TOKENIZERS = ("bytes", "mediapipe")
WIDE_NUMBERS = 2**20
WIDE_DIMS = ((2, 4), (16, 16), (math.inf, 64))  # up to so many labels, so wide
MEASURED_STEPS = 8  # of training, for --dry-run's estimate
# What an old run's weights fix.
SHAPE_FIELDS = (
    "preset",
    "num_layers",
    "hidden_dim",
    "num_heads",
    "stem_width",
    "wide",
    "wide_buckets",
    "wide_dim",
    "tokenizer",
    "case_fold",
)


def resolve(config: Config) -> Config:
    """Fills what the preset, or the older run to begin with, decides."""
    if config.init_from:
        check_run(config.init_from)
        old = load_config(Config, TASK, Path(config.init_from) / "config.json")
        config = take_shape(config, old, SHAPE_FIELDS)
    elif config.fine_tunes:
        check_preset(config.preset)
    if config.tokenizer not in TOKENIZERS:
        raise UsageError(
            f"tokenizer {config.tokenizer!r}: choose of {', '.join(TOKENIZERS)}"
        )
    if config.lora_rank and not config.fine_tunes:
        raise UsageError(
            f"lora_rank is {config.lora_rank}, but preset {config.preset!r} has no "
            "trained weights to adapt: name a KerasHub preset"
        )
    if config.fine_tunes:
        chosen = FINE_TUNING
        if config.lora_rank:
            chosen = chosen | {"learning_rate": LORA_LEARNING_RATE}
    else:
        chosen = FROM_SCRATCH | PRESETS[config.preset]
    missing: dict[str, Any] = {
        name: value for name, value in chosen.items() if getattr(config, name) is None
    }
    return replace(config, **missing)


def fit_wide_branch(config: Config, num_labels: int) -> Config:
    """Shares the wide table's million numbers out between buckets and width.

    Few labels need narrow vectors, and more buckets mean fewer n-grams in each.
    The wide branch alone on validation data: with 2 labels .736 at 64 wide, .772 at
    16 and .798 at 4; with 6 labels .811, .842 and .811; with 150 labels .895 at 64
    and .864 at 16.
    """
    if config.fine_tunes:
        return config
    dim = config.wide_dim or next(dim for most, dim in WIDE_DIMS if num_labels <= most)
    buckets = config.wide_buckets or WIDE_NUMBERS // dim
    return replace(config, wide_dim=dim, wide_buckets=buckets)


def train(
    config: Config,
    overwrite: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> Run | dict:
    """Trains a classifier and measures it beside the baselines.

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
        config = fit_wide_branch(config, len(dataset.label_names))
        if dry_run:
            return dataset.report | {"estimate": estimate(config, dataset)}
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
    if config.deterministic:
        be_deterministic()
    tokenizer = make_tokenizer(config, dataset)
    model, make_epoch, steps = make_training(config, dataset, tokenizer)
    score = make_score(config, dataset, tokenizer)
    monitor = main_metric(dataset.multi_label)
    callbacks = []
    if terminal is not None:
        shown = ["loss", f"val_{monitor}", "val_loss"]
        callbacks.append(ProgressBar(terminal.err, config.epochs, steps, shown))
    state = fit(
        model,
        make_epoch,
        config.epochs,
        score,
        monitor,
        path / "checkpoint",
        config.patience,
        callbacks=callbacks,
    )
    examples = len(dataset.train.texts) * len(state.history)
    seconds = {
        "seconds": round(state.seconds, 1),
        "examples_per_second": round(examples / max(state.seconds, 1e-9), 1),
        "epochs": len(state.history),
        "best_epoch": state.best_epoch + 1,
    }
    final = to_float32(config, tokenizer, len(dataset.label_names), model)
    heads = head_logits(model, config, tokenizer, dataset.validation.texts)
    scale_heads(final, fit_scales(heads, dataset.validation.labels))
    save_run(path, final, tokenizer, {"train": seconds})
    write_text(path / "labels.txt", "\n".join(dataset.label_names) + "\n")


def make_tokenizer(config: Config, dataset: Dataset) -> Tokenizer | WordPieceTokenizer:
    """The older run's or the preset's, or one learned from the training texts."""
    if config.init_from:
        path = Path(config.init_from) / "tokenizer.json"
        if config.word_pieces:
            return WordPieceTokenizer.load(path, config.max_tokens)
        return Tokenizer.load(path)
    if config.fine_tunes:
        return preset_tokenizer(config)
    if config.word_pieces:
        return WordPieceTokenizer.learn(
            dataset.train.texts,
            config.vocabulary_size,
            config.max_tokens,
            config.seed,
        )
    return Tokenizer.learn(
        dataset.train.texts, config.vocabulary_size, config.case_fold, config.seed
    )


def make_training(config, dataset, tokenizer):
    """The compiled model, its epochs' batches, and their number an epoch."""
    keras.utils.set_random_seed(config.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(config.mixed_precision))
    try:
        if config.fine_tunes:
            model = build_classifier(config, len(dataset.label_names))
        else:
            model = build_model(config, tokenizer.pieces, len(dataset.label_names))
    finally:
        keras.config.set_dtype_policy(policy)
    if config.init_from:
        if not config.fine_tunes:
            start_from(model, Path(config.init_from))
        if Run(config.init_from).label_names != dataset.label_names:
            start_heads_anew(model)
    outputs = list(model.output)
    labels = dataset.train.labels
    weights = example_weights(labels) if config.class_weights else None
    num_labels = len(dataset.label_names)

    def make_targets(rows):
        target = targets_of(labels[rows], num_labels, config.label_smoothing)
        targets = {name: target for name in outputs}
        if weights is None:
            return (targets,)
        return targets, {name: weights[rows] for name in outputs}

    make_epoch = training_batches(config, tokenizer, dataset.train.texts, make_targets)
    steps = -(-len(labels) // min(config.batch_size, -(-len(labels) // 2)))
    optimizer = keras.optimizers.AdamW(
        WarmUpDecay(config.learning_rate, config.warmup_steps, steps * config.epochs),
        weight_decay=config.weight_decay,
        clipnorm=1.0,
        use_ema=config.ema > 0,
        ema_momentum=config.ema or 0.99,
    )
    loss = ClassificationLoss(dataset.multi_label, config.consistency)
    model.compile(optimizer, loss={name: loss for name in outputs})
    return model, make_epoch, steps


def targets_of(labels: np.ndarray, num_labels: int, smoothing: float) -> np.ndarray:
    """Labels as the target distributions of the loss, float32."""
    if labels.ndim == 2:
        labels = labels.astype(np.float32)
        return labels * np.float32(1 - smoothing) + np.float32(smoothing / 2)
    one_hot = np.eye(num_labels, dtype=np.float32)[labels]
    return one_hot * np.float32(1 - smoothing) + np.float32(smoothing / num_labels)


def example_weights(labels: np.ndarray) -> np.ndarray:
    """A weight an example: the inverse frequency of its (rarest) label, mean 1."""
    if labels.ndim == 2:
        inverse = labels.shape[0] / np.maximum(labels.sum(axis=0), 1)
        weights = np.where(labels, inverse, 0).max(axis=1)
        weights = np.where(weights > 0, weights, weights[weights > 0].mean())
    else:
        weights = 1.0 / np.bincount(labels)[labels]
    return (weights / weights.mean()).astype(np.float32)


def head_logits(model, config: Config, tokenizer, texts) -> dict[str, np.ndarray]:
    """Each head's logits `(texts, labels)`, as the model stands in training."""
    found = {
        name: np.zeros((len(texts), head.shape[-1]), np.float32)
        for name, head in model.output.items()
    }
    for rows, ids in scoring_batches(tokenizer.encode_all(texts), config.max_tokens):
        for name, logits in model.predict_on_batch(ids).items():
            found[name][rows] = logits
    return found


def probabilities_of(logits: np.ndarray, multi_label: bool) -> np.ndarray:
    """Sigmoid for each label, or softmax over them."""
    if multi_label:
        return 1 / (1 + np.exp(-logits))
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def make_score(config: Config, dataset: Dataset, tokenizer):
    """Measures a model on the validation examples."""
    texts, labels = dataset.validation.texts, dataset.validation.labels

    def score(model) -> dict[str, float]:
        heads = head_logits(model, config, tokenizer, texts)
        found = probabilities_of(mean_logits(heads), dataset.multi_label)
        if dataset.multi_label:
            chance = np.where(labels, found, 1 - found)
            answers = found >= tune_thresholds(found, labels)
            hits, given, support = count_labels(labels, answers, labels.shape[1])
            f1 = macro_f1(hits, given, support, multi_label=True)
            measures = {"macro_f1": float(f1)}
        else:
            chance = found[np.arange(len(labels)), labels]
            measures = {"accuracy": float(np.mean(found.argmax(axis=1) == labels))}
        return measures | {"loss": float(-np.log(np.maximum(chance, 1e-7)).mean())}

    return score


def to_float32(config: Config, tokenizer, num_labels: int, trained) -> keras.Model:
    """The same model computing in float32, whatever it trained in."""
    if config.fine_tunes:
        return copy_classifier(trained, config, num_labels)
    model = build_model(config, tokenizer.pieces, num_labels)
    model.set_weights(trained.get_weights())
    return model


def start_from(model: keras.Model, path: Path) -> None:
    """Takes over an older run's weights wherever their shapes agree."""
    old = keras.saving.load_model(path / "model.keras", compile=False)
    for new_weight, old_weight in zip(model.weights, old.weights, strict=True):
        if new_weight.shape == old_weight.shape:
            new_weight.assign(old_weight.value)


def start_heads_anew(model: keras.Model) -> None:
    """Forgets what was learned of other labels, were they as many."""
    for name in model.output:
        head = model.get_layer(name)
        head.kernel.assign(head.kernel_initializer(head.kernel.shape))
        head.bias.assign(keras.ops.zeros_like(head.bias))


def estimate(config: Config, dataset: Dataset) -> dict:
    """Times a few steps of the training, which are then thrown away."""
    tokenizer = make_tokenizer(config, dataset)
    model, make_epoch, steps = make_training(config, dataset, tokenizer)
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
        "estimated_minutes_at_most": round(step * steps * config.epochs / 60, 1),
    }

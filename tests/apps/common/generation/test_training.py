"""Training a text-to-text model: what `fit` is given, and its scores."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops
from pair_tools import score

from polyhead.apps.common.data.pairs import Pairs, choose
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.generation import training as module
from polyhead.apps.common.generation.batches import count_pieces, pair_batches
from polyhead.apps.common.generation.losses import TrainedModel
from polyhead.apps.common.generation.scores import Scorer
from polyhead.apps.common.generation.training import (
    Score,
    count_tokens,
    fit_batches,
    fit_limits,
    fit_tokenizer,
    train_pairs,
    validate_pairs,
)
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.checkpoint import read_values
from polyhead.apps.common.run.settings import Length

USUAL = Length(epochs=100, patience=10, fewest_steps=3000)


def fitted_to(config, tokenizer, pairs):
    return fit_limits(config, count_pieces(tokenizer, pairs), pairs)


def test_answers_may_be_as_long_as_the_data_ask(config, pairs, tokenizer):
    fitted = fitted_to(config, tokenizer, pairs)
    assert fitted.max_output_ratio == 2.0
    assert (fitted.max_input_bytes, fitted.max_output_bytes) == (32, 32)
    # A few bytes that are one piece, and answers in which each letter is one.
    words = Pairs(["seven"] * 30, ["zqxjk" * 6] * 30, np.arange(30), "words")
    config = replace(config, max_tokens=64)
    fitted = fitted_to(config, tokenizer, words)
    sides = [tokenizer.encode_all([text])[0] for text in ("seven", "zqxjk" * 6)]
    source, target = map(len, sides)
    assert target > 2 * (source + 1) + 10  # more than an answer may have otherwise
    assert fitted.max_output_ratio * (source + 1) + 10 >= 1.4 * (target - 10) + 10
    assert (fitted.max_input_bytes, fitted.max_output_bytes) == (16, 32)
    given = replace(config, max_output_ratio=3.5, max_input_bytes=7, max_output_bytes=9)
    given = replace(given, max_output_tokens=50)
    assert fitted_to(given, tokenizer, words) == given


def test_targets_that_are_left_out_do_not_decide(config, pairs, tokenizer):
    """Those of more pieces than the model writes at all."""
    long = replace(pairs, targets=["zqxjk " * 50, *pairs.targets[1:]])
    config = replace(config, max_output_tokens=40)
    assert fitted_to(config, tokenizer, long).max_output_ratio == 2.0


def test_each_side_has_a_limit_of_its_own(config, pairs, tokenizer):
    long = replace(pairs, sources=["zqxjk " * 40] * len(pairs.sources))
    fitted = fitted_to(replace(config, max_tokens=None), tokenizer, long)
    assert (fitted.max_tokens, fitted.max_output_tokens) == (256, 128)
    endless = replace(pairs, targets=["zqxjk " * 900] * len(pairs.sources))
    fitted = fitted_to(replace(config, max_tokens=None), tokenizer, endless)
    assert (fitted.max_tokens, fitted.max_output_tokens) == (128, 512)


def test_of_few_pairs_batches_are_small_and_epochs_many(config, pairs, tokenizer):
    open_ = replace(config, tokens_per_batch=None, epochs=None, patience=None)
    pieces = count_pieces(tokenizer, pairs)
    few = fit_batches(open_, pieces, USUAL)
    assert few.tokens_per_batch == 256
    steps = len(pair_batches(replace(few, piece_dropout=0.0), tokenizer, pairs)(0))
    assert few.epochs == -(-3000 // steps) > 100
    assert few.patience == -(-few.epochs // 10) > 10
    many = fit_batches(open_, np.tile(pieces, (900, 1)), USUAL)
    assert (many.tokens_per_batch, many.epochs, many.patience) == (4096, 100, 10)
    # An update of two batches is one step.
    halved = fit_batches(replace(open_, accumulate=2), pieces, USUAL)
    assert halved.epochs == -(-3000 // -(-steps // 2))
    given = replace(config, tokens_per_batch=77, epochs=3, patience=2)
    assert fit_batches(given, pieces, USUAL) == given


def test_the_pairs_choose_the_tokenizer(config, pairs):
    left = replace(config, tokenizer=None, vocabulary_size=None)
    fitted = fit_tokenizer(left, pairs)
    assert (fitted.tokenizer, fitted.vocabulary_size) == ("bytes", 400)
    words = replace(pairs, sources=["seven"] * 40, targets=["neves"] * 40)
    assert fit_tokenizer(left, words).tokenizer == "characters"
    given = replace(config, tokenizer="bytes", vocabulary_size=300)
    assert fit_tokenizer(given, words) == given


def test_what_is_told_of_a_training_is_true(config, pairs, tokenizer, make_model):
    model = make_model()
    training = train_pairs(config, tokenizer, pairs, model)
    batches = training.make_epoch(0)
    assert training.steps == len(batches) > 2
    assert training.rows == len(pairs.sources)
    assert training.tokens == sum(map(count_tokens, batches))
    assert training.facts["parameters"] == model.count_params()
    assert training.facts["precision"] == "float32"
    assert 0 < training.facts["padding"] < 1
    assert training.estimate["pieces"] == len(tokenizer.pieces)
    (note,) = training.notes
    assert note.startswith(f"40 pairs, {training.tokens} pieces an epoch, ")
    assert note.endswith("% padding")


@pytest.mark.parametrize(
    ("settings", "warmup", "ema"),
    [
        ({}, 10, 0.9),
        ({"accumulate": 2}, 20, 0.9**0.5),  # batches, of which an update takes two
        ({"ema": 0.0}, 10, None),
    ],
)
def test_the_optimizer_is_as_the_settings_say(
    config, pairs, tokenizer, make_model, settings, warmup, ema
):
    config = replace(config, epochs=200, **settings)
    optimizer = train_pairs(config, tokenizer, pairs, make_model()).model.optimizer
    assert optimizer._learning_rate.schedule.warmup_steps == warmup
    assert optimizer.use_ema == (ema is not None)
    assert ema is None or optimizer.ema_momentum == pytest.approx(ema)


def test_a_short_training_warms_up_and_averages_less(
    config, pairs, tokenizer, make_model
):
    config = replace(config, epochs=4, warmup_steps=1000, ema=0.99)
    training = train_pairs(config, tokenizer, pairs, make_model())
    batches, optimizer = 4 * training.steps, training.model.optimizer
    schedule = optimizer._learning_rate
    assert schedule.schedule.warmup_steps == batches // 4
    # In the end, the rate is nothing.
    assert float(schedule(batches - batches // 5)) > 0 == float(schedule(batches))
    assert optimizer.ema_momentum == pytest.approx(1 - 10 / batches)
    assert optimizer.ema_momentum < 0.99


def test_pairs_of_any_lengths_are_trained_on(
    config, pairs, tokenizer, make_model, tmp_path
):
    """Of one length, of two, in one batch, and one alone."""
    short, long = ("one two", "1 2"), ("three " * 6, "3 " * 6)
    two = [long] * 39 + [short]
    epochs = [[short] * 40, two, [short, long] * 9, [long] * 2, [long]]
    config = replace(config, tokens_per_batch=120)

    def make_epoch(number):
        sources, targets = zip(*epochs[number], strict=True)
        drawn = replace(pairs, sources=list(sources), targets=list(targets))
        return pair_batches(config, tokenizer, drawn)(number)

    assert all(len(make_epoch(number)) > 2 for number in range(3))
    state = loop.train(
        train_pairs(config, tokenizer, pairs, make_model()).model,
        make_epoch,
        len(epochs),
        lambda model: {"bleu": 1.0},
        "bleu",
        tmp_path / "checkpoint",
        9,
    )
    assert len(state.history) == len(epochs)
    assert all(np.isfinite(row["loss"]) for row in state.history)


def test_a_score_is_of_the_weights_in_training(config, pairs, tokenizer, make_model):
    trained = TrainedModel(make_model(), 0.1)
    held_out = choose(pairs, np.arange(6))
    measure = Score(config, make_model(), tokenizer, held_out, Scorer())
    # Weights that a training could have come to, in another model than the scored one.
    for weight in trained.inner.trainable_variables:
        weight.assign(weight * 1.1)
    scores = measure(trained)
    serving = measure.serving
    for weight, value in zip(
        read_values(trained.inner.weights), serving.weights, strict=True
    ):
        np.testing.assert_array_equal(weight, value)
    rows = serving.generate(held_out.sources)
    answers = [row[0][0].decode("utf-8", "replace") for row in rows]
    assert measure.hypotheses == answers
    assert scores["bleu"] == score(answers, held_out.targets, bootstrap=0)["bleu"]
    # The loss is the mean over pieces, without label smoothing.
    total = count = 0
    for (source, target), following in measure.batches:
        logits = ops.convert_to_numpy(trained.inner((source, target)))
        logp = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        right = np.take_along_axis(logp, following[..., None], axis=-1)[..., 0]
        total, count = total - right[following > 0].sum(), count + (following > 0).sum()
    assert scores["loss"] == pytest.approx(total / count, rel=1e-4)


def test_of_many_pairs_a_sample_is_scored(
    config, pairs, tokenizer, make_model, monkeypatch
):
    monkeypatch.setattr(module, "SCORED_PAIRS", 7)
    measure = Score(config, make_model(), tokenizer, pairs, Scorer())
    assert len(measure.asked.sources) == 7
    assert set(measure.asked.sources) < set(pairs.sources)
    how = validate_pairs(config, make_model(), tokenizer, pairs, Scorer()).how
    assert how.startswith("greedy decoding of 7 of ") and how.count("sources") == 1


def test_a_short_answer_is_measured_by_exact_match(
    config, pairs, tokenizer, make_model
):
    scorer = Scorer(main="exact")
    validation = validate_pairs(config, make_model(), tokenizer, pairs, scorer)
    assert validation.monitor == "exact" and validation.shown[1] == "val_exact"
    scores = validation.score(TrainedModel(make_model(), 0.1))
    assert set(scores) == {"loss", "exact"} and scores["loss"] > 0


def test_a_loss_that_is_no_number_is_told_with_a_remedy(
    config, pairs, tokenizer, make_model
):
    trained = TrainedModel(make_model(), 0.1)
    trained.inner.weights[0].assign(trained.inner.weights[0] * float("nan"))
    measure = Score(config, make_model(), tokenizer, pairs, Scorer())
    with pytest.raises(PolyheadError, match="not finite any more: .*learning_rate"):
        measure(trained)


def test_samples_are_printed_where_progress_is_shown(
    config, pairs, tokenizer, make_model, tmp_path
):
    model = make_model()
    held_out = choose(pairs, np.arange(6))
    validation = validate_pairs(config, model, tokenizer, held_out, Scorer())
    assert validation.monitor == "bleu" and validation.larger_is_better
    assert validation.shown == ("val_loss", "val_bleu")
    assert validation.tie_breaker == "loss"
    assert validation.how == "greedy decoding, not beam size 3"
    assert validation.callbacks(None, tmp_path) == []
    terminal = SimpleNamespace(err=io.StringIO())
    (samples,) = validation.callbacks(terminal, tmp_path)
    validation.score(TrainedModel(make_model(), 0.1))
    samples.on_epoch_end(0)
    lines = terminal.err.getvalue().splitlines()
    assert len(lines) == 9
    shown = validation.score.hypotheses[2][:100]
    assert lines[3:6] == [
        f"  {held_out.sources[2]!r}",
        f"    gives {shown!r}",
        f"    wants {held_out.targets[2]!r}",
    ]


@pytest.mark.parametrize("terminal", [None, SimpleNamespace(err=io.StringIO())])
def test_tensorboard_is_written_with_and_without_progress(
    config, pairs, tokenizer, make_model, tmp_path, terminal
):
    config = replace(config, tensorboard=True, monitor="loss")
    validation = validate_pairs(config, make_model(), tokenizer, pairs, Scorer())
    assert not validation.larger_is_better
    *_, board = validation.callbacks(terminal, tmp_path)
    assert str(board.log_dir) == str(tmp_path / "logs")

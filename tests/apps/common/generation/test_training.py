"""Training a text-to-text model: what `fit` is given, and its scores."""

import io
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops
from pair_tools import score

from polyhead.apps.common.data.pairs import Pairs, choose
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.generation import training as module
from polyhead.apps.common.generation.losses import TrainedModel
from polyhead.apps.common.generation.scores import Scorer
from polyhead.apps.common.generation.training import (
    Score,
    count_tokens,
    fit_output_ratio,
    train_pairs,
    validate_pairs,
)
from polyhead.apps.common.run.checkpoint import read_values


@dataclass(frozen=True)
class Dataset:
    """What decides how long an answer may get."""

    train: Pairs


def test_answers_may_be_as_long_as_the_data_ask(config, pairs):
    assert fit_output_ratio(config, Dataset(pairs)).max_output_ratio == 2.0
    long = replace(pairs, targets=[target * 9 for target in pairs.targets])
    ratio = fit_output_ratio(config, Dataset(long)).max_output_ratio
    both = zip(long.sources, long.targets, strict=True)
    ratios = [len(target) / (len(source) + 10) for source, target in both]
    assert ratio == round(1.5 * np.quantile(ratios, 0.995), 1) > 2
    given = replace(config, max_output_ratio=3.5)
    assert fit_output_ratio(given, Dataset(long)) is given


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
    assert optimizer._learning_rate.warmup_steps == warmup
    assert optimizer.use_ema == (ema is not None)
    assert ema is None or optimizer.ema_momentum == pytest.approx(ema)


def test_a_short_training_warms_up_and_averages_less(
    config, pairs, tokenizer, make_model
):
    config = replace(config, epochs=4, warmup_steps=1000, ema=0.99)
    training = train_pairs(config, tokenizer, pairs, make_model())
    batches, optimizer = 4 * training.steps, training.model.optimizer
    assert optimizer._learning_rate.warmup_steps == batches // 4
    assert optimizer.ema_momentum == pytest.approx(1 - 10 / batches)
    assert optimizer.ema_momentum < 0.99


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
    assert len(measure.pairs.sources) == 7
    assert set(measure.pairs.rows) < set(pairs.rows)


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

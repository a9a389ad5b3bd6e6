"""Learning rates over time, and the optimizer that most tasks train with."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from polyhead.apps.common.run.schedules import (
    Continued,
    CoolDown,
    InverseSquareRoot,
    WarmUpDecay,
    continue_schedule,
    cooled_at_end,
    make_adamw,
)


def rates(schedule, steps):
    return np.array([float(schedule(step)) for step in steps])


def test_a_linear_rise_and_a_cosine_to_zero():
    schedule = WarmUpDecay(0.4, warmup_steps=4, total_steps=104)
    np.testing.assert_allclose(rates(schedule, range(4)), [0.1, 0.2, 0.3, 0.4])
    later = rates(schedule, [4, 54, 104, 500])
    np.testing.assert_allclose(later, [0.4, 0.2, 0, 0], atol=1e-7)
    falling = rates(schedule, range(4, 105))
    assert (np.diff(falling) <= 1e-7).all()


def test_a_short_training_has_a_short_rise():
    schedule = WarmUpDecay(1.0, warmup_steps=100, total_steps=10)
    assert rates(schedule, range(10)).argmax() in (4, 5)
    assert np.isfinite(rates(WarmUpDecay(1.0, 0, 0), [0, 1])).all()


def test_a_linear_rise_and_a_fall_with_the_root_of_time():
    schedule = InverseSquareRoot(0.4, warmup_steps=4)
    np.testing.assert_allclose(rates(schedule, range(4)), [0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(rates(schedule, [15, 63]), [0.2, 0.1], rtol=1e-6)


def test_a_schedule_falls_to_zero_over_its_last_fifth():
    schedule = InverseSquareRoot(0.4, warmup_steps=4)
    cooled = cooled_at_end(schedule, 100)
    np.testing.assert_array_equal(rates(cooled, range(81)), rates(schedule, range(81)))
    shares = rates(cooled, [85, 90, 100, 500]) / rates(schedule, [85, 90, 100, 500])
    np.testing.assert_allclose(shares, [0.75, 0.5, 0, 0], atol=1e-6)
    assert np.isfinite(rates(cooled_at_end(schedule, 1), range(3))).all()


@pytest.mark.parametrize(
    "schedule",
    [
        WarmUpDecay(0.1, 2, 9),
        InverseSquareRoot(0.1, 2),
        CoolDown(InverseSquareRoot(0.1, 2), 4, 4),
    ],
)
def test_schedules_survive_a_round_trip(schedule):
    saved = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(saved)
    np.testing.assert_array_equal(rates(again, range(9)), rates(schedule, range(9)))


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_the_optimizer_has_the_settings(ema):
    config = SimpleNamespace(weight_decay=0.05, ema=ema)
    optimizer = make_adamw(config, 0.1, 5, 50)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    assert (optimizer.weight_decay, optimizer.clipnorm) == (0.05, 1.0)
    assert optimizer.use_ema is (ema > 0)
    assert not ema or optimizer.ema_momentum == ema


@pytest.mark.parametrize("ema", [False, True])
def test_an_optimizer_goes_on_at_its_place(ema):
    schedule = WarmUpDecay(0.1, 4, 100)
    optimizer = keras.optimizers.AdamW(schedule, use_ema=ema)
    rate = continue_schedule(optimizer, 40)
    assert rate == pytest.approx(float(schedule(40)))
    assert float(optimizer.learning_rate) == pytest.approx(rate)
    weight = keras.Variable(np.ones(3, "float32"))
    optimizer.build([weight])
    optimizer.apply([np.ones(3, "float32")])
    # The first step is as long as the rate is: its moments are corrected as new ones.
    np.testing.assert_allclose(weight, 1 - rate, rtol=0.01)
    assert float(optimizer.learning_rate) == pytest.approx(float(schedule(41)))
    copy = Continued.from_config(optimizer._learning_rate.get_config())
    assert float(copy(1)) == pytest.approx(float(schedule(41)))


def test_a_constant_rate_stays():
    optimizer = keras.optimizers.SGD(0.25)
    assert continue_schedule(optimizer, 40) == 0.25

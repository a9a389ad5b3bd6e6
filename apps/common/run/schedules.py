"""Learning rate schedules, and the optimizer of most tasks."""

from typing import Any

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="polyhead")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to `peak`, then decay with the inverse square root of the step."""

    def __init__(self, peak: float, warmup_steps: int) -> None:
        self.peak = peak
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32") + 1.0
        warmup = float(max(1, self.warmup_steps))
        fall = keras.ops.rsqrt(keras.ops.maximum(step, warmup) / warmup)
        return self.peak * keras.ops.minimum(step / warmup, 1.0) * fall

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "warmup_steps": self.warmup_steps}


@keras.saving.register_keras_serializable(package="polyhead")
class WarmUpDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to `peak`, then a cosine decay to zero after `total_steps`."""

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32")
        warmup = float(max(1, min(self.warmup_steps, self.total_steps // 2)))
        rise = (step + 1.0) / warmup
        after = (step - warmup) / max(1.0, self.total_steps - warmup)
        fall = 0.5 + 0.5 * keras.ops.cos(np.pi * keras.ops.clip(after, 0.0, 1.0))
        return self.peak * keras.ops.minimum(rise, fall)

    def get_config(self) -> dict[str, Any]:
        steps = {"warmup_steps": self.warmup_steps, "total_steps": self.total_steps}
        return {"peak": self.peak, **steps}


@keras.saving.register_keras_serializable(package="polyhead")
class CoolDown(keras.optimizers.schedules.LearningRateSchedule):
    """Another schedule that falls linearly to zero in `steps` steps from `begin` on.

    Reference: Zhai et al., "Scaling Vision Transformers", CVPR 2022 (section 3.5);
    Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations", NeurIPS 2024.
    """

    def __init__(
        self,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        begin: int,
        steps: int,
    ) -> None:
        self.schedule = schedule
        self.begin = begin
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32")
        gone = (step - self.begin) / float(max(1, self.steps))
        return self.schedule(step) * (1.0 - keras.ops.clip(gone, 0.0, 1.0))

    def get_config(self) -> dict[str, Any]:
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "begin": self.begin, "steps": self.steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CoolDown":
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**config | {"schedule": schedule})


@keras.saving.register_keras_serializable(package="polyhead")
class Continued(keras.optimizers.schedules.LearningRateSchedule):
    """Another schedule, after the steps `done` of an earlier training."""

    def __init__(
        self, schedule: keras.optimizers.schedules.LearningRateSchedule, done: int
    ) -> None:
        self.schedule = schedule
        self.done = done

    def __call__(self, step: Any) -> Any:
        return self.schedule(keras.ops.cast(step, "float32") + self.done)

    def get_config(self) -> dict[str, Any]:
        return {"schedule": self.schedule, "done": self.done}


def cooled_at_end(
    schedule: keras.optimizers.schedules.LearningRateSchedule, total_steps: int
) -> CoolDown:
    """A schedule that falls to zero over the last fifth of a training."""
    steps = max(1, total_steps // 5)
    return CoolDown(schedule, total_steps - steps, steps)


def has_schedule(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether the optimizer's rate follows a schedule."""
    schedules = keras.optimizers.schedules.LearningRateSchedule
    return isinstance(optimizer._learning_rate, schedules)


def cool_down(model: keras.Model, begin: int, steps: int) -> None:
    """Lets the rate of a model that is trained fall to zero from a step on."""
    optimizer = model.optimizer
    optimizer.learning_rate = CoolDown(optimizer._learning_rate, begin, steps)
    model.train_function = None  # it was compiled with the rate of before


def continue_schedule(optimizer: keras.optimizers.Optimizer, done: int) -> float:
    """Lets a new optimizer's schedule begin after `done` steps; returns the rate.

    The optimizer's own count of steps stays at 0: its moments and averages are new,
    and it corrects their bias by that count.
    """
    if has_schedule(optimizer):
        optimizer.learning_rate = Continued(optimizer._learning_rate, done)
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def make_adamw(
    config: Any, rate: float, warmup_steps: int, total_steps: int
) -> keras.optimizers.Optimizer:
    """AdamW with `WarmUpDecay` to the highest rate `rate`.

    `config` has `weight_decay` and `ema`, the momentum of the weights' moving average
    (0: no average).
    """
    return keras.optimizers.AdamW(
        WarmUpDecay(rate, warmup_steps, total_steps),
        weight_decay=config.weight_decay,
        clipnorm=1.0,
        use_ema=config.ema > 0,
        ema_momentum=config.ema or 0.99,
    )

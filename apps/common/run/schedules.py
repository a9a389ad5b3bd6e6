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

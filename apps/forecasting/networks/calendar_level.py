"""What the clock alone says of a value: a level of each step, by its date and time."""

import keras
from keras import ops

from .cores import dense

HIDDEN_DIM = 32  # an hour of one weekday is unlike that of another


@keras.saving.register_keras_serializable(package="polyhead")
class CalendarLevel(keras.layers.Layer):
    """Maps the calendar of each step to a level of each target.

    The forecaster takes the level from its history before the core, and adds that of
    the steps ahead after it, as `PeriodicCore` does with its learned cycle. So every
    core knows the hour, the weekday and the time of the year. It begins with zeros.

    Args:
        num_targets: T.
        seed: of the weights.

    Call arguments:
        calendar: `(B, steps, F)`, see `clock.calendar_features`.

    Returns:
        Tensor `(B, steps, T)`, in units of the normalised history.
    """

    def __init__(self, num_targets, seed, **kwargs):
        super().__init__(**kwargs)
        self.hidden = dense(HIDDEN_DIM, seed, "hidden", "gelu")
        self.level = keras.layers.Dense(
            num_targets, kernel_initializer="zeros", name="level"
        )

    def call(self, calendar):
        return ops.cast(self.level(self.hidden(calendar)), "float32")

"""The parts that a layer is given: checked, and written into its configuration."""

import math
import numbers

import keras


def check_count(name, count):
    """Refuses a number of heads, or another count, that is no int of 1 or more."""
    if count is None:
        return
    is_int = isinstance(count, numbers.Integral) and not isinstance(count, bool)
    if not is_int or count < 1:
        raise ValueError(f"{name} must be an int of 1 or more, not {count!r}.")


def check_part(name, part, *classes):
    """Refuses what is no layer of one of `classes`, or no layer at all."""
    if part is not None and not isinstance(part, classes or keras.layers.Layer):
        names = " or ".join(f"{cls.__name__}(...)" for cls in classes)
        kind = f"a layer, {names}" if names else "a layer"
        raise ValueError(f"{name} must be {kind}, not {part!r}.")


def check_positive(name, number):
    """Refuses a number that is not above 0 and finite."""
    is_number = isinstance(number, numbers.Real) and not isinstance(number, bool)
    if not is_number or not 0 < number < math.inf:
        raise ValueError(f"{name} must be above 0 and finite, not {number!r}.")


def check_share(name, share):
    """Refuses a share that is not from 0 to below 1."""
    if not 0 <= share < 1:
        raise ValueError(f"{name} must be from 0 to below 1, not {share!r}.")


def check_order(cls, num_heads, feedforward_dim):
    """Refuses more heads than the feed-forward part is wide: KerasHub's order."""
    if num_heads > feedforward_dim:
        raise ValueError(
            f"{cls} got num_heads={num_heads} and feedforward_dim={feedforward_dim}. "
            "Here the order is (num_heads, feedforward_dim); in KerasHub it is "
            f"(intermediate_dim, num_heads). Write {cls}(num_heads="
            f"{feedforward_dim}, feedforward_dim={num_heads}) if you meant that."
        )


def serialize_part(layer):
    """Returns the configuration of a part, which other layers may share.

    Keras marks an object that it meets again as shared, in both configurations. But a
    configuration inside that of a layer is copied, and the mark of the first is lost;
    so the mark is set here at once.
    """
    config = keras.saving.serialize_keras_object(layer)
    if isinstance(config, dict):
        config["shared_object_id"] = id(layer)
    return config


def deserialize_positions(config):
    """Returns the layers `rotary` and `position_bias` of a config."""
    return {
        name: keras.saving.deserialize_keras_object(config[name])
        for name in ("rotary", "position_bias")
    }

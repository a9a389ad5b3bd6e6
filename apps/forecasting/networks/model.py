"""The forecaster: raw numbers in, forecasts in the same units out."""

import keras
import numpy as np
from keras import ops

from polyhead.layers import ReversibleNormalization

from ..series.frequency import Frequency
from .calendar_level import CalendarLevel
from .clock import calendar_features, cycle_phase, speaking, step_times
from .cores import CORES
from .fan import Fan
from .quantiles import beside, central, in_order, rising


@keras.saving.register_keras_serializable(package="polyhead")
class Forecaster(keras.Model):
    """Standardises the history, adds calendar features, runs a core, undoes scaling.

    Args:
        model: the core: "periodic", "patch", "encoder-decoder" or "linear".
        look_back: steps of history, L.
        horizon: steps that are forecast, H.
        num_targets: T.
        num_past: past-only covariates.
        num_future: known-future covariates.
        categories: `[column, count]` of the covariates that are categories.
        frequency: unit and step; see `Frequency`.
        cycle: steps of the learned cycle.
        calendar: those of "day", "week" and "year" that have calendar features.
        levels: quantiles that the core gives, in rising order; `[POINT]` for one
            number.
        quantiles: quantiles that `forecast` gives.
        epsilon: added to the variance of a history, in standardised units.
        hidden_dim, num_layers, num_heads, patch_length, dropout: of the core.
        seed: of the weights and the dropouts.
        non_negative: whether no forecast is below 0.
        fan: how wide the fan of a sparse history is, see `Fan`; None in older runs.
        silent: phases of the calendar at which a target has no forecast; see
            `phases.find_silent`, with the number of the target in place of its name.
        clock: the cycles whose features a `CalendarLevel` has; none in older runs.

    Call arguments:
        inputs: dict of `history (B, L, columns)`, NaN for missing, in the order
            targets, past and future covariates; `start (B, 2)` int32, day since
            1970-01-01 and second of the day of the first forecast step; and
            `future (B, H, future covariates)` where there are any.

    Returns:
        Tensor `(B, H, T, levels)`, float32, in the units of the history: the mean of
        the core's heads. In training `(B, H, T, heads * levels)`.
    """

    def __init__(
        self,
        model,
        look_back,
        horizon,
        num_targets,
        num_past,
        num_future,
        categories,
        frequency,
        cycle,
        calendar,
        levels,
        quantiles,
        epsilon,
        hidden_dim,
        num_layers,
        num_heads,
        patch_length,
        dropout,
        seed,
        non_negative=False,
        fan=None,
        silent=(),
        clock=(),
        **kwargs,
    ):
        arguments = dict(locals())
        super().__init__(**kwargs)
        others = ("self", "kwargs", "__class__")
        self.settings = {k: v for k, v in arguments.items() if k not in others}
        self.frequency = Frequency(*frequency)
        self.counts = dict(map(tuple, categories))
        self.fan = Fan(**(fan or {}))
        options = {"epsilon": epsilon, "name": "normalization"}
        self.normalization = ReversibleNormalization(**options)
        width = horizon * len(levels)
        self.level = CalendarLevel(num_targets, 100 * seed + 50) if clock else None
        # The layers of a core count up from its seed.
        self.core = CORES[model](num_targets, width, 100 * seed, self.settings)

    def build(self, input_shape=None):
        s = self.settings
        columns = s["num_targets"] + s["num_past"] + s["num_future"]
        shape = s["horizon"], s["num_targets"], len(s["quantiles"])
        fixed = {"trainable": False, "dtype": "float32", "autocast": False}
        self.mean = self.add_weight((columns,), "zeros", name="mean", **fixed)
        self.scale = self.add_weight((columns,), "ones", name="scale", **fixed)
        self.offsets = self.add_weight(shape, "zeros", name="offsets", **fixed)
        self.built = True
        history = ops.zeros((1, s["look_back"], columns))
        future = ops.zeros((1, s["horizon"], s["num_future"]))
        start = ops.zeros((1, 2), "int32")
        self.run({"history": history, "start": start, "future": future})

    def call(self, inputs, training=None):
        y, level, scale, _ = self.run(inputs, training=training)
        return ops.transpose(self.to_units(y * scale + level), (0, 3, 2, 1))

    @property
    def middle(self):
        """The index of the median, or of the one number, among the levels."""
        levels = self.settings["levels"]
        return levels.index(0.5) if 0.5 in levels else 0

    def to_units(self, scaled):
        """`(B, Q, T, H)` from standardised values to those of the data."""
        targets = self.settings["num_targets"]
        mean = ops.reshape(self.mean[:targets], (1, 1, targets, 1))
        scale = ops.reshape(self.scale[:targets], (1, 1, targets, 1))
        return scaled * scale + mean

    def run(self, inputs, return_scores=False, training=None):
        """Forecasts `(B, levels, T, H)`, levels and scales of the histories, scores.

        A forecast times its scale `(B, 1, T, 1)` plus its level is standardised. The
        levels of quantiles come before the targets and the steps: a phone can slice one
        out of a tensor as a block, not number by number. The scores are the attention
        weights of the core, or `None`.
        """
        s = self.settings
        shape = -1, s["num_targets"], s["horizon"], len(s["levels"])
        x = self.prepare(inputs)
        x["targets"], (level, scale) = self.normalization.normalize(x["targets"])
        x["past"] = self.normalize_past(x["past"])
        ahead = None
        if self.level is not None:
            past, ahead = ops.split(self.level(x["clock"]), [s["look_back"]], axis=1)
            x["targets"] = x["targets"] - past
            ahead = ops.expand_dims(ops.transpose(ahead, (0, 2, 1)), 1)
        if return_scores and s["model"] != "linear":
            heads, scores = self.core(x, return_scores=True, training=training)
        else:
            heads, scores = self.core(x, training=training), None
        outputs = []
        for y, shift in heads:
            y = ops.reshape(ops.cast(y, "float32"), shape)
            y = in_order(ops.transpose(y, (0, 3, 1, 2)), s["levels"])
            if shift is not None:
                shift = ops.transpose(ops.cast(shift, "float32"), (0, 2, 1))
                y = y + ops.expand_dims(shift, 1)
            if ahead is not None:
                y = y + ahead
            outputs.append(y)
        if training:
            y = ops.concatenate(outputs, axis=1)
        else:
            y = sum(outputs[1:], outputs[0]) / float(len(outputs))
        return y, ops.expand_dims(level, 3), ops.expand_dims(scale, 3), scores

    def normalize_past(self, past):
        """Normalises numbers by their history, but not categories.

        A category that is constant in a history would be lost.
        """
        normal, _ = self.normalization.normalize(past)
        first, num_past = self.settings["num_targets"], self.settings["num_past"]
        counts = [self.counts.get(first + place, 0) for place in range(num_past)]
        if not any(counts):
            return normal
        is_category = np.repeat(np.array(counts) > 0, np.maximum(counts, 1))
        return ops.where(is_category, past, normal)

    def prepare(self, inputs) -> dict:
        """Standardised inputs of the core, with calendar features and categories."""
        s = self.settings
        targets, past = s["num_targets"], s["num_past"]
        history = (ops.cast(inputs["history"], "float32") - self.mean) / self.scale
        offsets = np.arange(-s["look_back"], s["horizon"])
        days, seconds = step_times(inputs["start"], offsets, self.frequency)
        x = {
            "targets": history[:, :, :targets],
            "past": self.expand(history[:, :, targets : targets + past], targets),
            "phase": cycle_phase(days, seconds, self.frequency, s["cycle"]),
            "clock": calendar_features(days, seconds, s["clock"]),
        }
        if s["num_future"]:
            first = targets + past
            future = ops.cast(inputs["future"], "float32")
            future = (future - self.mean[first:]) / self.scale[first:]
            known = ops.concatenate([history[:, :, first:], future], axis=1)
            known = self.expand(known, first)
            known = ops.where(ops.isnan(known), 0.0, known)
        else:
            known = ops.zeros((ops.shape(history)[0], len(offsets), 0))
        calendar = calendar_features(days, seconds, s["calendar"])
        return x | {"known": known, "calendar": calendar}

    def expand(self, values, first):
        """One-hot columns for categories; `first` is the number of the first column."""
        columns = []
        for place in range(values.shape[2]):
            column = values[:, :, place : place + 1]
            count = self.counts.get(first + place)
            if count:
                known = ops.convert_to_tensor(np.arange(count), dtype="float32")
                column = ops.cast(ops.equal(column, known), "float32")
            columns.append(column)
        return ops.concatenate(columns, axis=2) if columns else values

    def forecast(self, inputs, calibrated=True) -> dict:
        """`forecast (B, H, T)` and, if the run has them, `quantiles (B, H, T, Q)`.

        In the units of the data. The forecast, `quantiles.central`, is the quantile 0.5
        as well, and the others never cross it. NaN where nothing can be said: for a
        target without a value in the history, and at its silent phases.
        """
        s = self.settings
        y, level, scale, _ = self.run(inputs)
        middle = ops.expand_dims(central(y, s["levels"]), 1)  # (B, 1, T, H)
        q, quantiles, place = middle * scale + level, s["quantiles"], 0
        if quantiles:
            gaps = self.quantiles_of(y)
            if calibrated:
                gaps = gaps + ops.expand_dims(ops.transpose(self.offsets, (2, 1, 0)), 0)
            gaps, is_older = rising(gaps) - middle, s["fan"] is None
            gaps = gaps if is_older else beside(gaps, quantiles)  # or its own median
            if 0.5 in quantiles and not is_older:  # one tensor: both outputs are equal
                place = quantiles.index(0.5)
            else:
                gaps = ops.concatenate([ops.zeros_like(middle), gaps], axis=1)
            q = q + gaps * self.spread_of(inputs, level, scale)
        q = self.to_units(q)
        if s["non_negative"]:
            q = ops.relu(q)
        q = ops.where(self.is_known(inputs), q, float("nan"))  # last: of NaN, relu is 0
        outputs = {"forecast": ops.transpose(q[:, place], (0, 2, 1))}
        if quantiles:
            q = q[:, -len(quantiles) :]
            outputs["quantiles"] = ops.transpose(q, (0, 3, 2, 1))
        return outputs

    def spread_of(self, inputs, level, scale):
        """The unit of the fan `(B, 1, T, 1)`: see `Fan`."""
        known = ops.cast(self.is_seen(inputs), "float32")
        count = ops.expand_dims(ops.sum(known, axis=1, keepdims=True), 3)
        return self.fan.widen(scale, level, count, self.settings["look_back"])

    def is_seen(self, inputs):
        """Which values of the targets are known, `(B, L, T)`."""
        targets = inputs["history"][:, :, : self.settings["num_targets"]]
        return ops.logical_not(ops.isnan(targets))

    def is_known(self, inputs):
        """Whether there is something to forecast from, `(B, 1, T, 1)` or with steps."""
        s = self.settings
        known = ops.expand_dims(ops.any(self.is_seen(inputs), 1, keepdims=True), 3)
        if not s["silent"]:
            return known
        steps = np.arange(s["horizon"])
        days, seconds = step_times(inputs["start"], steps, self.frequency)
        speaks = speaking(days, seconds, s["silent"], s["num_targets"])
        return ops.logical_and(known, speaks)

    def quantiles_of(self, y):
        """Each quantile before calibration, or the one number, `(B, Q, T, H)`."""
        levels, quantiles = self.settings["levels"], self.settings["quantiles"]
        places = [levels.index(q) if q in levels else 0 for q in quantiles]
        if places == list(range(len(levels))):
            return y
        return ops.stack([y[:, place] for place in places], axis=1)

    def get_config(self):
        return {**super().get_config(), **self.settings}

"""The core of a forecaster: the network that maps histories to forecasts."""

import keras

from .encoder_decoder import EncoderDecoderCore
from .linear import LinearCore
from .patch import PatchCore
from .periodic import PeriodicCore


def make_core(settings: dict) -> keras.Layer:
    """The network that the settings of a `Forecaster` describe."""
    s = settings
    shared = {
        "num_targets": s["num_targets"],
        "width": s["horizon"] * len(s["levels"]),
        "seed": 100 * s["seed"],  # the layers of a core count up from there
    }
    attention = {name: s[name] for name in ("hidden_dim", "num_heads", "dropout")}
    patches = {name: s[name] for name in ("patch_length", "num_layers")}
    if s["model"] == "encoder-decoder":
        horizon = s["horizon"]
        return EncoderDecoderCore(**shared, **attention, **patches, horizon=horizon)
    shared["covariates"] = s["num_past"] + s["num_future"] > 0
    if s["model"] == "patch":
        return PatchCore(**shared, **attention, **patches)
    if s["model"] == "periodic":
        return PeriodicCore(**shared, **attention, cycle=s["cycle"])
    return LinearCore(**shared)

"""What a configuration leaves open is filled, and what cannot be is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..common.errors import RETRAIN, UsageError
from ..common.files import read_json
from ..common.run.config import check_values, load_config, take_shape
from ..common.run.folder import check_run
from .config import LOSSES, MODELS, PRESETS, Config, choose_horizon
from .run import TASK

CANDIDATES = ("periodic", "linear", "patch")  # of model "auto"
# What an old run's weights fix.
SHAPE_FIELDS = (
    "preset",
    "model",
    "look_back",
    "horizon",
    "quantiles",
    "cycle",
    "calendar",
    "hidden_dim",
    "num_layers",
    "num_heads",
    "patch_length",
)
# What a setting may be: its choices, or the lowest and the highest value.
CHOICES: dict[str, tuple] = {
    "preset": tuple(PRESETS),
    "model": (*MODELS, "auto"),
    "loss": LOSSES,
    "mixed_precision": ("auto", "float32", "mixed_bfloat16"),
}
RANGES = {
    "look_back": (1, 10**6),
    "horizon": (1, 10**6),
    "cycle": (1, 10**6),
    "epochs": (1, 10**6),
    "batch_size": (1, 10**6),
    "seed": (0, 2**31),
    "hidden_dim": (1, 2**16),
    "num_layers": (1, 1000),
    "num_heads": (1, 2**16),
    "patch_length": (1, 10**6),
    "dropout": (0, 0.95),
    "learning_rate": (1e-12, 100),
    "weight_decay": (0, 100),
    "ema": (0, 0.99999),
    "patience": (1, 10**6),
}


def resolve(config: Config) -> Config:
    """Fills what the preset, or the older run to begin with, decides."""
    if config.init_from:
        config = take_shape(config, _read_older(Path(config.init_from)), SHAPE_FIELDS)
    check_values(config, CHOICES, RANGES)
    for level in config.quantiles:
        if not 0 < level < 1:
            raise UsageError(f"quantile {level:g}: it must lie between 0 and 1")
    preset = PRESETS[config.preset]
    missing: dict[str, Any] = {
        name: value for name, value in preset.items() if getattr(config, name) is None
    }
    config = replace(config, **missing)
    width, heads = config.hidden_dim or 0, config.num_heads or 1
    if width % heads and config.model not in ("linear", "periodic"):
        raise UsageError(
            f"hidden_dim {width} is no multiple of num_heads {heads}: change one"
        )
    if config.model in ("patch", "auto") and width // heads % 2:
        raise UsageError(
            f"hidden_dim {width} in {heads} heads (num_heads) gives {width // heads} "
            "to each, which must be even for the positions: change one"
        )
    return config


def _read_older(path: Path) -> Config:
    """The configuration of a run to begin with; of "auto" the model that it chose."""
    check_run(path)
    old = load_config(Config, TASK, path / "config.json")
    if old.model == "auto":
        chosen = read_json(path / "metrics.json", RETRAIN)["train"]["model"]
        old = replace(old, model=chosen)
    return old


def candidates(config: Config) -> tuple[str, ...]:
    """The models that are trained: several where the best of them is wanted."""
    if config.model != "auto":
        return (config.model,)
    # Its decoder reads what is known of the steps ahead; without, it is only slower.
    return CANDIDATES + (("encoder-decoder",) if config.future_covariates else ())


def fit_lengths(config: Config, season: int) -> Config:
    """Fills horizon, look-back and cycle from the season of the data."""
    horizon = choose_horizon(config, season)
    look_back = config.look_back or max(4 * season, 2 * horizon)
    cycle = config.cycle or season
    return replace(config, horizon=horizon, look_back=look_back, cycle=cycle)

"""Everything that decides a forecasting run, in one frozen dataclass."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..common.errors import RETRAIN, UsageError
from ..common.files import expecting, read_json
from ..common.run.settings import Length, check_heads, fill_missing

CANDIDATES = ("periodic", "linear", "patch")  # of model "auto"
LEARNING_RATES = dict.fromkeys(("periodic", "patch", "encoder-decoder"), 1e-3)
LEARNING_RATES["linear"] = 5e-3
# What a preset fills in where the user said nothing.
PRESETS = {
    "tiny": {"hidden_dim": 64, "num_layers": 1, "num_heads": 4},
    "small": {"hidden_dim": 128, "num_layers": 2, "num_heads": 4},
    "base": {"hidden_dim": 256, "num_layers": 3, "num_heads": 8},
}
LENGTH = Length(epochs=30, patience=5, fewest_steps=2000)
# A few windows are learned by heart, and as few of validation do not show it: the 41 of
# AirPassengers gave a MASE of .50 after 82 epochs, and of 1.18 after 667.
EPOCHS_PER_WINDOW = 2
# Of older versions, where nobody gave another one.
OLDER_DEFAULTS = {"epochs": (30,), "patience": (5,)}
# What the weights of a run depend on.
ARCHITECTURE: tuple[str, ...] = ("preset", "model", "look_back", "horizon", "quantiles")
ARCHITECTURE += ("cycle", "calendar", "clock", "hidden_dim", "num_layers", "num_heads")
ARCHITECTURE += ("patch_length",)
CLOCKS = ["", "day", "week", "year", "day,week", "day,year", "week,year"]
CLOCKS.append("day,week,year")
# What a setting may be: its choices, or the lowest and the highest value.
CHOICES: dict[str, tuple] = {
    "preset": tuple(PRESETS),
    "model": (*LEARNING_RATES, "auto"),
    "loss": ("mae", "mse", "huber"),
    "mixed_precision": ("auto", "float32", "mixed_bfloat16"),
    "clock": tuple(CLOCKS),
}
COUNTS = ("look_back", "horizon", "cycle", "mase_season", "epochs", "batch_size")
RANGES = {
    **dict.fromkeys(COUNTS, (1, 10**6)),
    "seed": (0, 2**31),
    "keep_examples": (0, 10_000),
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


@dataclass(frozen=True)
class Config:
    """Configuration of a forecasting run.

    The same fields serve the Python API, the command line (`--epochs 5`, or
    `--set hidden_dim=256` for the ones without a flag of their own) and the
    run's `config.json`. A field left at None is filled from the preset or the data.
    """

    # Data.
    train: str | None = None  # a table, wide or long
    validation: str | None = None  # rows after those of train
    test: str | None = None  # rows after those of validation
    split: str | None = None  # of train, in time order: rows or shares, "0.7,0.1,0.2"
    dataset: str | None = None  # an embedded data set: "co2"
    tfds: str | None = None  # a TensorFlow Datasets name
    tfds_dir: str | None = None
    data: str | None = None  # of rows from Python, their fingerprint; see `train`
    time_column: str | None = None
    series_column: str | None = None
    target: tuple[str, ...] = ()  # all columns without another role where absent
    past_covariates: tuple[str, ...] = ()
    future_covariates: tuple[str, ...] = ()  # known before they happen
    categorical: tuple[str, ...] = ()  # covariates that are names, not numbers
    frequency: str | None = None  # h, 15min, D, W, B, MS, ...; found where absent

    # The task, in steps of time.
    look_back: int | None = None  # history that a forecast is made from
    horizon: int | None = None  # steps that are forecast
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    non_negative: bool = False  # no forecast is below 0

    # The run.
    run: str | None = None  # folder; saved_models/<task>-<data> where absent
    preset: str = "small"
    init_from: str | None = None  # an older run's folder
    epochs: int | None = None  # 30, or more of few windows; see LENGTH
    seed: int = 0
    deterministic: bool = False
    keep_examples: int = 500  # held-out ones that the run keeps for its export

    # Model.
    # "auto" is the best on validation data of periodic, linear, patch and, with future
    # covariates, encoder-decoder, which is only slower without them.
    model: str = "periodic"
    cycle: int | None = None  # steps of the learned cycle; the longest season found
    calendar: bool = True  # hour, weekday and time of the year, known to every model
    clock: str | None = None  # the cycles of it that values follow, "day,week"; found
    mase_season: int | None = None  # steps; of the frequency where absent
    hidden_dim: int | None = None
    num_layers: int | None = None  # of patch and encoder-decoder
    num_heads: int | None = None
    patch_length: int = 16
    dropout: float = 0.5

    # Training.
    loss: str = "mae"  # mae (and with it quantiles), mse, huber
    batch_size: int | None = None  # 16 to 256, by the number of windows
    learning_rate: float | None = None  # by the model; see LEARNING_RATES
    weight_decay: float = 0.0
    ema: float = 0.0  # momentum of the weights' moving average; 0 for none
    patience: int | None = None  # epochs without a better validation score
    mixed_precision: str = "float32"  # the models are too small for bfloat16 to pay


def fill(config: Config) -> Config:
    """Fills what the preset decides, and refuses what does not go together."""
    for level in config.quantiles:
        if not 0 < level < 1:
            raise UsageError(f"quantile {level:g}: it must lie between 0 and 1")
    config = fill_missing(config, PRESETS[config.preset])
    width, heads = config.hidden_dim or 1, config.num_heads or 1
    if config.model not in ("linear", "periodic"):
        check_heads(width, heads, rotary=config.model in ("patch", "auto"))
    return config


def read_choice(config: Config, path: Path) -> Config:
    """An older run's configuration, with what it has chosen itself.

    That is the model for "auto"; the models of version 0.2 and before had no clock.
    """
    if config.clock is None:
        config = replace(config, clock="")
    if config.model != "auto":
        return config
    metrics = read_json(file := path / "metrics.json", RETRAIN)
    with expecting(file, RETRAIN):
        return replace(config, model=metrics["train"]["model"])


def candidates(config: Config) -> list[Config]:
    """The configurations of which the best is kept: several with model "auto"."""
    if config.model != "auto":
        return [config]
    decoder = ("encoder-decoder",) if config.future_covariates else ()
    return [replace(config, model=name) for name in (*CANDIDATES, *decoder)]

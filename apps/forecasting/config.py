"""Everything that decides a forecasting run, in one frozen dataclass."""

from dataclasses import dataclass

MODELS = ("periodic", "patch", "encoder-decoder", "linear")
LOSSES = ("mae", "mse", "huber")
LEARNING_RATES = {
    "periodic": 1e-3,
    "patch": 1e-3,
    "encoder-decoder": 1e-3,
    "linear": 5e-3,
}
# What a preset fills in where the user said nothing.
PRESETS = {
    "tiny": {"hidden_dim": 64, "num_layers": 1, "num_heads": 4},
    "small": {"hidden_dim": 128, "num_layers": 2, "num_heads": 4},
    "base": {"hidden_dim": 256, "num_layers": 3, "num_heads": 8},
}

LONGEST_HORIZON = 48  # that is chosen without being asked for


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
    time_column: str | None = None
    series_column: str | None = None
    target: tuple[str, ...] = ()  # all columns without another part where absent
    past_covariates: tuple[str, ...] = ()
    future_covariates: tuple[str, ...] = ()  # known before they happen
    categorical: tuple[str, ...] = ()  # covariates that are names, not numbers
    frequency: str | None = None  # h, 15min, D, W, B, MS, ...; found where absent

    # The task, in steps of time.
    look_back: int | None = None  # history that a forecast is made from
    horizon: int | None = None  # steps that are forecast
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)

    # The run.
    run: str | None = None  # folder; saved_models/<task>-<data> where absent
    preset: str = "small"
    init_from: str | None = None  # an older run's folder
    epochs: int = 30
    seed: int = 0
    deterministic: bool = False

    # Model.
    # One of MODELS, or "auto": the best on validation of periodic, linear, patch and,
    # where future covariates are given, encoder-decoder, which is slow otherwise.
    model: str = "periodic"
    cycle: int | None = None  # steps of the learned cycle; a day, a week or a year
    calendar: bool = True  # the clock as known-future covariates
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
    patience: int = 5  # epochs without a better validation score
    mixed_precision: str = "float32"  # the models are too small for bfloat16 to pay


def choose_horizon(config: Config, season: int) -> int:
    """The steps that are forecast: as configured, or a season of the data."""
    return config.horizon or min(max(season, 6), LONGEST_HORIZON)

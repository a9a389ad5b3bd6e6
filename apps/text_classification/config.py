"""Everything that decides a run of text classification, in one frozen dataclass."""

from dataclasses import dataclass, replace
from typing import Any

from ..common.errors import UsageError
from ..common.run.settings import Length, check_heads, fill_missing
from ..common.text.normalization.table import NONE, NORMALIZATIONS, UNICODE

# What a preset fills in where the user said nothing.
PRESETS = {
    "tiny": {"num_layers": 1, "hidden_dim": 64, "num_heads": 2},
    "small": {"num_layers": 2, "hidden_dim": 128, "num_heads": 4},
    "base": {"num_layers": 4, "hidden_dim": 256, "num_heads": 8},
}
# What else is filled in: for a model from scratch, and for a KerasHub preset.
DEFAULTS = {
    "batch_size": (64, 32),
    "learning_rate": (1e-3, 5e-5),
    "dropout": (0.3, 0.1),
    "label_smoothing": (0.1, 0.0),
    "consistency": (1.0, 0.0),
}
LENGTH = Length(epochs=15, patience=8, fewest_steps=1000)
FINE_TUNING = Length(epochs=3, patience=8, fewest_steps=200)
WARM_UP = 100, 0.1  # steps, but at most this share of all
LORA_LEARNING_RATE = 5e-4  # adapters alone learn slowly
WIDE_NUMBERS = 2**20  # of the wide branch's table
# Up to so many labels, so wide.
WIDE_DIMS = ((2, 4), (16, 16), (float("inf"), 64))
# Of older versions, where nobody gave another one.
OLDER_DEFAULTS: dict[str, tuple] = {
    "epochs": (15, 3),
    "patience": (8,),
    "warmup_steps": (100,),
    "validation_fraction": (0.1,),
    "normalization": (NONE,),
}
# What the weights of a run depend on.
ARCHITECTURE = (
    "preset",
    "num_layers",
    "hidden_dim",
    "num_heads",
    "stem_width",
    "wide",
    "wide_buckets",
    "wide_dim",
    "tokenizer",
    "case_fold",
    "normalization",
)
# What a setting may be: its choices, or the lowest and the highest value.
CHOICES: dict[str, tuple] = {
    "tokenizer": ("bytes", "mediapipe"),
    "normalization": NORMALIZATIONS,
    "mixed_precision": ("auto", "float32", "mixed_bfloat16"),
}
RANGES = {
    "validation_fraction": (1e-9, 1 - 1e-9),
    "epochs": (1, 10**6),
    "seed": (0, 2**31),
    "keep_examples": (0, 10_000),
    "vocabulary_size": (258, 65535),
    "max_tokens": (2, 2047),
    "piece_dropout": (0, 0.95),
    "max_input_bytes": (1, 2**20),
    "num_layers": (1, 1000),
    "hidden_dim": (1, 2**16),
    "num_heads": (1, 2**10),
    "stem_width": (0, 1000),
    "dropout": (0, 0.95),
    "wide_buckets": (2, 2**20),
    "wide_dim": (1, 2**16),
    "wide_dropout": (0, 0.95),
    "wide_learning_rate_ratio": (1e-6, 10**6),
    "batch_size": (1, 10**6),
    "learning_rate": (1e-9, 100),
    "warmup_steps": (0, 10**7),
    "weight_decay": (0, 100),
    "label_smoothing": (0, 0.95),
    "consistency": (0, 1000),
    "ema": (0, 0.99999),
    "patience": (0, 10**6),
    "lora_rank": (0, 10**4),
}


@dataclass(frozen=True)
class Config:
    """Configuration of a text-classification run.

    The same fields serve the Python API, the command line (`--epochs 5`, or `--set
    hidden_dim=256` for those without a flag of their own) and the run's `config.json`.
    A field left at None is filled from the preset, or by the data.
    """

    # Data.
    train: str | None = None  # file, folder of class folders
    validation: str | None = None  # made from train where absent
    test: str | None = None
    dataset: str | None = None  # an embedded data set: "languages"
    tfds: str | None = None  # a TensorFlow Datasets name
    tfds_dir: str | None = None
    data: str | None = None  # of rows from Python, their fingerprint; see `train`
    text_column: str = "text"
    label_column: str = "label"
    multi_label: bool = False
    label_separator: str = ","
    validation_fraction: float | None = None  # 0.1, or more of few rows

    # The run.
    run: str | None = None  # folder; saved_models/<task>-<data> where absent
    preset: str = "small"  # tiny, small, base, or a KerasHub preset or its folder
    init_from: str | None = None  # an older run's folder
    epochs: int | None = None  # 15, or more of few examples; see LENGTH
    seed: int = 0
    deterministic: bool = False
    keep_examples: int = 500  # held-out ones that the run keeps for its export

    # Text.
    tokenizer: str = "bytes"  # or "mediapipe": WordPiece; what KerasHub presets use
    vocabulary_size: int = 4000  # pieces
    max_tokens: int = 128  # longer texts are cut, in training and in the file
    # How texts are normalised, "unicode-1" or "none"; MediaPipe's rules know none.
    normalization: str | None = None
    case_fold: bool = True
    piece_dropout: float = 0.15  # chance to skip a match while training
    max_input_bytes: int | None = None  # of a .tflite's text; by the training texts

    # Model: the deep branch, an encoder.
    num_layers: int | None = None
    hidden_dim: int | None = None
    num_heads: int | None = None
    stem_width: int = 3  # residual convolution before the encoder; 0 for none
    dropout: float | None = None

    # Model: the wide branch, hashed word uni- and bigrams.
    wide: bool = True
    wide_buckets: int | None = None  # by default 2**20 // wide_dim: 1 MB in int8
    wide_dim: int | None = None  # by default 4, 16 or 64, by the number of labels
    wide_dropout: float = 0.3  # chance to drop an n-gram while training
    wide_learning_rate_ratio: float = 20.0

    # Training.
    batch_size: int | None = None
    learning_rate: float | None = None
    warmup_steps: int | None = None  # by default 100, but a tenth of all at most
    weight_decay: float = 0.01
    label_smoothing: float | None = None
    consistency: float | None = None  # weight of R-Drop's loss; doubles each batch
    class_weights: bool = False  # weigh classes by inverse frequency
    ema: float = 0.0  # momentum of the weights' moving average; 0 for none
    patience: int | None = None  # epochs without a better validation score
    mixed_precision: str = "auto"  # auto, float32, mixed_bfloat16
    lora_rank: int = 0  # KerasHub presets only; 0 trains every weight

    @property
    def fine_tunes(self) -> bool:
        """Whether the preset is a KerasHub one."""
        return self.preset not in PRESETS

    @property
    def word_pieces(self) -> bool:
        """Whether texts are cut into WordPieces by MediaPipe's rules."""
        return self.fine_tunes or self.tokenizer == "mediapipe"

    @property
    def row_columns(self) -> tuple[str, ...]:
        """What the fields of a row from Python are that is a tuple."""
        return self.text_column.strip(), self.label_column.strip()

    @property
    def input_column(self) -> str:
        """The column that `predict --file` reads where none is named."""
        return self.text_column


def fill(config: Config) -> Config:
    """Fills what the preset decides, and refuses what does not go together."""
    if config.multi_label and not config.label_separator:
        raise UsageError("label_separator is empty: give the sign between two labels")
    if config.fine_tunes and not config.init_from:
        from .networks.hub import check_preset

        check_preset(config.preset, PRESETS)
    if config.lora_rank and not config.fine_tunes:
        raise UsageError(
            f"lora_rank is {config.lora_rank}, but preset {config.preset!r} has no "
            "trained weights to adapt: name a KerasHub preset"
        )
    if config.word_pieces and config.normalization not in (None, NONE):
        raise UsageError(
            f"normalization is {config.normalization!r}, but MediaPipe, and a KerasHub "
            "preset, read texts as they are: leave it out, or train with "
            "tokenizer=bytes"
        )
    normalization = NONE if config.word_pieces else UNICODE
    defaults: dict[str, Any] = {"normalization": normalization}
    defaults |= {key: pair[config.fine_tunes] for key, pair in DEFAULTS.items()}
    if config.fine_tunes:
        rate = {"learning_rate": LORA_LEARNING_RATE} if config.lora_rank else {}
        return fill_missing(config, defaults | rate)
    config = fill_missing(config, defaults | PRESETS[config.preset])
    check_heads(config.hidden_dim or 1, config.num_heads or 1, rotary=True)
    return config


def fit_length(config: Config, steps: int) -> Config:
    """Fills epochs, patience and warm-up, by the number of batches of an epoch."""
    config = (FINE_TUNING if config.fine_tunes else LENGTH).fit(config, steps)
    if config.warmup_steps is None:
        usual, share = WARM_UP
        most = int(share * steps * (config.epochs or 1))
        config = replace(config, warmup_steps=min(usual, most))
    return config


def fit_wide_branch(config: Config, num_labels: int) -> Config:
    """Chooses the width of the wide table, whose size is a million numbers.

    Few labels need narrow vectors, and more buckets mean fewer n-grams in each. The
    wide branch alone on validation data: with 2 labels .736 at 64 wide, .772 at 16 and
    .798 at 4; with 6 labels .811, .842 and .811; with 150 labels .895 at 64 and .864 at
    16.
    """
    if config.fine_tunes:
        return config
    dim = config.wide_dim or next(dim for most, dim in WIDE_DIMS if num_labels <= most)
    buckets = config.wide_buckets or WIDE_NUMBERS // dim
    return replace(config, wide_dim=dim, wide_buckets=buckets)

"""Everything that decides a text-classification run, in one frozen dataclass."""

from dataclasses import dataclass

# What a preset fills in where the user said nothing.
PRESETS = {
    "tiny": {"num_layers": 1, "hidden_dim": 64, "num_heads": 2},
    "small": {"num_layers": 2, "hidden_dim": 128, "num_heads": 4},
    "base": {"num_layers": 4, "hidden_dim": 256, "num_heads": 8},
}
# What else is filled in: for a model from scratch, and for a KerasHub preset.
FROM_SCRATCH = {
    "epochs": 15,
    "batch_size": 64,
    "learning_rate": 1e-3,
    "warmup_steps": 100,
    "dropout": 0.3,
    "label_smoothing": 0.1,
    "consistency": 1.0,
}
FINE_TUNING = {
    "epochs": 3,
    "batch_size": 32,
    "learning_rate": 5e-5,
    "warmup_steps": 100,
    "dropout": 0.1,
    "label_smoothing": 0.0,
    "consistency": 0.0,
}
PRESET_TOKENS = 512  # the most that a KerasHub BERT reads
LORA_LEARNING_RATE = 5e-4  # adapters alone learn slowly


@dataclass(frozen=True)
class Config:
    """Configuration of a text-classification run.

    The same fields serve the Python API, the command line (`--epochs 5`, or
    `--set hidden_dim=256` for the ones without a flag of their own) and the
    run's `config.json`. A field left at None is filled from the preset.
    """

    # Data.
    train: str | None = None  # file, folder of class folders
    validation: str | None = None  # made from train where absent
    test: str | None = None
    dataset: str | None = None  # an embedded data set: "languages"
    tfds: str | None = None  # a TensorFlow Datasets name
    tfds_dir: str | None = None
    text_column: str = "text"
    label_column: str = "label"
    multi_label: bool = False
    label_separator: str = ","
    validation_fraction: float = 0.1

    # The run.
    run: str | None = None  # folder; saved_models/<task>-<data> where absent
    preset: str = "small"  # tiny, small, base, or a KerasHub preset or its folder
    init_from: str | None = None  # an older run's folder
    epochs: int | None = None
    seed: int = 0
    deterministic: bool = False

    # Text.
    tokenizer: str = "bytes"  # or "mediapipe": WordPiece; what KerasHub presets use
    vocabulary_size: int = 4000  # pieces
    max_tokens: int = 128  # longer texts are cut, in training and in the file
    case_fold: bool = True  # ASCII only
    piece_dropout: float = 0.15  # chance to skip a match while training

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
    warmup_steps: int | None = None
    weight_decay: float = 0.01
    label_smoothing: float | None = None
    consistency: float | None = None  # weight of R-Drop's loss; doubles each batch
    class_weights: bool = False  # weigh classes by inverse frequency
    ema: float = 0.0  # momentum of the weights' moving average; 0 for none
    patience: int = 8  # epochs without a better validation score
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
    def input_column(self) -> str:
        """The column that `predict --file` reads where none is named."""
        return self.text_column

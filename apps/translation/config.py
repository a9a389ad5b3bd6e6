"""Everything that decides a translation run, in one frozen dataclass."""

import importlib.util
from dataclasses import dataclass, replace

from ..common.errors import UsageError
from ..common.generation.measure import MEASURES
from ..common.run.settings import Length, check_heads, fill_missing
from ..common.text.normalization.table import NONE, NORMALIZATIONS, UNICODE
from ..common.text.units import TOKENIZERS

# What a preset fills in where the user said nothing.
SHAPE = "encoder_layers decoder_layers hidden_dim feedforward_dim num_heads".split()
PRESETS = {
    name: dict(zip([*SHAPE, "learning_rate"], values, strict=True))
    for name, values in {
        "tiny": (4, 4, 128, 256, 4, 5e-3),
        "small": (6, 6, 256, 1024, 4, 1.5e-3),
        "base": (6, 6, 512, 2048, 8, 7e-4),
        # On a phone the decoder's steps take most time (Kasai et al., ICLR 2021).
        "phone": (8, 2, 128, 256, 4, 5e-3),
    }.items()
}
LENGTH = Length(epochs=100, patience=10, fewest_steps=3000)
# Of older versions, where nobody gave another one.
OLDER_DEFAULTS = {
    "epochs": (100,),
    "patience": (10,),
    "validation_fraction": (0.05,),
    "vocabulary_size": (7000,),
    "max_tokens": (128,),
    "tokens_per_batch": (4096,),
    "tokenizer": ("bytes",),
    "normalization": (NONE,),
    "noise": (0.0,),
    "joined": (0.0,),
    "carry_case": (False,),
}
# What the weights of a run depend on.
ARCHITECTURE = (
    "preset",
    *SHAPE,
    "norm_position",
    "activation",
    "case_fold",
    "normalization",
    "tokenizer",
    "vocabulary_size",
)
# What a setting may be: its choices, or the lowest and the highest value.
CHOICES: dict[str, tuple] = {
    "preset": tuple(PRESETS),
    "monitor": ("measure", "loss"),
    "measure": MEASURES,
    "norm_position": ("pre", "post"),
    "tokenizer": TOKENIZERS,
    "normalization": NORMALIZATIONS,
    "mixed_precision": ("auto", "float32", "mixed_bfloat16"),
}
RANGES = {
    "validation_fraction": (1e-9, 1 - 1e-9),
    "max_length_ratio": (1 + 1e-9, 10**9),
    "seed": (0, 2**31),
    "keep_examples": (0, 10_000),
    "epochs": (1, 10**6),
    **dict.fromkeys(("max_tokens", "max_output_tokens"), (4, 2048)),
    "vocabulary_size": (259, 65535),
    "tokens_per_batch": (1, 10**7),
    "accumulate": (1, 10**4),
    "beam_size": (1, 100),
    **dict.fromkeys(("dropout", "piece_dropout", "label_smoothing"), (0, 0.95)),
    "noise": (0, 4),
    "joined": (0, 1),
    "ema": (0, 0.99999),
    "length_penalty": (0, 10),
    "learning_rate": (1e-9, 10),
    "weight_decay": (0, 10),
    "warmup_steps": (0, 10**7),
    "patience": (0, 10**6),
    "max_output_ratio": (0.1, 10**4),
    **dict.fromkeys(("max_input_bytes", "max_output_bytes"), (1, 2**20)),
    **dict.fromkeys(("encoder_layers", "decoder_layers"), (1, 100)),
    "hidden_dim": (1, 2**16),
    "feedforward_dim": (1, 2**18),
    "num_heads": (1, 2**10),
}


@dataclass(frozen=True)
class Config:
    """Configuration of a translation run.

    The same fields serve the Python API, the command line (`--epochs 5`, or
    `--set hidden_dim=256` for the ones without a flag of their own) and the
    run's `config.json`. A field left at None is filled from the preset or the data.
    """

    # Data: two parallel files, or one table with two columns.
    train: str | None = None
    train_source: str | None = None
    train_target: str | None = None
    validation: str | None = None  # made from train where absent
    validation_source: str | None = None
    validation_target: str | None = None
    test: str | None = None
    test_source: str | None = None
    test_target: str | None = None
    source_column: str = "source"
    target_column: str = "target"
    source_language: str | None = None
    target_language: str | None = None
    dataset: str | None = None  # embedded: "dates", "interface"
    tfds: str | None = None  # a TensorFlow Datasets name, or a TranslateFolder
    tfds_dir: str | None = None
    data: str | None = None  # of rows from Python, their fingerprint; see `train`
    validation_fraction: float | None = None  # 0.05, or more of few pairs
    # Training pairs this many times more unlike in length than usual are left out.
    max_length_ratio: float = 4.0

    # The run.
    run: str | None = None  # folder; saved_models/<task>-<data> where absent
    preset: str = "tiny"  # tiny, small, base, phone
    init_from: str | None = None  # an older run's folder
    epochs: int | None = None  # 100, or more of few pairs; see LENGTH
    seed: int = 0
    deterministic: bool = False
    keep_examples: int = 500  # held-out ones that the run keeps for its export

    # Text.
    # Pieces of words, "bytes", or "characters"; by the pairs.
    tokenizer: str | None = None
    vocabulary_size: int | None = None  # pieces, joint; 400 to 7000 by the pairs
    # Pieces of a source and of a target, 128 to 512 by the pairs: longer training pairs
    # are left out, other texts cut.
    max_tokens: int | None = None
    max_output_tokens: int | None = None
    case_fold: bool = False
    normalization: str | None = None  # of texts: "unicode-1", or "none"
    piece_dropout: float = 0.1  # chance to skip a match while training
    # Training sources as people type them, such as in capitals: 1 for the usual shares,
    # 0 for none; by the pairs. And the share of the pairs that others are joined to.
    noise: float | None = None
    joined: float | None = None
    # Texts in capitals, or in title case, are read in small letters and answered in
    # their case; by the pairs.
    carry_case: bool | None = None

    # Model.
    encoder_layers: int | None = None
    decoder_layers: int | None = None
    hidden_dim: int | None = None
    feedforward_dim: int | None = None
    num_heads: int | None = None
    norm_position: str = "pre"  # or post
    activation: str = "relu"
    dropout: float = 0.3

    # Training.
    # Of the longer side, padding counted; 256 to 4096 by the pairs.
    tokens_per_batch: int | None = None
    accumulate: int = 1  # batches an update
    learning_rate: float | None = None  # the highest, reached after warmup_steps
    warmup_steps: int = 2000  # but a quarter of all updates at most
    weight_decay: float = 0.0
    label_smoothing: float = 0.1
    ema: float = 0.998  # momentum of the weights' moving average; 0 for none
    monitor: str = "measure"  # or loss: what decides which epoch is best
    patience: int | None = None  # epochs without a better validation score
    mixed_precision: str = "auto"  # auto, float32, mixed_bfloat16
    tensorboard: bool = False

    # Decoding.
    beam_size: int = 5
    length_penalty: float = 1.0
    max_input_bytes: int | None = None  # of a .tflite's source; by the training pairs
    max_output_bytes: int | None = None  # of its answer; by the training pairs
    max_output_ratio: float | None = None  # pieces a source piece; by the data

    # Scores; by the targets of training where absent.
    measure: str | None = None  # bleu or exact: what decides
    tokenize: str | None = None  # the tokenizer of BLEU, by sacreBLEU's name

    def __post_init__(self) -> None:
        if self.monitor == "bleu":  # a run of 0.2 or older, which knew BLEU alone
            object.__setattr__(self, "monitor", "measure")
            object.__setattr__(self, "measure", "bleu")

    @property
    def row_columns(self) -> tuple[str, ...]:
        """What the fields of a row from Python are that is a tuple."""
        return self.source_column.strip(), self.target_column.strip()

    @property
    def input_column(self) -> str:
        """The column that `predict --file` reads where none is named."""
        return self.source_column


def fill(config: Config) -> Config:
    """Fills what the preset decides, and refuses what does not go together."""
    import keras

    from ..common.generation.losses import limit_threads

    # Before TensorFlow's first operation, which reading a data set of TFDS can be.
    limit_threads()
    try:
        keras.activations.get(config.activation)
    except ValueError:
        raise UsageError(
            f"activation {config.activation!r}: none of Keras's, such as relu or gelu"
        ) from None
    if config.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise UsageError("tensorboard is missing: pip install 'polyhead[tensorboard]'")
    if config.dataset == "interface" and config.source_language is None:
        config = replace(config, source_language="en")
    config = fill_missing(config, {**PRESETS[config.preset], "normalization": UNICODE})
    check_heads(config.hidden_dim or 1, config.num_heads or 1)
    return config

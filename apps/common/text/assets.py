"""What a run that reads byte pieces needs besides its model: its tokenizer.

Imports no Keras, and the tokenizer only when it is asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import replacing

if TYPE_CHECKING:
    from .byte_pieces import Tokenizer


@dataclass(frozen=True)
class PieceAssets:
    """Of a finished run in the folder `path`."""

    path: Path
    num_special: int = 0  # special tokens that the model adds to a text
    normalization: str | None = None  # of the texts; none in older runs

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """The tokenizer, read when it is first needed."""
        return load_tokenizer(self.path, self.normalization)


@dataclass(frozen=True)
class NewPieceAssets:
    """Of a run in training."""

    tokenizer: "Tokenizer"


def make_assets(config: Any, texts: Iterable[str], path: Path | None) -> NewPieceAssets:
    """The tokenizer in the run's folder `path`, the older run's, or a new one."""
    from .byte_pieces import Tokenizer

    if path is not None and (path / "tokenizer.json").exists():
        return NewPieceAssets(load_tokenizer(path, config.normalization))
    if config.init_from:
        older = Path(config.init_from)
        return NewPieceAssets(load_tokenizer(older, config.normalization))
    options = config.case_fold, config.seed, config.tokenizer, config.normalization
    return NewPieceAssets(Tokenizer.learn(texts, config.vocabulary_size, *options))


def load_tokenizer(path: Path, normalization: str | None) -> "Tokenizer":
    """The tokenizer of the run in the folder `path`."""
    from .byte_pieces import Tokenizer

    return Tokenizer.load(path / "tokenizer.json", normalization)


def save_assets(assets: NewPieceAssets, path: Path) -> None:
    """Writes tokenizer.json."""
    with replacing(path / "tokenizer.json") as temporary:
        assets.tokenizer.save(temporary)

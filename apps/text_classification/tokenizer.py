"""The tokenizer of a classifier: byte pieces, or WordPieces by MediaPipe's rules."""

from pathlib import Path

from ..common.text.byte_pieces import Tokenizer
from ..common.text.wordpiece import WordPieceTokenizer
from .config import Config

AnyTokenizer = Tokenizer | WordPieceTokenizer


def load_tokenizer(
    config: Config, path: Path, max_tokens: int | None = None
) -> AnyTokenizer:
    """Reads a run's tokenizer.json; `max_tokens` is the file's own if None."""
    if config.word_pieces:
        return WordPieceTokenizer.load(path, max_tokens)
    return Tokenizer.load(path, config.normalization)


def make_tokenizer(config: Config, texts: list[str], path: Path | None) -> AnyTokenizer:
    """The one that is at `path`, the older run's, the preset's, or a new one."""
    if path is not None and path.exists():
        return load_tokenizer(config, path)
    if config.init_from:
        older = Path(config.init_from) / "tokenizer.json"
        return load_tokenizer(config, older, config.max_tokens)
    if config.fine_tunes:
        from .networks.presets import preset_tokenizer

        return preset_tokenizer(config)
    size, seed = config.vocabulary_size, config.seed
    if config.word_pieces:
        return WordPieceTokenizer.learn(texts, size, config.max_tokens, seed)
    normal = config.normalization
    return Tokenizer.learn(texts, size, config.case_fold, seed, normalization=normal)

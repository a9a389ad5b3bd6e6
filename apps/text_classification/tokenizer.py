"""The tokenizer of a classifier: byte pieces, or WordPieces by MediaPipe's rules."""

from pathlib import Path

from ..common.text.byte_pieces import Tokenizer
from ..common.text.wordpiece import WordPieceTokenizer
from .config import Config


def load_tokenizer(
    config: Config, path: Path, max_tokens: int | None = None
) -> Tokenizer | WordPieceTokenizer:
    """Reads a run's tokenizer.json.

    Args:
        config: the run's.
        path: of the file.
        max_tokens: of the run that reads it; the file's own where absent.
    """
    if config.word_pieces:
        return WordPieceTokenizer.load(path, max_tokens)
    return Tokenizer.load(path)


def make_tokenizer(
    config: Config, texts: list[str], path: Path | None
) -> Tokenizer | WordPieceTokenizer:
    """The run's own where it goes on, the older run's, the preset's, or a new one.

    Args:
        config: the run's.
        texts: of training.
        path: of the run's tokenizer.json, which may not exist yet.
    """
    if path is not None and path.exists():
        return load_tokenizer(config, path)
    if config.init_from:
        older = Path(config.init_from) / "tokenizer.json"
        return load_tokenizer(config, older, config.max_tokens)
    if config.fine_tunes:
        from .presets import preset_tokenizer

        return preset_tokenizer(config)
    size, seed = config.vocabulary_size, config.seed
    if config.word_pieces:
        return WordPieceTokenizer.learn(texts, size, config.max_tokens, seed)
    return Tokenizer.learn(texts, size, config.case_fold, seed)

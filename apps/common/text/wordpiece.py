"""WordPiece by the rules of MediaPipe's BERT tokenizer, in Python.

ASCII capitals are lowered and nothing else is. White space separates words, and each
punctuation mark, ASCII symbol and Chinese character is one. A word is cut greedily into
the longest known pieces, and all but the first are written with `##`. A word for which
that fails, or of more than 100 bytes, is [UNK]. A text ends at its first zero byte.

MediaPipe knows no other rules, and these cannot express the byte pieces of
`byte_pieces.py`, which have no unknown words. Therefore there are two tokenizers.

Reference: tasks/cc/text/tokenizers/bert_tokenizer.h in
https://github.com/google-ai-edge/mediapipe; Wu et al., arXiv:1609.08144.
benchmarks/mediapipe_proof.py shows that both give the same ids.
"""

import json
import re
import string
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer as HuggingFaceTokenizer
from tokenizers import models, pre_tokenizers, trainers

from polyhead.runtime.text_bytes import cut_text

from ..errors import RETRAIN, PolyheadError, UsageError, reason_of
from ..files import read_file
from .vocabulary import sample_texts
from .wordpiece_rules import CONTINUES, MAX_WORD_BYTES, SPACES, delimiter_ranges

PAD, UNKNOWN, START, END = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
REMEMBERED = 100_000  # words
BYTES_A_TOKEN = 64

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_CLASS = "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in delimiter_ranges())
_BORDERS = re.compile(f"[{SPACES}]+|([{_CLASS}])")


class WordPieceTokenizer:
    """A vocabulary of word pieces, called as the byte `Tokenizer` is.

    "[PAD]" is its first piece, and "[UNK]", "[CLS]" and "[SEP]" are in it. `lowercase`
    lowers ASCII capitals, as MediaPipe always does. Texts are cut to `max_tokens` ids,
    with [CLS] and [SEP].

    Example:

    >>> words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "##ly", "."]
    >>> WordPieceTokenizer(words, True, 8).encode("Goodly, good.")
    [2, 4, 5, 1, 4, 6, 3]
    """

    def __init__(
        self, vocabulary: Sequence[str], lowercase: bool, max_tokens: int
    ) -> None:
        self.pieces, self.lowercase = list(vocabulary), lowercase
        self.max_tokens = max_tokens
        self.ids = {piece: number for number, piece in enumerate(self.pieces)}
        missing = [piece for piece in SPECIAL if piece not in self.ids]
        if missing:
            raise UsageError(f"the vocabulary has no {', '.join(missing)}: add it")
        if self.ids[PAD] != 0:
            raise UsageError(
                f"the vocabulary has {PAD} at {self.ids[PAD]}, not at 0; only presets "
                "that pad with 0 can be fine-tuned"
            )
        self.longest = max(map(len, self.pieces))
        self._remembered = lru_cache(REMEMBERED)(self._cut_word)

    @classmethod
    def learn(
        cls, texts: Iterable[str], size: int, max_tokens: int, seed: int = 0
    ) -> "WordPieceTokenizer":
        """Learns a vocabulary of at most `size` pieces from the texts."""
        return cls(learn_pieces(texts, size, seed), True, max_tokens)

    @classmethod
    def load(
        cls, path: str | Path, max_tokens: int | None = None
    ) -> "WordPieceTokenizer":
        """Reads what `save` wrote."""
        text = read_file(path, RETRAIN)
        try:
            saved = json.loads(text)
            pieces, number = saved["vocabulary"], max_tokens or saved["max_tokens"]
            if not all(type(piece) is str for piece in pieces) or number < 1:
                raise ValueError("the vocabulary is no list of texts")
            return cls(pieces, bool(saved["lowercase"]), number)
        except Exception as error:  # JSON of any kind raises errors of any kind
            raise PolyheadError(
                f"{path}: not a readable tokenizer ({reason_of(error)}): {RETRAIN}"
            ) from error

    def save(self, path: str | Path) -> None:
        settings = {"lowercase": self.lowercase, "max_tokens": self.max_tokens}
        content = {**settings, "vocabulary": self.pieces}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """The arrays that `encode_graph` reads."""
        from .wordpiece_graph import build_tables

        return build_tables(self.ids)

    def most_bytes(self, max_tokens: int) -> int:
        """Texts are read up to this many bytes; only unusual ones are longer."""
        return max_tokens * BYTES_A_TOKEN

    def encode_graph(self, tables: Any, text: Any, max_tokens: int) -> tuple[Any, Any]:
        """Ids `(B, max_tokens)` and whether they are cut; see `Tokenizer`."""
        from .wordpiece_graph import cut_words, encode_words

        special = [self.ids[name] for name in (UNKNOWN, START, END)]
        sizes = [len(piece.removeprefix(CONTINUES).encode()) for piece in self.pieces]
        longest = min(max(sizes), MAX_WORD_BYTES)
        more = max_tokens + 1
        ids = encode_words(tables, text, more, special, longest, self.lowercase)
        return cut_words(ids, self.ids[END])

    def encode(self, text: str) -> list[int]:
        """The ids of one text, from [CLS] to [SEP]."""
        return self.encode_all([text])[0].tolist()

    def encode_all(
        self,
        texts: Sequence[str],
        piece_dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> list[np.ndarray]:
        """The ids of each text, int32 arrays of at most `max_tokens`.

        `rng` draws the pieces for which a shorter one is taken, with the chance
        `piece_dropout`; see `Tokenizer.encode_all`.
        """
        cut: Callable[[str], list[int]] = self._remembered
        if piece_dropout and rng is not None:
            chances = _draw(rng)
            cut = lambda word: self._cut_word(word, chances, piece_dropout)  # noqa: E731
        return [self._encode(text, cut, self.max_tokens) for text in texts]

    def find_cut(self, texts: Sequence[str], max_tokens: int) -> list[bool]:
        """Which of the texts have more than `max_tokens` pieces, or too many bytes."""
        cut, more = self._remembered, max_tokens + 1
        most = self.most_bytes(max_tokens)
        return [
            len(cut_text(text, sys.maxsize)[0]) > most
            or len(self._encode(text, cut, more)) == more
            for text in texts
        ]

    def _encode(
        self, text: str, cut: Callable[[str], list[int]], max_tokens: int
    ) -> np.ndarray:
        kept = max_tokens - 2
        ids: list[int] = []
        for word in split_words(text, self.lowercase):
            ids += cut(word)
            if len(ids) >= kept:
                break
        return np.array([self.ids[START], *ids[:kept], self.ids[END]], np.int32)

    def _cut_word(
        self, word: str, chances: Iterator[float] | None = None, dropout: float = 0.0
    ) -> list[int]:
        """The ids of a word's pieces."""
        unknown = [self.ids[UNKNOWN]]
        if len(word.encode()) > MAX_WORD_BYTES:
            return unknown
        ids, start, prefix = [], 0, ""
        while start < len(word):
            taken = None
            for end in range(min(len(word), start + self.longest), start, -1):
                piece = self.ids.get(prefix + word[start:end])
                if piece is None:
                    continue
                taken = piece, end
                # The shortest known piece is taken whatever is drawn.
                if chances is None or end == start + 1 or next(chances) >= dropout:
                    break
            if taken is None:
                return unknown
            ids.append(taken[0])
            start, prefix = taken[1], CONTINUES
        return ids


def _draw(rng: np.random.Generator) -> Iterator[float]:
    """Numbers from 0 to 1 without end; drawing them one by one is slow."""
    while True:
        yield from rng.random(4096).tolist()


def split_words(text: str, lowercase: bool = True) -> list[str]:
    """A text's words, not yet cut into pieces."""
    text = text.split("\0", 1)[0].encode("utf-8", "replace").decode()
    if lowercase:
        text = text.translate(_LOWER)
    return [word for word in _BORDERS.split(text) if word]


def learn_pieces(texts: Iterable[str], size: int, seed: int = 0) -> list[str]:
    """Learns at most `size` pieces from a sample of the texts.

    The library numbers the pieces of one character by chance, which decides what it
    learns from them. So they are given to it in a fixed order.
    """
    sample = sample_texts(texts, seed)
    words = Counter(w for text in sample for w in filter(_is_plain, split_words(text)))
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            counts[character] += count
    frequent = sorted(counts, key=lambda c: (-counts[c], c))[: max(size // 4, 1)]
    later = {c for word in words for c in word[1:]}.intersection(frequent)
    learner = HuggingFaceTokenizer(models.WordPiece({}, unk_token=UNKNOWN))
    learner.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        show_progress=False,
        special_tokens=[*SPECIAL, *sorted(CONTINUES + c for c in later)],
        initial_alphabet=sorted(frequent),
        limit_alphabet=len(frequent),
        continuing_subword_prefix=CONTINUES,
    )
    lines = (filter(_is_plain, split_words(text)) for text in sample)
    learner.train_from_iterator(map(" ".join, lines), trainer)
    vocabulary = learner.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _is_plain(word: str) -> bool:
    """Whether a vocabulary can hold it: one piece a line, read by any program."""
    short = len(word.encode()) <= MAX_WORD_BYTES
    return short and not any(c.isspace() or ord(c) < 32 or c == "\x7f" for c in word)

"""Learning a vocabulary of byte pieces, and the oracle that reads it.

The vocabulary is a file of Hugging Face's `tokenizers`: any program with this library
gets the same ids as the exported graph.
"""

import random
import string
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

PAD, START, END = "<pad>", "<start>", "<end>"  # ids 0, 1, 2
SPECIAL = (PAD, START, END)
MAX_PIECE_BYTES = 16  # each byte more costs a gather in the graph
SAMPLE_BYTES = 20_000_000  # enough to learn any vocabulary that fits a phone
CHUNK = 1000  # characters; learning takes time quadratic in a word's length


def byte_characters() -> dict[str, int]:
    """The printable character that stands for each byte in the file."""
    # GPT-2's table: printable Latin-1 stands for itself, the rest moves past 255.
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in set(kept)]
    return {chr(b): b for b in kept} | {chr(256 + i): b for i, b in enumerate(rest)}


def new_oracle(vocabulary: dict[str, int], case_fold: bool) -> Tokenizer:
    """A `tokenizers.Tokenizer` with our rules and the given vocabulary."""
    # The unknown token is never used: every byte is a piece.
    rules = {"continuing_subword_prefix": "", "max_input_chars_per_word": 1_000_000}
    oracle = Tokenizer(models.WordPiece(vocabulary, unk_token=PAD, **rules))
    capitals = string.ascii_uppercase if case_fold else ""
    fold = [normalizers.Replace(capital, capital.lower()) for capital in capitals]
    # A first word then has the same pieces as the same word further on.
    oracle.normalizer = normalizers.Sequence([*fold, normalizers.Prepend(" ")])
    # A digit is a piece of its own, so that numbers are spelled alike.
    punctuation = Regex(r" ?[!-/:-@\[-`{-~\p{Nd}]")
    oracle.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(punctuation, "isolated"),
            pre_tokenizers.Split(" ", "merged_with_next"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return oracle


def sample_texts(texts: Iterable[str], seed: int) -> list[str]:
    """All of the texts, or a seeded sample of about 20 MB of them."""
    texts = list(texts)
    total = sum(len(text) for text in texts)
    if total <= SAMPLE_BYTES:
        return texts
    kept = max(1, len(texts) * SAMPLE_BYTES // total)
    return random.Random(seed).sample(texts, kept)


def learn_characters(
    texts: Iterable[str], size: int, case_fold: bool, seed: int = 0
) -> Tokenizer:
    """The bytes, and the commonest characters of several bytes: `size` pieces at most.

    Each other character is spelled in bytes.
    """
    counts = Counter("".join(sample_texts(texts, seed)))
    code = {byte: letter for letter, byte in byte_characters().items()}
    pieces = [*SPECIAL, *sorted(byte_characters())]
    for character, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        data = character.encode("utf-8", "replace")
        if len(data) > 1 and len(pieces) < size:
            pieces.append("".join(code[byte] for byte in data))
    return new_oracle({piece: i for i, piece in enumerate(pieces)}, case_fold)


def learn_vocabulary(
    texts: Iterable[str], size: int, case_fold: bool, seed: int = 0
) -> Tokenizer:
    """Learns `size` pieces from a sample of the texts."""
    texts = sample_texts(texts, seed)
    chunks = (text[i : i + CHUNK] for text in texts for i in range(0, len(text), CHUNK))
    oracle = new_oracle({}, case_fold)
    alphabet = sorted(byte_characters())
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(size, len(alphabet) + len(SPECIAL)),
        show_progress=False,
        special_tokens=list(SPECIAL),
        initial_alphabet=alphabet,
        continuing_subword_prefix="",
    )
    oracle.train_from_iterator(chunks, trainer)
    vocabulary = oracle.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    kept_pieces = [p for p in pieces if p in SPECIAL or len(p) <= MAX_PIECE_BYTES]
    return new_oracle({piece: i for i, piece in enumerate(kept_pieces)}, case_fold)

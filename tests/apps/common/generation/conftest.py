"""A small model from texts to texts, with its first weights."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Config:
    """What this room reads of a configuration."""

    seed: int = 0
    epochs: int | None = 2
    patience: int | None = 5
    tokenizer: str | None = None
    vocabulary_size: int | None = None
    max_tokens: int | None = 40
    max_output_tokens: int | None = None
    piece_dropout: float = 0.1
    noise: float | None = None
    joined: float | None = None
    carry_case: bool | None = None
    tokens_per_batch: int | None = 40
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup_steps: int = 10
    weight_decay: float = 0.0
    label_smoothing: float = 0.1
    ema: float = 0.9
    monitor: str = "bleu"
    tensorboard: bool = False
    beam_size: int = 3
    length_penalty: float = 1.0
    max_output_ratio: float | None = None
    max_input_bytes: int | None = None
    max_output_bytes: int | None = None


@pytest.fixture(scope="session")
def config():
    return Config()


@pytest.fixture(scope="session")
def pairs():
    from polyhead.apps.common.data.pairs import make_pairs

    words = "one two three four five six seven".split()
    texts = [" ".join(words[i % 7 :][: 1 + i % 5]) for i in range(40)]
    return make_pairs("pairs", texts, [text.upper() for text in texts])


@pytest.fixture(scope="session")
def tokenizer(pairs):
    from polyhead.apps.common.text.byte_pieces import Tokenizer

    return Tokenizer.learn([*pairs.sources, *pairs.targets], 300, case_fold=False)


@pytest.fixture
def make_model(tokenizer):
    """Makes equal models; each has weights of its own."""

    def make():
        from polyhead.apps.translation.model import Translator

        model = Translator(len(tokenizer.pieces), 1, 1, 16, 32, 2, seed=1)
        model.build()
        return model

    return make


@pytest.fixture
def serving(make_model, tokenizer, config):
    from polyhead.apps.common.generation.serving.serving import Serving

    return Serving(make_model(), tokenizer, config)

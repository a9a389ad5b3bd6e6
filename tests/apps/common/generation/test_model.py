"""What is asked of a text-to-text model, and that the translator has it."""

import inspect

from polyhead.apps import translation
from polyhead.apps.common.generation.model import TextModel
from polyhead.apps.translation.model import build_model


def test_the_translator_is_a_text_model():
    config = translation.Config(
        encoder_layers=1,
        decoder_layers=1,
        hidden_dim=8,
        feedforward_dim=8,
        num_heads=2,
    )
    model = build_model(config, vocabulary_size=300)
    for name in TextModel.__annotations__:
        assert getattr(model, name) is not None
    methods = [n for n, v in vars(TextModel).items() if inspect.isfunction(v)]
    methods = [name for name in methods if name != "__init__"]
    assert "encode" in methods
    for name in methods:
        if name.startswith("_") and name != "__call__":
            continue
        own = set(inspect.signature(getattr(type(model), name)).parameters)
        asked = inspect.signature(getattr(TextModel, name)).parameters
        if name != "__call__":  # Keras's takes whatever `call` does
            assert set(asked) <= own

"""Settings: what is filled, and what is refused."""

import pytest

from polyhead.apps.common.errors import UsageError
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK, Config, config


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden_dim", 0),
        ("num_layers", 0),
        ("num_heads", 0),
        ("patch_length", 0),
        ("dropout", 1.5),
        ("learning_rate", -1.0),
        ("weight_decay", -1.0),
        ("patience", -1),
        ("ema", 1.0),
    ],
)
def test_settings_that_cannot_be(setting, value):
    with pytest.raises(UsageError, match=f"{setting} is {value}: it must be from"):
        resolve(TASK, Config(**{setting: value}))


def test_heads_part_the_vectors():
    changes = {"hidden_dim": 8, "num_heads": 3}
    with pytest.raises(UsageError, match="hidden_dim 8 is no multiple of num_heads 3"):
        resolve(TASK, Config(model="patch", **changes))
    with pytest.raises(UsageError, match=r"6 in 2 heads \(num_heads\) gives 3 to each"):
        resolve(TASK, Config(model="patch", hidden_dim=6, num_heads=2))
    # The heads of "periodic" divide the look-back.
    assert resolve(TASK, Config(**changes)).num_heads == 3


def test_the_encoder_decoder_is_a_candidate_where_the_future_is_known():
    def models(**changes):
        return [c.model for c in config.candidates(Config(model="auto", **changes))]

    assert "encoder-decoder" in models(future_covariates=("x",))
    assert "encoder-decoder" not in models()

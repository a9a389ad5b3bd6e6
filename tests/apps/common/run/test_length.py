"""How long a training is, by the steps of an epoch."""

import pytest

from polyhead.apps.common.run.settings import Length
from polyhead.apps.text_classification import Config
from polyhead.apps.text_classification.config import fit_length

USUAL = Length(epochs=15, patience=8, fewest_steps=1000)


@pytest.mark.parametrize(
    "steps, epochs, patience",
    [
        (500, 15, 8),
        (67, 15, 8),
        (20, 50, 27),  # a training of 1,000 steps, which waits for 540 of them
        (1, 1000, 534),
        (0, 1000, 534),
    ],
)
def test_small_data_have_more_epochs_and_more_patience(steps, epochs, patience):
    fitted = USUAL.fit(Config(), steps)
    assert (fitted.epochs, fitted.patience) == (epochs, patience)


def test_no_more_epochs_than_allowed_but_the_usual_ones():
    fitted = USUAL.fit(Config(), 2, most_epochs=30)
    assert (fitted.epochs, fitted.patience) == (30, 16)
    fitted = USUAL.fit(Config(), 2, most_epochs=4)
    assert (fitted.epochs, fitted.patience) == (15, 8)


def test_what_the_user_gave_stays():
    fitted = USUAL.fit(Config(epochs=3), 20)
    assert (fitted.epochs, fitted.patience) == (3, 27)
    fitted = USUAL.fit(Config(patience=0), 20)
    assert (fitted.epochs, fitted.patience) == (50, 0)


@pytest.mark.parametrize(
    "settings, steps, epochs, warmup_steps",
    [
        ({}, 200, 15, 100),
        ({}, 20, 50, 100),
        ({"epochs": 5}, 20, 5, 10),  # a tenth of 100 steps
        ({"epochs": 1}, 2, 1, 0),
        ({"epochs": 5, "warmup_steps": 60}, 20, 5, 60),
        ({"preset": "bert_tiny_en_uncased"}, 10, 20, 20),
    ],
)
def test_the_warm_up_is_a_small_share(settings, steps, epochs, warmup_steps):
    fitted = fit_length(Config(**settings), steps)
    assert (fitted.epochs, fitted.warmup_steps) == (epochs, warmup_steps)

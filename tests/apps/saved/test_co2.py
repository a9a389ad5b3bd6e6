"""The forecaster of CO2 that we ship does what its card says."""

import numpy as np
import pytest
from shipped_tools import SHIPPED, shipped_bytes

from polyhead.apps import load
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.evaluate import score_model

FOLDER = SHIPPED / "co2"
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run():
    return load(FOLDER)


@pytest.fixture(scope="module")
def windows(run):
    pytest.importorskip("statsmodels")
    return run.windows(load_data(run.config))


def score(run, windows, engine):
    def answer(inputs):
        return run.answer(inputs, engine)

    return score_model(windows, "test", answer, run.quantiles).summary()


def test_sizes():
    assert shipped_bytes(FOLDER.name) <= 3_000_000
    assert (FOLDER / "export/model_int8.tflite").stat().st_size <= 500_000


@pytest.mark.parametrize("engine", ["keras", "tflite"])
def test_figures_are_the_cards(run, windows, engine):
    stated = run.metrics["test"]
    for name in ("mse", "mae", "mase"):
        assert f"{stated[name]:.4g}" in CARD
    found = score(run, windows, engine)
    assert found["mae"] == pytest.approx(stated["mae"], rel=0.02)
    assert found["crps"] == pytest.approx(stated["crps"], rel=0.05)


def test_it_is_better_than_every_baseline(run):
    ours = run.metrics["test"]
    for name, other in run.metrics["baselines"].items():
        assert ours["mae"] < other["mae"], name


def test_the_year_after_the_data(run, windows):
    (answer,) = run.predict(engine="tflite")
    assert str(answer.stamps[0]) == "2002-01-05T00:00:00"
    assert len(answer.stamps) == 52
    # Mauna Loa's year: highest in May, lowest in autumn, 6 ppm between them.
    values = answer.values[:, 0]
    assert 368 < values.min() < 371 and 374 < values.max() < 377
    assert 16 <= int(np.argmax(values)) <= 24
    assert 34 <= int(np.argmin(values)) <= 44

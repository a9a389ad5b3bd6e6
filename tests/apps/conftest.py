"""Makes `review_tools` importable; one trained classifier for several files."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from review_tools import TINY, make_reviews, write_csv  # noqa: E402


@pytest.fixture(scope="session")
def reviews(tmp_path_factory) -> Path:
    """A folder with train.csv (600 rows) and test.csv (200)."""
    folder = tmp_path_factory.mktemp("reviews")
    write_csv(folder / "train.csv", make_reviews(600, seed=1))
    write_csv(folder / "test.csv", make_reviews(200, seed=2))
    return folder


@pytest.fixture(scope="session")
def review_run(reviews, tmp_path_factory):
    """A trained `Run`. Tests that would change its folder take a copy of it."""
    from polyhead.apps import text_classification

    config = text_classification.Config(
        train=str(reviews / "train.csv"),
        test=str(reviews / "test.csv"),
        run=str(tmp_path_factory.mktemp("review") / "run"),
        epochs=4,
        **TINY,
    )
    return text_classification.train(config, quiet=True)

"""Makes `review_tools` importable; one trained classifier for several files."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from review_tools import TINY, make_reviews, write_csv  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def every_file_loads_in_the_oldest_runtime():
    """Whatever the tests export has only operators of the oldest LiteRT."""
    from polyhead.apps.common.devices.runtimes import OLDEST, find_oldest
    from polyhead.apps.common.export import tflite
    from polyhead.apps.common.export.inspection import read_operators

    custom_operators = tflite.custom_operators

    def check(content):
        oldest = find_oldest(read_operators(content))
        assert oldest == {"litert": OLDEST, "because": None}
        return custom_operators(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tflite, "custom_operators", check)
        yield


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

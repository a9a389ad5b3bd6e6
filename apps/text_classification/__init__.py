"""Text classification: from labelled texts to one file that takes raw text.

Example:

    from polyhead.apps import text_classification

    run = text_classification.train(
        text_classification.Config(train="reviews.csv", run="saved_models/reviews")
    )
    run.predict(["what a fine day"])
    run.export()
"""

from ..common.api import make_api
from .config import Config
from .task import TASK

__all__ = ["TASK", "Config", "load", "train"]

train, load = make_api(TASK)

"""Translation: from two text files to one file that translates.

Example:

    from polyhead.apps import translation

    run = translation.train(
        translation.Config(
            train_source="train.en", train_target="train.de", run="saved_models/en-de"
        )
    )
    run.predict(["a man rides a bike"])
    run.export()
"""

from ..common.api import make_api
from .config import Config
from .task import TASK

__all__ = ["TASK", "Config", "load", "train"]

train, load = make_api(TASK)

"""What the package of every task offers."""

import inspect
from dataclasses import fields

import pytest

from polyhead.apps import forecasting, registry, text_classification, translation
from polyhead.apps.common.api import make_api
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.flags import DATA_FLAGS, RUN_FLAGS

APPS = [text_classification, translation, forecasting]


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_a_config_train_and_load(app):
    assert registry.find_task(app.TASK.name) is app.TASK
    assert app.Config is app.TASK.config
    names = list(inspect.signature(app.train).parameters)
    assert names == ["config", "overwrite", "dry_run", "verbose", "quiet"]
    assert "Raises" in app.train.__doc__ and app.load.__doc__


@pytest.mark.parametrize("app", APPS)
def test_every_flag_is_a_field_and_every_app_has_the_common_ones(app):
    names = {field.name for field in fields(app.Config)}
    assert app.TASK.flags.keys() <= names
    assert {*DATA_FLAGS, *RUN_FLAGS} <= app.TASK.flags.keys()


def test_load_of_nothing_is_one_clear_line(tmp_path):
    _, load = make_api(text_classification.TASK)
    with pytest.raises(PolyheadError, match=r"config\.json: missing"):
        load(tmp_path)

"""Help texts of the flags that every task has."""

import pytest

from polyhead.apps.common.flags import DATA_FLAGS, RUN_FLAGS
from polyhead.apps.registry import find_task, task_names


@pytest.mark.parametrize("name", task_names())
def test_every_task_has_the_flags_of_a_run(name):
    flags = find_task(name).flags
    assert {"run", "init_from", "epochs", "seed", "deterministic"} <= set(flags)
    assert {*DATA_FLAGS, *RUN_FLAGS} <= set(flags)


def test_each_help_text_is_one_line():
    for text in (DATA_FLAGS | RUN_FLAGS).values():
        assert text and "\n" not in text and not text.endswith(".")

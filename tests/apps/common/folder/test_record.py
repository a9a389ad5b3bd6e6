"""run.json: what a run was made with, and whether it is finished."""

import json

import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.folder.record import (
    checkpoints,
    is_finished,
    new_record,
    present,
    read_record,
)
from polyhead.apps.text_classification import Config


def test_a_new_record():
    record = new_record(Config(seed=3), ["wide_dim", "horizon"], continued=True)
    assert record["finished"] is False and record["continued"] is True
    assert record["seed"] == 3 and record["filled"] == ["horizon", "wide_dim"]
    assert "filled" not in new_record(Config(), None, continued=False)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"finished": 1}'])
def test_a_broken_record_is_not_finished(tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert not is_finished(tmp_path)
    if content != '{"finished": 1}':
        with pytest.raises(PolyheadError, match=r"run\.json: "):
            read_record(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"finished": True}))
    assert is_finished(tmp_path)


def test_what_is_there(tmp_path):
    (tmp_path / "checkpoint" / "patch").mkdir(parents=True)
    assert checkpoints(tmp_path) == []
    (tmp_path / "checkpoint" / "patch" / "last.npz").write_text("")
    assert [path.name for path in checkpoints(tmp_path)] == ["last.npz"]
    assert present(tmp_path, ["config.json", "checkpoint"]) == ["checkpoint"]

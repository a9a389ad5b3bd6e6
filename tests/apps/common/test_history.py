"""history.csv: a row for each epoch."""

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.history import (
    name_measures,
    read_history,
    read_rows,
    rename_older,
    write_history,
)


def test_a_row_an_epoch_is_read_as_columns(tmp_path):
    path = tmp_path / "history.csv"
    assert read_history(path) == {}
    write_history(path, [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "val_loss": 0.25}])
    history = read_history(path)
    assert history["epoch"] == [1, 2] and history["loss"][0] == 0.5
    assert np.isnan(history["loss"][1]) and history["val_loss"][1] == 0.25
    rows = read_rows(path)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[0]["loss"] == 0.5 and np.isnan(rows[1]["loss"])


@pytest.mark.parametrize("content", [None, "", "epoch\n", "a\n1\n"])
def test_rows_that_cannot_be_read_are_one_clear_line(tmp_path, content):
    path = tmp_path / "history.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PolyheadError, match=r"history\.csv: missing or broken: train"):
        read_rows(path)


def test_the_loss_is_what_validation_measures():
    logs = {"loss": 7.0, "plain_loss": 2.0, "wide_loss": 3.0}
    row = name_measures(logs, {"loss": 2.5, "accuracy": 0.5})
    assert row == {
        "wide_loss": 3.0,
        "objective": 7.0,
        "loss": 2.0,
        "val_loss": 2.5,
        "val_accuracy": 0.5,
    }
    errors = name_measures({"loss": 7.0, "mae": 1.0}, {"mae": 1.5})
    assert errors == {"mae": 1.0, "objective": 7.0, "val_mae": 1.5}
    # Nothing to compare: as Keras calls it.
    alone = name_measures({"loss": 7.0}, {"accuracy": 0.5})
    assert alone == {"loss": 7.0, "val_accuracy": 0.5}


def test_rows_of_an_older_version_get_the_new_names():
    rows = [{"epoch": 1, "loss": 7.0}, {"epoch": 2, "loss": 2.0, "objective": 6.0}]
    rename_older(rows)
    assert rows[0] == {"epoch": 1, "objective": 7.0}
    assert rows[1] == {"epoch": 2, "loss": 2.0, "objective": 6.0}

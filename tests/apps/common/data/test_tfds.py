"""Data sets of TensorFlow Datasets, prepared in a folder, and their labels."""

from types import SimpleNamespace

import numpy as np
import pytest

from polyhead.apps.common.data import tfds
from polyhead.apps.common.data.tfds import check_columns, name_labels, open_tfds
from polyhead.apps.common.errors import PolyheadError

NAMES = SimpleNamespace(int2str=lambda label: ["neg", "pos"][label])


def test_stored_labels_have_names():
    assert name_labels(NAMES, np.int64(1)) == "pos"
    assert name_labels(NAMES, np.int64(-1)) is None  # a hidden label
    sequence = SimpleNamespace(feature=NAMES)
    assert name_labels(sequence, np.array([1, 0])) == ["pos", "neg"]
    assert name_labels(sequence, np.array([], np.int64)) == []
    plain = SimpleNamespace()
    assert name_labels(plain, np.int64(7)) == 7
    assert name_labels(plain, b"text") == b"text"


def test_a_column_that_is_not_there_is_named():
    check_columns("glue", {"text": 1, "label": 2}, ("text", "label"))
    with pytest.raises(
        PolyheadError, match="glue: no column 'kind'; it has: text, label"
    ):
        check_columns("glue", {"text": 1, "label": 2}, ("text", "kind"))


def test_one_prepared_version_is_found_at_any_depth(tmp_path):
    assert tfds._find_prepared(str(tmp_path)) is None
    for folder in ("1.0.0", "config/2.0.0"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "dataset_info.json").touch()
    assert tfds._find_prepared(str(tmp_path / "config")).name == "2.0.0"
    assert tfds._find_prepared(str(tmp_path / "1.0.0")).name == "1.0.0"
    with pytest.raises(PolyheadError, match="2 prepared data sets; name one: .*1.0.0"):
        tfds._find_prepared(str(tmp_path))


@pytest.mark.tensorflow
def test_a_damaged_data_set_is_one_line(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    (tmp_path / "dataset_info.json").write_text("{")
    with pytest.raises(PolyheadError, match="cannot load it .*--tfds-dir") as caught:
        open_tfds(str(tmp_path))
    assert "\n" not in str(caught.value)

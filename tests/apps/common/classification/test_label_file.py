"""labels.txt is read whole or not at all."""

from pathlib import Path

import pytest

from polyhead.apps.common.classification.label_file import (
    read_labels,
    refuse_other_labels,
    write_labels,
)
from polyhead.apps.common.errors import PolyheadError


def test_cut_anywhere_it_is_refused_or_has_fewer_whole_labels(tmp_path):
    path, names = tmp_path / "labels.txt", ("bad", "très bien", "日本")
    write_labels(path, names)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        try:
            found = read_labels(path)
            assert found == names[: len(found)]  # cut between two lines
            assert whole[:size].endswith(b"\n")
        except PolyheadError as error:
            assert str(error).startswith(f"{path}: ")


def test_the_first_other_label_is_named():
    path, source = Path("labels.txt"), Path("model.tflite")

    def refuse(*names):
        refuse_other_labels(path, names, source, ("a", "b"), "export again")

    refuse("a", "b")
    with pytest.raises(PolyheadError, match="row 1: .* 'b', .* model.tflite has 'a'"):
        refuse("b", "a")
    with pytest.raises(PolyheadError, match="1 labels, but model.tflite has 2: export"):
        refuse("a")

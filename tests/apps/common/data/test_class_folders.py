"""Folders of classes."""

import pytest

from polyhead.apps.common.data.class_folders import find_split_folders, list_class_files
from polyhead.apps.common.errors import PolyheadError


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text")


def test_files_come_in_order_with_the_class_of_their_folder(tmp_path):
    for name in ("good/b.txt", "bad/a.txt", "good/a.txt.gz", "good/notes.md"):
        write(tmp_path / name)
    files, classes = list_class_files(tmp_path, [".txt", ".txt.gz"])
    assert [file.name for file in files] == ["a.txt", "a.txt.gz", "b.txt"]
    assert classes == ["bad", "good", "good"]


def test_a_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(PolyheadError, match="no texts; a folder needs a folder"):
        list_class_files(tmp_path, [".txt"])


def test_splits_have_folders_in_them_but_a_class_named_train_has_files(tmp_path):
    write(tmp_path / "one" / "train" / "good" / "a.txt")
    write(tmp_path / "one" / "test" / "good" / "a.txt")
    assert set(find_split_folders(tmp_path / "one")) == {"train", "test"}
    write(tmp_path / "two" / "train" / "a.txt")
    assert find_split_folders(tmp_path / "two") == {}

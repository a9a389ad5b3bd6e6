"""Folders of class folders, and folders of splits of these."""

import pytest

from polyhead.apps.common.data.class_folders import (
    find_split_folders,
    list_class_files,
)
from polyhead.apps.common.errors import PolyheadError


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_each_file_has_the_class_of_its_folder(tmp_path):
    touch(tmp_path, "cat/2.png", "cat/10.png", "dog/1.jpg", "dog/notes.txt", "3.png")
    (tmp_path / "dog" / "4.png").mkdir()  # no file
    files, classes = list_class_files(tmp_path, (".png", ".jpg"), "picture")
    names = [f"{file.parent.name}/{file.name}" for file in files]
    assert names == ["cat/10.png", "cat/2.png", "dog/1.jpg"]
    assert classes == ["cat", "cat", "dog"]


def test_a_folder_without_examples_is_named(tmp_path):
    message = f"{tmp_path}: no pictures; a folder needs a folder for each class, with"
    with pytest.raises(PolyheadError, match=message):
        list_class_files(tmp_path, (".png",), "picture")


def test_splits_are_folders_of_class_folders(tmp_path):
    touch(tmp_path, "train/cat/1.png", "test/dog/1.png", "validation/1.png", "more/a/1")
    assert find_split_folders(tmp_path) == {
        "train": tmp_path / "train",
        "test": tmp_path / "test",
    }


def test_a_class_may_be_called_train(tmp_path):
    touch(tmp_path, "train/1.png", "bus/1.png")
    assert find_split_folders(tmp_path) == {}
    touch(tmp_path, "bus.csv")
    assert find_split_folders(tmp_path / "bus.csv") == {}


def test_what_systems_and_programs_leave_behind_is_no_class(tmp_path):
    touch(tmp_path, "cat/1.PNG", "cat/._1.png", "cat/.DS_Store", "cat/Thumbs.db")
    touch(tmp_path, ".ipynb_checkpoints/1.png", "__MACOSX/cat.png", "__pycache__/1.png")
    assert list_class_files(tmp_path, (".png",))[1] == ["cat"]
    touch(tmp_path / "all", "Train/cat/1.png", "val/.ipynb_checkpoints/1.png")
    assert find_split_folders(tmp_path / "all") == {"train": tmp_path / "all/Train"}


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "VAL"])
def test_splits_may_stand_beside_the_folder_that_is_given(tmp_path, name):
    touch(tmp_path, "train/cat/1.png", f"{name}/cat/1.png", "cat/1.png")
    expected = {"train": tmp_path / "train", "validation": tmp_path / name}
    assert find_split_folders(tmp_path / "train") == expected
    assert find_split_folders(tmp_path) == expected
    assert find_split_folders(tmp_path / "cat") == {}


def test_the_folder_of_a_split_may_stand_beside_classes(tmp_path):
    touch(tmp_path, "cat/1.png", "dog/1.png", "val/cat/2.png")
    expected = {"train": tmp_path, "validation": tmp_path / "val"}
    assert find_split_folders(tmp_path) == expected
    assert list_class_files(tmp_path, (".png",))[1] == ["cat", "dog"]

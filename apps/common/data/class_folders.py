"""Folders of classes: each class is a folder, with a file for each example."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from ..errors import PolyheadError
from .sources import SPLIT_NAMES


def find_split_folders(path: Path) -> dict[str, Path]:
    """Where `path` stands for several splits, the folder of each; else empty.

    The splits are in `path` ("train", "val", ...), or `path` is itself the "train" that
    others stand beside, or it has classes and, say, a "val" with the classes in it. A
    class may be called "train" too, but then it has files in it, not folders.
    """
    folders = _find_splits(path)
    if not folders and path.name.lower() in SPLIT_NAMES["train"]:
        folders = _find_splits(path.parent) | {"train": path}
    folders = {"train": path} | folders
    return folders if folders != {"train": path} else {}


def list_class_files(
    path: Path, endings: Sequence[str], unit: str = "text"
) -> tuple[list[Path], list[str]]:
    """The files in a folder's class folders, in order, and the class of each.

    Their names end in one of `endings`, such as ".txt", in any case. Hidden files, and
    what systems and programs leave behind, are no examples. `unit` is the word for an
    example in messages.
    """
    files = sorted(
        file
        for folder in _list_folders(path)
        for file in folder.iterdir()
        if file.name.lower().endswith(tuple(endings))
        and not file.name.startswith(".")
        and file.is_file()
    )
    if not files:
        raise PolyheadError(
            f"{path}: no {unit}s; a folder needs a folder for each class, with "
            f"{endings[0]} files in it"
        )
    return files, [file.parent.name for file in files]


def list_empty(path: Path, classes: Collection[str]) -> list[str]:
    """The folders in a folder that have no example, so are no class; splits are not."""
    names = {folder.name for folder in _list_folders(path)}.difference(classes)
    splits = {name for names in SPLIT_NAMES.values() for name in names}
    return sorted(name for name in names if name.lower() not in splits)


def _find_splits(path: Path) -> dict[str, Path]:
    """The folder of each split in `path` that has folders of classes in it."""
    found = {
        folder.name.lower(): folder
        for folder in _list_folders(path)
        if any(_list_folders(folder))
    }
    pairs = ((split, name) for split, names in SPLIT_NAMES.items() for name in names)
    folders: dict[str, Path] = {}
    for split, name in pairs:
        if name in found:
            folders.setdefault(split, found[name])
    return folders


def _list_folders(path: Path) -> Iterator[Path]:
    """The folders in a folder, but those of systems and programs."""
    for folder in path.iterdir() if path.is_dir() else ():
        if folder.is_dir() and not folder.name.startswith((".", "__")):
            yield folder

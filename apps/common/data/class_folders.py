"""Folders of class folders: each class is a folder, with a file for each example."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import PolyheadError
from .sources import SPLITS


def find_split_folders(path: Path) -> dict[str, Path]:
    """The folder of each split in a folder of splits; none where it is something else.

    A class may be called "train" too, but then it holds files, not folders.
    """
    folders = {split: path / split for split in SPLITS if _has_folders(path / split)}
    return folders if "train" in folders else {}


def _has_folders(path: Path) -> bool:
    return path.is_dir() and any(child.is_dir() for child in path.iterdir())


def list_class_files(
    path: Path, endings: Sequence[str], unit: str = "text"
) -> tuple[list[Path], list[str]]:
    """The files in a folder's class folders, in order, and the class of each.

    Args:
        path: the folder.
        endings: of the files' names, such as ".txt".
        unit: what an example is called.

    Raises:
        PolyheadError: there is no such file.
    """
    files = sorted(
        file
        for ending in endings
        for file in path.glob(f"*/*{ending}")
        if file.is_file()
    )
    if not files:
        raise PolyheadError(
            f"{path}: no {unit}s; a folder needs a folder a class, with {endings[0]} "
            "files in it"
        )
    return files, [file.parent.name for file in files]

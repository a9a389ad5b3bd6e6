"""Folders of classes: each class is a folder, with a file for each example."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import PolyheadError
from .sources import SPLITS


def find_split_folders(path: Path) -> dict[str, Path]:
    """The folder of each split; empty if `path` has no folder for each split.

    A class may be called "train" too, but then it has files in it, not folders.
    """
    folders = {s: path / s for s in SPLITS if any((path / s).glob("*/"))}
    return folders if "train" in folders else {}


def list_class_files(
    path: Path, endings: Sequence[str], unit: str = "text"
) -> tuple[list[Path], list[str]]:
    """The files in a folder's class folders, in order, and the class of each.

    Their names end in one of `endings`, such as ".txt". `unit` is the word for an
    example in messages.
    """
    files = sorted(
        file for end in endings for file in path.glob(f"*/*{end}") if file.is_file()
    )
    if not files:
        raise PolyheadError(
            f"{path}: no {unit}s; a folder needs a folder for each class, with "
            f"{endings[0]} files in it"
        )
    return files, [file.parent.name for file in files]

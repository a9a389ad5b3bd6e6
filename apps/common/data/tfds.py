"""Data sets of TensorFlow Datasets: by name, or prepared in a folder."""

import os
from pathlib import Path
from typing import Any

from ..errors import PolyheadError


def open_tfds(name: str, data_dir: str | os.PathLike | None = None) -> Any:
    """The builder of a data set, downloaded and prepared where it was not yet.

    Args:
        name: A name that TFDS knows, or the folder of a prepared data set.
        data_dir: Where data sets are prepared; TFDS's own place where None.

    Raises:
        PolyheadError: If it cannot be had, or has no split "train".
    """
    import tensorflow_datasets as tfds

    folder = _find_prepared(name)
    try:
        if folder is None:
            builder = tfds.builder(name, data_dir=data_dir)
            builder.download_and_prepare()  # does nothing where it was done before
        else:
            builder = tfds.builder_from_directory(folder)
    except Exception as error:  # a download fails in too many ways to list
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PolyheadError(
            f"{name}: TensorFlow Datasets cannot load it ({reason}); check the name "
            "and --tfds-dir"
        ) from None
    if "train" not in builder.info.splits:
        raise PolyheadError(
            f"{name}: no split 'train'; it has: {', '.join(builder.info.splits)}"
        )
    return builder


def _find_prepared(name: str) -> Path | None:
    """The folder of the one version that lies in a folder, or None."""
    found = [
        file.parent
        for below in ("", "*/", "*/*/")  # a version, or a configuration's versions
        for file in sorted(Path(name).glob(f"{below}dataset_info.json"))
    ]
    if len(found) > 1:
        raise PolyheadError(
            f"{name}: {len(found)} prepared data sets; name one: "
            + ", ".join(str(folder) for folder in found)
        )
    return found[0] if found else None

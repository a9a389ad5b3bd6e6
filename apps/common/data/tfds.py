"""Data sets of TensorFlow Datasets: by name, or prepared in a folder."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PolyheadError


def open_tfds(name: str, data_dir: str | os.PathLike | None = None) -> Any:
    """Gives the builder of a data set, and downloads and prepares it if necessary.

    `name` is one that TFDS knows, or the folder of a prepared data set. `data_dir` is
    the folder of prepared data sets; None is the default of TFDS.
    """
    import tensorflow_datasets as tfds

    folder = _find_prepared(name)
    try:
        if folder is None:
            builder = tfds.builder(name, data_dir=data_dir)
            builder.download_and_prepare()  # does nothing if it is prepared
        else:
            builder = tfds.builder_from_directory(folder)
    except Exception as error:  # downloads raise errors of many kinds
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PolyheadError(
            f"{name}: TensorFlow Datasets cannot load it ({reason}); check the name "
            "and --tfds-dir"
        ) from error
    if "train" not in builder.info.splits:
        raise PolyheadError(
            f"{name}: no split 'train'; it has: {', '.join(builder.info.splits)}"
        )
    return builder


def name_labels(feature: Any, label: Any) -> Any:
    """The names of a stored label or sequence of labels; None for a hidden label.

    `feature` is that of the label's column, from the builder's `info`.
    """
    if np.ndim(label):
        return [name_labels(feature, item) for item in label]
    if not isinstance(label, np.integer):
        return label
    if label < 0:
        return None  # -1 is a hidden label
    feature = getattr(feature, "feature", feature)  # of the items of a sequence
    return feature.int2str(label) if hasattr(feature, "int2str") else label


def check_columns(name: str, features: Any, columns: Sequence[str]) -> None:
    """Raises a PolyheadError if a column is missing."""
    for column in columns:
        if column not in features:
            raise PolyheadError(
                f"{name}: no column '{column}'; it has: {', '.join(features)}"
            )


def _find_prepared(name: str) -> Path | None:
    """The folder of the only version in a folder; None if there is no version."""
    prepared = [
        file.parent
        for below in ("", "*/", "*/*/")  # a version, or a configuration's versions
        for file in sorted(Path(name).glob(f"{below}dataset_info.json"))
    ]
    if len(prepared) > 1:
        raise PolyheadError(
            f"{name}: {len(prepared)} prepared data sets; name one: "
            + ", ".join(str(folder) for folder in prepared)
        )
    return prepared[0] if prepared else None

"""Where pairs of sentences come from: two files, a table, TFDS, or the embedded set."""

from ..common.data.pairs import Pairs, make_pairs, read_columns
from ..common.data.sources import SPLITS, check_one_source, read_embedded
from ..common.errors import UsageError
from ..datasets.dates import read_dates
from .config import Config
from .parallel_files import read_files
from .tfds_pairs import read_tfds


def read_splits(config: Config) -> dict[str, Pairs]:
    """Reads every part that the Config names: "train", "validation", "test"."""
    files = config.train_source, config.train_target
    check_one_source(
        {
            "--train": config.train is not None,
            "--train-source with --train-target": files != (None, None),
            "--tfds": config.tfds is not None,
            "--dataset": config.dataset is not None,
        }
    )
    parts: dict[str, Pairs] = {}
    if config.dataset is not None:
        parts = read_embedded(config.dataset, {"dates": _read_dates})
    elif config.tfds is not None:
        parts = read_tfds(config)
    for split in SPLITS:
        pairs = read_part(config, split)
        if pairs is not None:
            parts[split] = pairs
    return parts


def read_part(config: Config, split: str) -> Pairs | None:
    """Reads the files that the Config names for a split; None where it names none."""
    table, source, target = (
        getattr(config, split + side) for side in ("", "_source", "_target")
    )
    if source is None and target is None:
        if table is None:
            return None
        return read_columns(table, config.source_column, config.target_column)
    if source is None or target is None:
        has, lacks = ("source", "target") if target is None else ("target", "source")
        raise UsageError(
            f"--{split}-{has} without --{split}-{lacks}: give both files, one "
            "sentence a line"
        )
    if table is not None:
        raise UsageError(
            f"give --{split}, or --{split}-source with --{split}-target, not both"
        )
    return read_files(source, target)


def _read_dates() -> dict[str, Pairs]:
    return {
        split: make_pairs(f"dates/{split}", sources, targets)
        for split, (sources, targets) in read_dates().items()
    }

"""Where pairs of sentences come from: two files, a table, TFDS, or the embedded set."""

from ..common.data.tables import list_rows, read_table
from ..common.errors import PolyheadError, UsageError
from ..datasets.dates import read_dates
from .config import Config
from .pairs import Pairs, make_pairs, read_files
from .tfds_pairs import read_tfds


def read_splits(config: Config) -> dict[str, Pairs]:
    """Reads every part that the Config names: "train", "validation", "test"."""
    kinds = {
        "--train": config.train is not None,
        "--train-source with --train-target": config.train_source is not None
        or config.train_target is not None,
        "--tfds": config.tfds is not None,
        "--dataset": config.dataset is not None,
    }
    given = [kind for kind, is_given in kinds.items() if is_given]
    if len(given) != 1:
        wrong = f", not {' and '.join(given)}" if given else ""
        raise UsageError(
            "give one of --train, --train-source with --train-target, --tfds and "
            f"--dataset{wrong}"
        )
    if config.dataset is not None:
        parts = _read_embedded(config.dataset)
    elif config.tfds is not None:
        parts = read_tfds(config)
    else:
        parts = {}
    for split in ("train", "validation", "test"):
        pairs = read_part(config, split)
        if pairs is not None:
            parts[split] = pairs
    return parts


def read_part(config: Config, split: str) -> Pairs | None:
    """Reads the files that the Config names for a split; None where there are none."""
    table, source, target = (
        getattr(config, split + side) for side in ("", "_source", "_target")
    )
    if source is None and target is None:
        return None if table is None else read_columns(config, table)
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


def read_columns(config: Config, path: str) -> Pairs:
    """Reads two columns of a table."""
    names = [config.source_column.strip(), config.target_column.strip()]
    if names[0] == names[1]:
        raise UsageError(
            f"--source-column and --target-column are both '{names[0]}'; name two"
        )
    table = read_table(path, names)
    for name in names:
        wrong = [
            row
            for row, value in zip(table.rows, table.columns[name], strict=True)
            if isinstance(value, list | dict)
        ]
        if wrong:
            raise PolyheadError(
                f"{path}: {list_rows(wrong)}: column '{name}' holds lists or objects, "
                "not texts; write one text a field"
            )
    sources, targets = (table.columns[name] for name in names)
    return make_pairs(table.source, sources, targets, table.rows)


def _read_embedded(name: str) -> dict[str, Pairs]:
    if name != "dates":
        raise UsageError(f"--dataset {name}: not an embedded data set; there is: dates")
    return {
        split: make_pairs(f"dates/{split}", sources, targets)
        for split, (sources, targets) in read_dates().items()
    }

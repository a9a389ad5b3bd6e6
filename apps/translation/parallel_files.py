"""Two files whose lines belong together."""

from ..common.data.pairs import Pairs, make_pairs
from ..common.data.text_files import read_lines
from ..common.errors import PolyheadError


def read_files(source: str, target: str) -> Pairs:
    """Reads two files line by line, empty lines too.

    Raises:
        PolyheadError: a file cannot be read, or they differ in their number of lines.
    """
    sources, targets = read_lines(source), read_lines(target)
    for path, lines in ((source, sources), (target, targets)):
        if not lines:
            raise PolyheadError(f"{path}: empty file; it needs at least one line")
    if len(sources) != len(targets):
        row = min(len(sources), len(targets)) + 1
        longer = source if len(sources) > len(targets) else target
        raise PolyheadError(
            f"{source} has {len(sources)} lines and {target} {len(targets)}: row {row} "
            f"of {longer} has no partner; line n of one file must translate line n of "
            "the other"
        )
    return make_pairs(f"{source} + {target}", sources, targets)

"""The form in which `predict` writes its answers."""

from pathlib import Path

from ..common.answers import STYLES
from ..common.errors import UsageError

STYLE_OF = {".txt": "text"} | {f".{style}": style for style in STYLES[1:]}
# Files that are no text: nobody could open them.
OTHERS = (".parquet", ".xlsx", ".xls", ".gz", ".zip", ".npz", ".npy", ".feather")


def choose_style(asked: str | None, output: str | None) -> tuple[str, str]:
    """One of the `STYLES`, and a note, or "".

    It is what `--format` asks for, else what the name of `--output` says. Any other
    name, such as "translated.de", is a text file.
    """
    suffix = Path(output or "").suffix.lower()
    style = STYLE_OF.get(suffix)
    if asked is None and suffix in OTHERS:
        raise UsageError(
            f"--output {output}: answers are written as {' '.join(STYLE_OF)}: choose "
            "such a name, or give --format"
        )
    if asked and style and asked != style:
        return asked, f"{output} is written as {asked}, as --format says"
    return asked or style or "text", ""

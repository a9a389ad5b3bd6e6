"""What a run has exported. Imports nothing heavy."""

from pathlib import Path

from .errors import PolyheadError

# The first that is there is the one to run; full_int8 is never chosen unasked.
VARIANTS = ("int8", "float16", "float32")


def find_exported(folder: Path, name: str) -> Path:
    """An entry of a run's export folder."""
    path = folder / "export" / name
    if not path.exists():
        raise PolyheadError(f"{path}: missing: polyhead export {folder}")
    return path


def find_tflite(folder: Path) -> Path:
    """The smallest .tflite file that a run has exported."""
    names = [f"model_{variant}.tflite" for variant in VARIANTS]
    found = [name for name in names if (folder / "export" / name).exists()]
    return find_exported(folder, (found or names)[0])


def list_tflites(folder: Path) -> list[Path]:
    """All .tflite files that a run has exported, that of `find_tflite` first."""
    first = find_tflite(folder)
    others = sorted((folder / "export").glob("model_*.tflite"))
    return [first, *(path for path in others if path != first)]

"""Where a run's exported files are. Imports nothing heavy."""

from pathlib import Path

from ..errors import PolyheadError

# The first that is there is the one to run; full_int8 is never chosen unasked.
NAMES = [f"model_{variant}.tflite" for variant in ("int8", "float16", "float32")]


def find_exported(folder: Path, name: str) -> Path:
    """An entry of a run's export folder."""
    path = folder / "export" / name
    if not path.exists():
        raise PolyheadError(f"{path}: missing: polyhead export {folder}")
    return path


def has_tflite(folder: Path) -> bool:
    """Whether a run has exported a .tflite file that `find_tflite` would give."""
    return any((folder / "export" / name).exists() for name in NAMES)


def find_tflite(folder: Path) -> Path:
    """The smallest .tflite file that a run has exported."""
    found = [name for name in NAMES if (folder / "export" / name).exists()]
    return find_exported(folder, (found or NAMES)[0])


def list_tflites(folder: Path) -> list[Path]:
    """All .tflite files that a run has exported, that of `find_tflite` first."""
    first = find_tflite(folder)
    others = sorted((folder / "export").glob("model_*.tflite"))
    return [first, *(path for path in others if path != first)]

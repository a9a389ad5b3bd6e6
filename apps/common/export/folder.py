"""The paths of a run's exported files. Imports nothing heavy."""

from pathlib import Path

from ..errors import PolyheadError

# The first that exists is the one to run; full_int8 only runs on request.
NAMES = [f"model_{variant}.tflite" for variant in ("int8", "float16", "float32")]


def find_exported(folder: Path, name: str) -> Path:
    """The path of an exported file, or a PolyheadError if it is missing."""
    path = folder / "export" / name
    if not path.exists():
        raise PolyheadError(f"{path}: missing: polyhead export {folder}")
    return path


def has_tflite(folder: Path) -> bool:
    """Whether `find_tflite` would give a file."""
    return any((folder / "export" / name).exists() for name in NAMES)


def find_tflite(folder: Path) -> Path:
    """The smallest .tflite file that a run has exported."""
    present = [name for name in NAMES if (folder / "export" / name).exists()]
    return find_exported(folder, (present or NAMES)[0])


def list_tflites(folder: Path) -> list[Path]:
    """All .tflite files that a run has exported; the first is that of `find_tflite`."""
    first = find_tflite(folder)
    others = sorted((folder / "export").glob("model_*.tflite"))
    return [first, *(path for path in others if path != first)]

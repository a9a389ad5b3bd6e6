"""What the repository ships under saved_models/, whatever else lies there."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "saved_models"
RUNS = ("co2", "dates", "english-spanish", "language-identifier")


def tracked_files(folder):
    """The files of a folder that git tracks; None where there is no git or no clone."""
    if shutil.which("git") is None:
        return None
    command = ["git", "ls-files", "-z", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return [folder / name for name in done.stdout.split("\0") if name] or None


def shipped_bytes(run):
    """Size of a shipped run, without what a user has written into its folder."""
    folder = SHIPPED / run
    files = tracked_files(folder) or [f for f in folder.rglob("*") if f.is_file()]
    return sum(file.stat().st_size for file in files)

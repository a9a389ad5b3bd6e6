"""The model card of a run, README.md."""

from pathlib import Path
from typing import Any

from ..files import read_file, write_text

NOTES = "\n## Data\n"


def write_card(run: Any) -> None:
    """Writes the model card of a run, and keeps a "## Data" section at its end."""
    text = run.steps.make_card(run)
    write_text(run.path / "README.md", text + kept_notes(run.path))


def keep_notes(older: Path, path: Path) -> None:
    """Adds the "## Data" section of an older run's card to that of the new one."""
    notes = kept_notes(older)
    if notes and not kept_notes(path):
        text = (path / "README.md").read_text(encoding="utf-8")
        write_text(path / "README.md", text + notes)


def kept_notes(path: Path) -> str:
    """The "## Data" section that a user has added to a card, or an empty text."""
    card = path / "README.md"
    text = read_file(card, "delete it") if card.exists() else ""
    start = text.find(NOTES)
    return text[start:] if start >= 0 else ""


def describe_kept_epoch(train: dict) -> str:
    """How long the training took, and which epoch is kept."""
    return (
        f"{train['epochs']} epochs in {train['seconds']:.0f} s, of which epoch "
        f"{train['best_epoch']} is kept"
        f"{' (ended early)' if train.get('ended_early') else ''}"
    )


def name_source(config: Any) -> str:
    """The name of the training data, for the card."""
    file = Path(config.train or "").name
    return config.dataset or config.tfds or file or "rows from Python"

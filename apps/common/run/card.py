"""What the model cards of all apps do alike."""

from pathlib import Path

NOTES = "\n## Data\n"


def kept_notes(path: Path) -> str:
    """What somebody added to a run's card on the data: sources and licences."""
    card = path / "README.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    start = text.find(NOTES)
    return text[start:] if start >= 0 else ""

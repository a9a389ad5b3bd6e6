"""A run's README.md: what it is, how good it is, how to use it."""

from pathlib import Path
from typing import Any

from ..files import write_text

NOTES = "\n## Data\n"


def write_card(run: Any) -> None:
    """Writes the model card of a run; a section "## Data" at its end stays."""
    text = run.steps.make_card(run)
    write_text(run.path / "README.md", text + kept_notes(run.path))


def kept_notes(path: Path) -> str:
    """What somebody added to a run's card on the data: sources and licences."""
    card = path / "README.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    start = text.find(NOTES)
    return text[start:] if start >= 0 else ""


def describe_kept_epoch(train: dict) -> str:
    """How long a training took, and which epoch is kept."""
    return (
        f"{train['epochs']} epochs in {train['seconds']:.0f} s, of which epoch "
        f"{train['best_epoch']} is kept"
    )


def name_source(config: Any) -> str:
    """The data that a configuration names, as a card calls them."""
    return config.dataset or config.tfds or Path(config.train or "").name

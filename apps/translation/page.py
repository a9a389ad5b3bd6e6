"""What the demo page has to know of a translator. Imports nothing heavy."""

from pathlib import Path


def page_facts(folder: Path, config: dict) -> dict:
    """The languages."""
    return {name: config[name] for name in ("source_language", "target_language")}

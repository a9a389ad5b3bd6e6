"""A run whose task reads texts: its tokenizer, and the texts that it cuts."""

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from ..run.run import Run
from .truncation import find_cuts


class TextRun(Run):
    """A trained run of a task that reads texts; see `Run`."""

    @cached_property
    def tokenizer(self):
        """The run's tokenizer."""
        return self.assets.tokenizer

    def note_cuts(
        self,
        texts: Sequence[str],
        path: Path | None = None,
        max_bytes: int = sys.maxsize,
    ) -> None:
        """Keeps which texts are cut, and the notes that say so.

        Args:
            texts: the texts.
            path: the .tflite file, if one reads them.
            max_bytes: of a text, that this file reads.
        """
        self.truncated, self.notes = find_cuts(
            texts,
            self.config.max_tokens,
            lambda: self.tokenizer,
            num_special=self.assets.num_special,
            highest=int(self.task.ranges["max_tokens"][1]),
            path=path,
            max_bytes=max_bytes,
        )

"""What of a translator is exported, and the pairs that verify its files."""

from collections.abc import Sequence

from ..common.data.splits import held_out
from ..common.errors import UsageError
from ..common.export.export import Exportable
from ..common.generation.exporting import make_text_exportable
from .data import Dataset
from .evaluate import make_scorer


def check_export(run, formats: Sequence[str], variants: Sequence[str]) -> None:
    """Refuses full_int8: a translator computes its sums in float32."""
    if "full_int8" in variants:
        raise UsageError(
            "variant 'full_int8' is for text classification: a translator's int8 "
            "file computes with int8 weights and float32 sums"
        )


def make_exportable(
    run,
    dataset: Dataset,
    formats: Sequence[str],
    max_input_bytes: int = 256,
    max_output_bytes: int = 256,
    beam_size: int = 1,
) -> Exportable:
    """The translator and held-out pairs; see `make_text_exportable` for the options."""
    split, pairs = held_out(dataset)
    config = run.config
    facts = {
        "source_language": config.source_language,
        "target_language": config.target_language,
    }
    return make_text_exportable(
        run.serving,
        pairs,
        split,
        make_scorer(config),
        "Translation: text to text",
        facts,
        max_input_bytes,
        max_output_bytes,
        beam_size,
    )

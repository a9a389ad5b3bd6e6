"""KerasHub, imported only for runs of its presets: it brings tensorflow-text."""

from collections.abc import Iterable
from pathlib import Path

from ...common.errors import PolyheadError, UsageError


def import_keras_hub(purpose: str):
    """Imports keras_hub, which also registers what a model.keras of it names."""
    try:
        import keras_hub
    except ImportError as error:
        raise PolyheadError(
            f"{purpose} needs keras-hub, which cannot be imported "
            f"({str(error).splitlines()[0]}): pip install keras-hub"
        ) from error
    return keras_hub


def check_preset(preset: str, own_presets: Iterable[str]) -> None:
    """Refuses a preset that is neither a folder nor a BERT of KerasHub's."""
    if "://" in preset or Path(preset).is_dir():
        return
    known = import_keras_hub(f"preset {preset!r}").models.BertBackbone.presets
    if preset not in known:
        raise UsageError(
            f"preset {preset!r}: one of {', '.join([*own_presets, *sorted(known)])}, "
            "or a folder in KerasHub's or Transformers' form"
        )

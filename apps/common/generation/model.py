"""What is asked of a text-to-text model."""

from typing import Any, Protocol


class TextModel(Protocol):
    """A built encoder-decoder model with one embedding, tied to its output."""

    embedding: Any  # a `TokenEmbedding`
    decoder: Any  # a `Decoder`
    weights: list
    dtype_policy: Any

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """`[source (B, S), target (B, T)]` ids to logits `(B, T, V)`."""

    def encode(self, source: Any, training: bool | None = None) -> tuple[Any, Any]:
        """Piece ids `(B, S)` to the memory `(B, S, E)` and its mask `(B, S)`."""

    def decode(
        self, target: Any, memory: Any, mask: Any, training: bool | None = None
    ) -> Any:
        """Piece ids `(B, T)` to the vectors `(B, T, E)` that give the next pieces."""

    def count_params(self) -> int:
        """The number of its parameters."""

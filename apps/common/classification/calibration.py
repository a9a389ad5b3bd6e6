"""How much each head counts in the answer, fitted on validation examples."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def mean_logits(heads: Mapping[str, Any]) -> Any:
    """The answer's logits `(B, labels)`: the mean over the heads."""
    return sum(heads.values()) / len(heads)


def fit_scales(heads: dict[str, np.ndarray], labels: np.ndarray) -> dict[str, float]:
    """The factor, at least 0, on each head's logits that makes the labels most likely.

    The answer is the sum of the scaled logits. A few numbers are fitted on many rows,
    and the problem is convex, so there is nothing to tune. For one head this is
    temperature scaling.

    Reference: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017;
    Wolpert, "Stacked Generalization", Neural Networks 5(2), 1992.
    """
    from scipy.optimize import minimize

    logits = np.stack(list(heads.values())).astype(np.float64)  # (heads, rows, labels)

    def loss(scales: np.ndarray) -> tuple[float, np.ndarray]:
        mixed = np.tensordot(scales, logits, 1)  # (rows, labels)
        if labels.ndim == 2:
            losses = np.logaddexp(0, mixed) - labels * mixed
            error = 1 / (1 + np.exp(-mixed)) - labels
        else:
            top = mixed.max(axis=1, keepdims=True)
            total = top + np.log(np.exp(mixed - top).sum(axis=1, keepdims=True))
            chosen = np.arange(len(labels)), labels
            losses = total[:, 0] - mixed[chosen]
            error = np.exp(mixed - total)
            error[chosen] -= 1
        gradient = np.tensordot(logits, error, ((1, 2), (0, 1)))
        return losses.sum() / labels.size, gradient / labels.size

    start = np.full(len(logits), 1 / len(logits))
    bounds = [(0, 10)] * len(logits)
    solution = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return dict(zip(heads, solution.x.tolist(), strict=True))


def scale_heads(model: Any, scales: dict[str, float]) -> None:
    """Multiplies each head's weights, so that the mean of the heads is the answer."""
    for name, scale in scales.items():
        for weight in model.get_layer(name).weights:
            weight.assign(weight * (scale * len(scales)))

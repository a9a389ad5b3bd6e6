"""Whether training in bfloat16 pays on this machine."""

from pathlib import Path

import keras

FIRST_GENERATION = 8  # of NVIDIA's compute capabilities that multiply in bfloat16


def choose_precision(wanted: str) -> str:
    """The Keras policy to train in: "auto" is bfloat16 where it is native."""
    if wanted != "auto":
        return wanted
    generation = GENERATIONS[keras.backend.backend()]()
    if generation is None:
        native = processor_has_bfloat16()
    else:
        native = generation >= FIRST_GENERATION
    return "mixed_bfloat16" if native else "float32"


def check_float32(model) -> None:
    """Refuses a model to be served that computes in half precision.

    Raises:
        ValueError: with the name of the first such layer.
    """
    for layer in model._flatten_layers():
        if layer.compute_dtype in ("bfloat16", "float16"):
            raise ValueError(
                f"Layer {layer.name} computes in {layer.compute_dtype}; build the "
                "model in float32 from the weights."
            )


def processor_has_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


# Each tells the compute capability's first number of the GPU that the backend uses,
# `None` where it has none. Source: https://developer.nvidia.com/cuda-gpus


def _tensorflow_generation() -> int | None:
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if not found:
        return None
    details = tf.config.experimental.get_device_details(found[0])
    return int(details.get("compute_capability", (0, 0))[0])


def _jax_generation() -> int | None:
    import jax

    device = jax.devices()[0]
    if device.platform == "tpu":
        return FIRST_GENERATION  # each of them has it
    if device.platform != "gpu":
        return None
    found = str(getattr(device, "compute_capability", "")).split(".")[0]
    return int(found) if found.isdigit() else 0  # AMD's have names


def _torch_generation() -> int | None:
    import torch

    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.get_device_capability()[0])


GENERATIONS = {
    "tensorflow": _tensorflow_generation,
    "jax": _jax_generation,
    "torch": _torch_generation,
}

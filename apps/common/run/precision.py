"""How exactly to compute: in bfloat16 if this machine has it, and in which order."""

import contextlib
from pathlib import Path

import keras

FIRST_GENERATION = 8  # the first NVIDIA compute capability with bfloat16


def choose_precision(wanted: str) -> str:
    """The Keras dtype policy: "auto" is mixed bfloat16 where the hardware has it."""
    if wanted != "auto":
        return wanted
    generation = GENERATIONS[keras.backend.backend()]()
    if generation is None:
        native = processor_has_bfloat16()
    else:
        native = generation >= FIRST_GENERATION
    return "mixed_bfloat16" if native else "float32"


def be_deterministic() -> None:
    """Makes TensorFlow give the same bits for the same seed.

    A sum depends on how threads share it, so each operation gets one thread. That works
    only in a process where TensorFlow has not run yet.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    with contextlib.suppress(RuntimeError):  # TensorFlow has run
        tf.config.threading.set_intra_op_parallelism_threads(1)


def check_float32(model: keras.Model) -> None:
    """Raises a ValueError if a layer of the model computes in half precision."""
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


# Each gives the first number of the compute capability of the backend's GPU, or None
# without a GPU. Source: https://developer.nvidia.com/cuda-gpus


def _tensorflow_generation() -> int | None:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    details = tf.config.experimental.get_device_details(gpus[0])
    return int(details.get("compute_capability", (0, 0))[0])


def _jax_generation() -> int | None:
    import jax

    device = jax.devices()[0]
    if device.platform == "tpu":
        return FIRST_GENERATION  # every TPU has bfloat16
    if device.platform != "gpu":
        return None
    number = str(getattr(device, "compute_capability", "")).split(".")[0]
    return int(number) if number.isdigit() else 0  # AMD's GPUs have names


def _torch_generation() -> int | None:
    import torch

    has_gpu = torch.cuda.is_available()
    return int(torch.cuda.get_device_capability()[0]) if has_gpu else None


GENERATIONS = {
    "tensorflow": _tensorflow_generation,
    "jax": _jax_generation,
    "torch": _torch_generation,
}

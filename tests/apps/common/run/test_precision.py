"""Which precision `auto` is, by the machine."""

import keras
import pytest

from polyhead.apps.common.run import precision
from polyhead.apps.common.run.precision import choose_precision


@pytest.mark.parametrize("backend", sorted(precision.GENERATIONS))
def test_what_is_found_is_a_generation_or_no_gpu(backend):
    pytest.importorskip(backend)
    generation = precision.GENERATIONS[backend]()
    assert generation is None or generation >= 3


@pytest.mark.parametrize(
    "generation, processor, wanted",
    [
        (9, False, "mixed_bfloat16"),
        (7, True, "float32"),  # the GPU computes, whatever the processor can do
        (None, True, "mixed_bfloat16"),
        (None, False, "float32"),
    ],
)
def test_auto_follows_what_computes(monkeypatch, generation, processor, wanted):
    found = dict.fromkeys(precision.GENERATIONS, lambda: generation)
    monkeypatch.setattr(precision, "GENERATIONS", found)
    monkeypatch.setattr(precision, "processor_has_bfloat16", lambda: processor)
    assert choose_precision("auto") == wanted
    assert choose_precision("float32") == "float32"


def test_the_policy_is_one_that_keras_knows():
    assert keras.DTypePolicy(choose_precision("auto")).compute_dtype

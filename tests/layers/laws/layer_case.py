"""How to make a layer, what to call it with, and which laws concern it."""

import dataclasses
from collections.abc import Callable

from layer_tools import array, call, to_numpy


@dataclasses.dataclass(frozen=True)
class LayerCase:
    """One layer with its arguments.

    Attributes:
        make: makes the layer from keyword arguments (seed, dtype, name, noise).
        inputs: call arguments by name; the first is the main input (B, T, ...).
        arguments: further call arguments that are no tensors.
        padding: mask's name -> name of the input whose positions it covers.
        dynamic_axes: input's name -> axes that may vary; default: 1 of each.
        causal: whether later positions must not reach earlier ones.
        noise: keyword arguments that make training random.
        steps: runs (layer, inputs) through the cache, to (B, T, E).
        per_position: whether output position t belongs to input position t.
        laws: names of the laws to check; all that concern the case if None.
    """

    make: Callable
    inputs: dict
    arguments: dict = dataclasses.field(default_factory=dict)
    padding: dict = dataclasses.field(default_factory=dict)
    dynamic_axes: dict | None = None
    causal: bool = False
    noise: dict | None = None
    steps: Callable | None = None
    per_position: bool = True
    laws: tuple | None = None

    @property
    def main(self):
        return next(iter(self.inputs))

    def run(self, layer, inputs=None, **kwargs):
        return call(layer, inputs or self.inputs, **self.arguments, **kwargs)

    def built(self, **kwargs):
        """The layer with random weights everywhere, norms and biases included."""
        layer = self.make(**kwargs)
        self.run(layer)
        for i, variable in enumerate(layer.trainable_variables):
            change = 0.1 * array(*variable.shape, seed=i)
            variable.assign(to_numpy(variable) + change)
        return layer

    def open_axes(self):
        if self.dynamic_axes is not None:
            return self.dynamic_axes
        return {name: (1,) for name in self.inputs}

"""Layers whose activations Keras computes again in the backward pass."""

import keras


class RematMethods:
    """Lets `keras.RematScope` hold for a layer on JAX.

    Keras hands all arguments of `call` to `jax.checkpoint`, which makes tensors of
    them: of `training=True`, too, and of the states of random seeds, which then leave
    the function that is computed again.
    """

    def rematerialized_call(self, layer_call, *args, **kwargs):
        if keras.backend.backend() != "jax":
            return super().rematerialized_call(layer_call, *args, **kwargs)
        settings = {name: x for name, x in kwargs.items() if _is_setting(x)}
        states = self.non_trainable_variables

        def call(values, *args, **tensors):
            held = [(v, v.value) for v in self.trainable_variables]
            held += zip(states, values, strict=True)
            with keras.StatelessScope(held) as scope:
                outputs = layer_call(*args, **tensors, **settings)
            return outputs, [scope.get_current_value(v) for v in states]

        run = super().rematerialized_call(call, *args, **kwargs)
        if run is call:  # the scope names other layers than this one
            return layer_call

        def run_with_states(*args, **kwargs):
            tensors = {n: x for n, x in kwargs.items() if n not in settings}
            outputs, values = run([v.value for v in states], *args, **tensors)
            for variable, value in zip(states, values, strict=True):
                variable.assign(value)
            return outputs

        return run_with_states


def _is_setting(value):
    if isinstance(value, (list, tuple)):  # such as numbers of blocks
        return all(map(_is_setting, value))
    return value is None or isinstance(value, (bool, int, float, str, dict))

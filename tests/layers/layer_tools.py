"""Small tools for the layer tests: arrays, gradients, graph sizes, steps."""

import inspect

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()


def array(*shape, seed=0):
    """Standard normal float32 numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def lengths_mask(lengths, size):
    """(B, S) booleans, True for the first `length` positions of each row."""
    return np.arange(size)[None, :] < np.asarray(lengths)[:, None]


def to_numpy(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def flat(outputs):
    """All tensors of a nested output as float32 arrays."""
    return [to_numpy(tensor) for tensor in keras.tree.flatten(outputs)]


def call(layer, inputs, **kwargs):
    """Calls a layer with arrays: the first by position, the others by name."""
    tensors = {name: ops.convert_to_tensor(value) for name, value in inputs.items()}
    first = next(iter(tensors))
    main = tensors.pop(first)
    return layer(main, **tensors, **kwargs)


def identity_weights(layer, size):
    """Makes every size x size projection the identity and every bias zero."""
    for variable in layer.trainable_variables:
        shape = tuple(variable.shape)
        is_kernel = np.prod(shape) == size * size
        value = np.eye(size).reshape(shape) if is_kernel else np.zeros(shape)
        variable.assign(value.astype("float32"))


def gradients(layer, inputs, **kwargs):
    """Gradients of a squared error for the trainable weights, and the main input.

    The input's gradient comes last; integer inputs have none.
    """
    names = list(inputs)
    arrays = [ops.convert_to_tensor(value) for value in inputs.values()]
    floating = "float" in keras.backend.standardize_dtype(arrays[0].dtype)

    def loss_of(outputs):
        return sum(loss_of_one(x) for x in keras.tree.flatten(outputs))

    def loss_of_one(x):
        # Not the plain sum of squares, which a normalisation holds constant.
        x = ops.cast(x, "float32")
        target = np.cos(np.arange(np.prod(x.shape))).reshape(x.shape)
        return ops.sum(ops.square(x - ops.convert_to_tensor(target.astype("float32"))))

    if BACKEND == "tensorflow":
        import tensorflow as tf

        sources = [v.value for v in layer.trainable_variables]
        sources += [arrays[0]] if floating else []
        with tf.GradientTape() as tape:
            tape.watch(sources)
            named = dict(zip(names[1:], arrays[1:], strict=True))
            loss = loss_of(layer(arrays[0], **named, **kwargs))
        grads = tape.gradient(loss, sources)
        grads = [tf.convert_to_tensor(g) if g is not None else None for g in grads]
    elif BACKEND == "torch":
        for variable in layer.trainable_variables:
            variable.value.grad = None
        if floating:
            arrays[0] = arrays[0].detach().clone().requires_grad_(True)
        named = dict(zip(names[1:], arrays[1:], strict=True))
        loss_of(layer(arrays[0], **named, **kwargs)).backward()
        grads = [v.value.grad for v in layer.trainable_variables]
        grads += [arrays[0].grad] if floating else []
    else:
        import jax

        named = dict(zip(names[1:], arrays[1:], strict=True))
        state = [v.value for v in layer.non_trainable_variables]

        def loss(weights, main):
            outputs, _ = layer.stateless_call(weights, state, main, **named, **kwargs)
            return loss_of(outputs)

        weights = [v.value for v in layer.trainable_variables]
        if floating:
            grads, main = jax.grad(loss, argnums=(0, 1))(weights, arrays[0])
            grads = [*grads, main]
        else:
            grads = jax.grad(loss)(weights, arrays[0])
    return [None if g is None else to_numpy(g) for g in grads]


def largest_tensor(function, *arrays):
    """Elements of the largest tensor that `function` makes on the way."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        specs = [tf.TensorSpec(x.shape, x.dtype) for x in arrays]
        graph = tf.function(function).get_concrete_function(*specs).graph
        shapes = [out.shape for op in graph.get_operations() for out in op.outputs]
        return max(s.num_elements() or 0 for s in shapes if s.rank is not None)
    if BACKEND == "jax":
        import jax

        def walk(jaxpr):
            for equation in jaxpr.eqns:
                for variable in equation.outvars:
                    yield int(np.prod(variable.aval.shape))
                for inner in keras.tree.flatten(list(equation.params.values())):
                    inner = getattr(inner, "jaxpr", inner)  # a closed one holds it
                    if hasattr(inner, "eqns"):
                        yield from walk(inner)

        return max(walk(jax.make_jaxpr(function)(*arrays).jaxpr))
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    sizes = []

    class Sizes(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            outputs = operation(*args, **(kwargs or {}))
            for out in keras.tree.flatten(outputs):
                if isinstance(out, torch.Tensor):
                    sizes.append(out.numel())
            return outputs

    with Sizes():
        function(*[ops.convert_to_tensor(x) for x in arrays])
    return max(sizes)


def by_steps(layer, x, max_length=None, **kwargs):
    """Runs a causal layer position by position through its cache."""
    batch, length = np.shape(x)[:2]
    cache = layer.make_cache(batch, max_length or length)
    outputs = []
    for position in range(length):
        query = ops.convert_to_tensor(x[:, position : position + 1])
        output, cache = layer.step(query, cache, position, **kwargs)
        outputs.append(to_numpy(output))
    return np.concatenate(outputs, axis=1)


def by_prefill(layer, x, **kwargs):
    """As `by_steps`: two positions in one pass, and the others in another."""
    batch, length = x.shape[:2]
    cache = layer.make_cache(batch, length)
    outputs = []
    for part, positions in ((x[:, :2], 0), (x[:, 2:], np.full(batch, 2, "int32"))):
        part = ops.convert_to_tensor(part)
        output, cache = layer.prefill(part, cache, positions, **kwargs)
        outputs.append(to_numpy(output))
    return np.concatenate(outputs, axis=1)


def by_padded_prefill(layer, x, **kwargs):
    """As `by_steps`, in one pass over rows with padding of other lengths on the left.

    A row loses as many of its last entries as it has of padding: zeros.
    """
    batch, length = x.shape[:2]
    padding = np.arange(batch, dtype="int32") * 2
    padded = np.full_like(x, 9)
    for row, count in enumerate(padding):
        padded[row, count:] = x[row, : length - count]
    cache = layer.make_cache(batch, length)
    output, cache = layer.prefill(
        ops.convert_to_tensor(padded), cache, ops.convert_to_tensor(-padding), **kwargs
    )
    output, shifted = to_numpy(output), np.zeros(output.shape, "float32")
    for row, count in enumerate(padding):
        shifted[row, : length - count] = output[row, count:]
    # A step of each row at a position of its own: the last one again, the next one.
    last = ops.convert_to_tensor(np.stack([x[0, -1:], x[1, length - 2 : length - 1]]))
    positions = ops.convert_to_tensor(np.array([length - 1, length - 2], "int32"))
    output, _ = layer.prefill(last, cache, positions, **kwargs)
    shifted[1, length - 2] = to_numpy(output)[1, 0]
    np.testing.assert_allclose(to_numpy(output)[0, 0], shifted[0, -1], atol=2e-5)
    return shifted


def constructor_arguments(cls):
    """The parameters that the signature of `cls(...)` names, by name."""
    parameters = inspect.signature(cls.__init__).parameters.items()
    return {
        name: parameter
        for name, parameter in parameters
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name != "self"
    }

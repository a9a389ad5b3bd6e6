"""Writes and runs a SavedModel that needs only TensorFlow."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.model import SIGNATURE

from ..errors import PolyheadError, reason_of

BATCH_SIZE = 64


def export_savedmodel(
    functions: Mapping[str, tuple[Callable, Mapping[str, np.ndarray]]],
    weights: Sequence[np.ndarray],
    tables: Mapping[str, np.ndarray],
    path: Path,
) -> None:
    """Saves functions `f(weights, tables, **inputs)` as signatures.

    `functions` has the name of each signature -> its pure function, which returns a
    dict of tensors for any number of rows, and examples of its inputs. `weights` become
    variables, `tables` become constants.
    """
    import tensorflow as tf

    # Plain variables: loading a Keras object would need Keras.
    module = tf.Module()
    module.weights = [tf.Variable(value, trainable=False) for value in weights]

    def trace(function: Callable, examples: Mapping[str, np.ndarray]) -> Any:
        @tf.function(autograph=False)
        def serve(**tensors: Any) -> Any:
            kept = {name: tf.constant(value) for name, value in tables.items()}
            values = [tf.convert_to_tensor(variable) for variable in module.weights]
            return function(values, kept, **tensors)

        specs = {
            name: tf.TensorSpec((None, *rows.shape[1:]), tf.as_dtype(rows.dtype), name)
            for name, rows in examples.items()
        }
        return serve.get_concrete_function(**specs)

    signatures = {name: trace(*pair) for name, pair in functions.items()}
    with _in_utf8(path) as place:
        tf.saved_model.save(module, place, signatures=signatures)


@contextlib.contextmanager
def _in_utf8(path: Path) -> Iterator[str]:
    """A name of the path for TensorFlow, which takes no bytes that are no UTF-8."""
    with contextlib.ExitStack() as stack:
        if str(path) != str(path).encode("utf-8", "replace").decode():
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            link = Path(folder, "link")
            link.symlink_to(path.absolute().parent)
            path = link / path.name
        yield str(path)


def tokenize_strings(text: Any, tokenize: Callable, max_bytes: int) -> tuple:
    """Tokenizes a tensor of strings `(B,)` in TensorFlow.

    `tokenize` makes ids `(B, max_tokens)`, padded with 0, of bytes `(B, N)`, and says
    which texts it cuts. In `max_bytes` there is room for more than `max_tokens` tokens,
    as far as texts are usual. Returns the ids `(B, T)`, without columns that are
    padding in every row, booleans `(B,)`: which texts are cut, and what else `tokenize`
    gives.
    """
    import tensorflow as tf

    # Without strings, reduce_max gives the smallest integer.
    longest = tf.reduce_max(tf.strings.length(text))
    longest = tf.clip_by_value(longest, 1, max_bytes)
    ids, cut, *more = tokenize(tf.io.decode_raw(text, tf.uint8, fixed_length=longest))
    cut = tf.logical_or(cut, tf.strings.length(text) > max_bytes)
    counts = tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)
    width = tf.clip_by_value(tf.reduce_max(counts), 1, tf.shape(ids)[1])
    return ids[:, :width], cut, *more


class SavedModelPredictor:
    """An exported SavedModel, ready to run in plain TensorFlow."""

    def __init__(self, path: str | Path, signature: str = SIGNATURE) -> None:
        import tensorflow as tf

        self.path = Path(path)
        if not (self.path / "saved_model.pb").is_file():
            raise PolyheadError(f"{path}: missing: export the run first")
        try:
            with _in_utf8(self.path) as place:
                self.module = tf.saved_model.load(place)
            self.function = self.module.signatures[signature]
            specs = self.function.structured_input_signature[1]
            self.types = {name: spec.dtype for name, spec in specs.items()}
        except Exception as error:  # TensorFlow raises errors of many kinds
            raise PolyheadError(
                f"{path}: TensorFlow cannot load it ({reason_of(error)}): export the "
                "run again"
            ) from error

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the rows of `inputs`, batch by batch; returns each output's rows."""
        import tensorflow as tf

        count = len(next(iter(inputs.values())))
        batches = []
        for start in range(0, max(count, 1), BATCH_SIZE):
            try:
                batch = {
                    name: tf.constant(
                        rows[start : start + BATCH_SIZE], self.types[name]
                    )
                    for name, rows in inputs.items()
                }
                outputs = self.function(**batch)
            except Exception as error:  # a damaged graph fails only now
                raise PolyheadError(
                    f"{self.path}: TensorFlow cannot run it ({reason_of(error)}): "
                    "export the run again"
                ) from error
            batches.append({name: value.numpy() for name, value in outputs.items()})
        return {n: np.concatenate([b[n] for b in batches]) for n in batches[0]}

    def predict_texts(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The rows of each output for texts; the signature has an input `text`."""
        data = np.array([text.encode("utf-8", "replace") for text in texts], object)
        # Similar lengths together: the work grows with the longest text of a batch.
        order = np.argsort([len(line) for line in data], kind="stable")
        outputs = {}
        for name, ordered in self(text=data[order]).items():
            outputs[name] = np.empty_like(ordered)
            outputs[name][order] = ordered
        return outputs

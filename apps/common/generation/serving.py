"""A text-to-text model as pure functions, for Python, SavedModel and TFLite."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from polyhead.layers import beam_search, greedy, sample
from polyhead.layers.candidates import END, PAD
from polyhead.runtime.text_bytes import cut_text

from ..export.savedmodel import tokenize_strings
from ..run.compiled import CompiledFunction
from ..run.precision import check_float32
from ..text.byte_pieces import Tokenizer, encode_bytes
from ..text.detokenizer import decode_ids, join_pieces, piece_tables
from .batches import encode_source, pad_rows
from .model import TextModel

BATCH = 64
MIN_OUTPUT_RATIO = 2.0  # pieces that may come out for each that goes in
SPACE = 32  # bytes up to it are white space and control characters
MAX_RUN = 24  # pieces that a repetition may fill, see `candidates.endless`
LENGTHS = (32, 64)  # of a .tflite's encoder, that are tried before the longest
STAGES = (32,)  # steps for which caches have room before they grow; each is traced


class Serving:
    """Text in, text out: pure functions of weights, tables and text.

    The model computes in float32; the tokenizer is that of both sides; `config` has
    `max_tokens`, `max_output_ratio` and `length_penalty`.
    """

    def __init__(self, model: TextModel, tokenizer: Tokenizer, config: Any):
        check_float32(model)
        self.model, self.tokenizer, self.config = model, tokenizer, config
        self.max_tokens = config.max_tokens
        self.weights = [ops.convert_to_numpy(weight) for weight in model.weights]
        # Every byte is a piece, and a draw may give the zero byte, which ends a text.
        self.pieces = [piece.replace(b"\0", b"") for piece in tokenizer.pieces]
        self.tables = {**tokenizer.tables, **piece_tables(self.pieces)}
        self.functions: dict[tuple, CompiledFunction] = {}
        self.max_bytes = tokenizer.most_bytes(config.max_tokens)

    def tokenize(self, tables: Any, text: Any) -> Any:
        """`(B, N)` bytes to `(B, max_tokens)` int32 piece ids, with the end symbol.

        A text of white space alone has no pieces: its answer is empty.
        """
        text = ops.cast(text, "int32")
        # Bytes after the first zero byte are no text.
        ended = ops.cumsum(ops.cast(ops.equal(text, 0), "int32"), axis=1)
        text = ops.where(ended > 0, 0, text)
        text = ops.where(ops.max(text, axis=1, keepdims=True) > SPACE, text, 0)
        ids = encode_bytes(tables, text, self.max_tokens - 1, self.tokenizer.case_fold)
        none = ops.zeros_like(ids[:, :1])
        before = ops.concatenate([none, ids], axis=1)
        ids = ops.concatenate([ids, none], axis=1)
        ended = ops.logical_and(ops.equal(ids, PAD), ops.not_equal(before, PAD))
        return ops.where(ended, END, ids)

    def limits(self, source: Any) -> Any:
        """How many pieces may come out: `(B,)` int32; none for an empty source."""
        real = ops.sum(ops.cast(ops.not_equal(source, PAD), "int32"), axis=1)
        ratio = self.config.max_output_ratio or MIN_OUTPUT_RATIO
        most = ops.cast(ops.ceil(ops.cast(real, "float32") * ratio), "int32") + 10
        return ops.where(real > 0, most, 0)

    def encode(self, weights: Any, source: Any) -> tuple[Any, Any]:
        """What the decoder reads of `source (B, S)`: keys and values, and the mask."""
        with self.scope(weights):
            memory, mask = self.model.encode(source, training=False)
            return self.model.decoder.project_memory(memory), mask

    def encode_static(self, weights: Any, source: Any) -> tuple[Any, Any]:
        """`encode` of one text at a length that fits it, padded to `max_tokens`.

        A static graph pays for padding, and most texts are short.
        """

        def encode(length: int) -> tuple[Any, Any]:
            caches, mask = self.encode(weights, source[:, :length])
            behind = self.max_tokens - length
            pads = [[0, 0], [0, 0], [0, behind], [0, 0]]
            caches = [tuple(ops.pad(x, pads) for x in cache) for cache in caches]
            return caches, ops.pad(mask, [[0, 0], [0, behind]])

        def choose(lengths: list[int]) -> tuple[Any, Any]:
            length, *longer = lengths
            if not longer:
                return encode(length)
            fits = ops.all(ops.equal(source[:, length:], PAD))
            return ops.cond(fits, lambda: encode(length), lambda: choose(longer))

        return choose([n for n in LENGTHS if n < self.max_tokens] + [self.max_tokens])

    def search(
        self,
        weights: Any,
        encoded: tuple[Any, Any],
        limits: Any,
        static: bool = False,
        method: Callable = greedy,
        **settings: Any,
    ) -> tuple[Any, Any]:
        """Decodes what `encode` gave by `greedy`, `beam_search` or `sample`.

        It is `static` for a .tflite: caches that grow gain nothing there, and what
        comes from outside the loop cannot be quantised.
        """
        model = self.model
        memory, mask = encoded
        batch_size, steps = mask.shape[0] or ops.shape(mask)[0], self.max_tokens
        stages = () if static else tuple(n for n in STAGES if n < steps)

        def project(x: Any) -> Any:
            with self.scope(weights):
                return model.embedding(x, reverse=True)

        if not static:  # transposed once, not at every step
            with self.scope(weights):
                table = ops.cast(model.embedding.embedding.embeddings, "float32")
                transposed = ops.transpose(table)
            project = lambda x: ops.matmul(x, transposed)  # noqa: E731

        def step(ids: Any, cache: Any, position: Any, ancestors: Any) -> tuple:
            with self.scope(weights):
                x = model.embedding(ids)
                x, cache = model.decoder.step(
                    x, cache, position, memory, mask, attention_mask=ancestors
                )
            return project(x), cache

        room, beams = stages[0] if stages else steps, settings.get("beam_size", 1)
        cache = model.decoder.make_cache(batch_size, room, beams)
        settings |= {"max_run": MAX_RUN, "stages": stages}
        return method(step, cache, batch_size, steps, limits, **settings)

    def scope(self, weights: Any) -> keras.StatelessScope:
        """A scope in which the model computes with these weights."""
        pairs = list(zip(self.model.weights, weights, strict=True))
        return keras.StatelessScope(state_mapping=pairs)

    def bytes_function(self, max_output_bytes: int, beam_size: int = 1) -> Callable:
        """The function of the .tflite files: `text (1, N)` to `text (1, M)`, uint8."""
        method = self.method(beam_size)

        def serve(weights: Any, tables: Any, text: Any) -> dict:
            source = self.tokenize(tables, text)
            encoded, limits = self.encode_static(weights, source), self.limits(source)
            ids, _ = self.search(weights, encoded, limits, static=True, **method)
            if beam_size > 1:
                ids = ids[:, 0]
            data = decode_ids(tables, ids, max_output_bytes)
            return {"text": ops.cast(data, "uint8")}

        return serve

    def strings_function(self, beam_size: int = 1) -> Callable:
        """A function of the SavedModel: `(B,)` strings to strings, in TensorFlow."""
        return functools.partial(self._serve_strings, method=self.method(beam_size))

    def draws_function(self) -> Callable:
        """As `strings_function`, but it draws; each text has its seed and settings."""

        def serve(
            weights: Any, tables: Any, text: Any, seed: Any, **settings: Any
        ) -> dict:
            draws = draw_numbers(seed, self.max_tokens)
            method = self.sampling(draws=draws, **settings)
            return self._serve_strings(weights, tables, text, method)

        return serve

    def _serve_strings(
        self, weights: Any, tables: Any, text: Any, method: dict
    ) -> dict:
        """The work grows with the longest text of the batch."""
        import tensorflow as tf

        tokenize = functools.partial(self.tokenize, tables)
        source = tokenize_strings(text, tokenize, self.max_bytes)
        encoded, limits = self.encode(weights, source), self.limits(source)
        ids, scores = self.search(weights, encoded, limits, **method)
        if "beam_size" in method:
            ids, scores = ids[:, 0], scores[:, 0]
        pieces = tf.constant(self.pieces)
        joined = tf.strings.reduce_join(tf.gather(pieces, ids), axis=1)
        return {"text": tf.strings.regex_replace(joined, "^ ", ""), "score": scores}

    def method(self, beam_size: int, n_best: int = 1) -> dict:
        """The arguments that make `search` greedy, or a beam search."""
        if beam_size == 1:
            return {"method": greedy}
        settings = {"beam_size": beam_size, "n_best": n_best}
        settings["length_penalty"] = self.config.length_penalty
        return {"method": beam_search, **settings}

    def sampling(self, **settings: Any) -> dict:
        """The arguments that make `search` draw; see `decoding.sample`."""
        return {"method": sample, **settings}

    def encode_texts(
        self, texts: Sequence[str], max_input_bytes: int | None = None
    ) -> list[np.ndarray]:
        """What `tokenize` gives, in Python: piece ids and the end symbol, not padded.

        `max_input_bytes` cuts the texts as a client of the .tflite does.
        """
        limit = min(max_input_bytes or self.max_bytes, self.max_bytes)
        data = [cut_text(text, limit)[0] for text in texts]
        data = [text if max(text, default=0) > SPACE else b"" for text in data]
        cut = [text.decode("utf-8", "replace") for text in data]
        return encode_source(self.tokenizer.encode_all(cut), self.max_tokens)

    def generate(
        self,
        texts: Sequence[str],
        method: dict | None = None,
        max_input_bytes: int | None = None,
        draws: np.ndarray | None = None,
    ) -> list[list[tuple[bytes, float]]]:
        """What the model writes for texts, on any backend.

        Args:
            method: from `method` or `sampling`; greedy where absent.
            max_input_bytes: cuts the texts as a client of the .tflite does.
            draws: random numbers `(texts, max_tokens)` for `sampling`.

        Returns:
            For each text its hypotheses, best first: UTF-8 bytes and score.
        """
        method = method or self.method(1)
        sources = self.encode_texts(texts, max_input_bytes)
        order = np.argsort([len(row) for row in sources], kind="stable")
        hypotheses: list[list[tuple[bytes, float]]] = [[] for _ in texts]
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = pad_rows([sources[row] for row in rows])
            numbers = () if draws is None else (draws[rows],)
            ids, scores = self.compiled(method)(batch, *numbers)
            if ids.ndim == 2:
                ids, scores = ids[:, None], scores[:, None]
            for row, best, values in zip(rows, ids, scores, strict=True):
                hypotheses[row] = [
                    (join_pieces(self.pieces, line[line > 0]), float(value))
                    for line, value in zip(best, values, strict=True)
                    if np.isfinite(value)
                ]
        return hypotheses

    def compiled(self, method: dict) -> CompiledFunction:
        """Piece ids `(B, S)` to ids and scores, by what `method` or `sampling` gave."""
        key = tuple(method.items())
        if key not in self.functions:

            def run(weights: Any, source: Any, *draws: Any) -> tuple[Any, Any]:
                encoded = self.encode(weights, source)
                settings = {**method, "draws": draws[0]} if draws else method
                return self.search(weights, encoded, self.limits(source), **settings)

            draws = method["method"] is sample
            inputs = ("int32", "float32") if draws else ("int32",)
            self.functions[key] = CompiledFunction(run, self.weights, inputs)
        return self.functions[key]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Takes over other weights of the same model, without compiling anew."""
        self.weights = list(weights)
        for function in self.functions.values():
            function.set_weights(weights)


def draw_numbers(seeds: Any, count: int) -> Any:
    """`(B, count)` float32 in [0, 1), each row from its own seed, in TensorFlow."""
    import tensorflow as tf

    def draw(seed: Any) -> Any:
        key = tf.stack([seed, 0])
        return tf.random.stateless_uniform([count], key, alg="philox")

    return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)

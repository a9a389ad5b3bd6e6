"""A text-to-text model as pure functions, for Python, SavedModel and TFLite."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from polyhead.layers import beam_search, greedy, sample
from polyhead.layers.candidates import PAD

from ...export.savedmodel import tokenize_strings
from ...run.compiled import CompiledFunction
from ...run.precision import check_float32
from ...text.byte_pieces import Tokenizer
from ...text.detokenizer import decode_ids, join_pieces, piece_tables
from ...text.limits import token_limits
from ..batches import pad_rows
from ..model import TextModel
from .hypotheses import Hypothesis, draw_numbers, rate_hypotheses, sum_cuts
from .reading import Reader

BATCH = 64
# Pieces that may come out for each that goes in, and besides.
MIN_OUTPUT_RATIO, FREE_PIECES = 2.0, 10
MAX_RUN = 24  # pieces that a repetition may fill, see `candidates.endless`
LENGTHS = (32, 64)  # of a .tflite's encoder, that are tried before the longest
STAGES = (32,)  # steps for which caches have room before they grow; each is traced


class Serving:
    """Text in, text out: pure functions of weights, tables and text.

    The model computes in float32; the tokenizer is that of both sides; `config` has
    `max_tokens` of a source, `max_output_tokens` of an answer (None in runs of version
    0.2: as many), `max_output_ratio` and `length_penalty`.
    """

    def __init__(self, model: TextModel, tokenizer: Tokenizer, config: Any):
        check_float32(model)
        self.model, self.config = model, config
        self.reader = Reader(tokenizer, config)
        self.max_tokens, self.max_output_tokens = token_limits(config)
        self.weights = [ops.convert_to_numpy(weight) for weight in model.weights]
        # Every byte is a piece, and a draw may give the zero byte, which ends a text.
        self.pieces = [piece.replace(b"\0", b"") for piece in tokenizer.pieces]
        self.tables = {**self.reader.tables, **piece_tables(self.pieces)}
        self.functions: dict[tuple, CompiledFunction] = {}

    def limits(self, source: Any) -> Any:
        """How many pieces may come out: `(B,)` int32; none for an empty source."""
        real = ops.sum(ops.cast(ops.not_equal(source, PAD), "int32"), axis=1)
        ratio = self.config.max_output_ratio or MIN_OUTPUT_RATIO
        most = ops.cast(ops.ceil(ops.cast(real, "float32") * ratio), "int32")
        # The last step can only give the end symbol.
        most = ops.minimum(most + FREE_PIECES, self.max_output_tokens - 1)
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
            # As numbers: LiteRT before 2.0.2 pads no booleans.
            mask = ops.pad(ops.cast(mask, "int32"), [[0, 0], [0, behind]])
            return caches, ops.greater(mask, 0)

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
    ) -> tuple[Any, Any, Any]:
        """Decodes what `encode` gave by `greedy`, `beam_search` or `sample`.

        Gives the ids, and what `rate_hypotheses` gives.

        It is `static` for a .tflite: caches that grow gain nothing there, and what
        comes from outside the loop cannot be quantised.
        """
        model = self.model
        memory, mask = encoded
        memory = [(*cache, mask) for cache in memory]
        batch_size = mask.shape[0] or ops.shape(mask)[0]
        steps = self.max_output_tokens
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
                    x, cache, position, memory, attention_mask=ancestors
                )
            return project(x), cache

        room, beams = stages[0] if stages else steps, settings.get("beam_size", 1)
        cache = model.decoder.make_cache(batch_size, room, beams)
        settings |= {"max_run": MAX_RUN, "stages": stages}
        ids, scores = method(step, cache, batch_size, steps, limits, **settings)
        penalty = settings["length_penalty"] if method is beam_search else 0.0
        return ids, *rate_hypotheses(ids, scores, limits, penalty)

    def scope(self, weights: Any) -> keras.StatelessScope:
        """A scope in which the model computes with these weights."""
        pairs = list(zip(self.model.weights, weights, strict=True))
        return keras.StatelessScope(state_mapping=pairs)

    def bytes_function(self, max_output_bytes: int, beam_size: int = 1) -> Callable:
        """The function of the .tflite files: `text (1, N)` to `text (1, M)`, uint8.

        It also gives `truncated (1,)`, see `sum_cuts`, and `score (1,)`.
        """
        method = self.method(beam_size)

        def serve(weights: Any, tables: Any, text: Any) -> dict:
            source, cut, case = self.reader.tokenize(tables, text)
            encoded, limits = self.encode_static(weights, source), self.limits(source)
            found = self.search(weights, encoded, limits, static=True, **method)
            ids, score, full = (x[:, 0] for x in found) if beam_size > 1 else found
            data, long = decode_ids(tables, ids, max_output_bytes)
            data = self.reader.give_case(tables, data, case)
            truncated = sum_cuts(cut, ops.logical_or(full, long))
            text = ops.cast(data, "uint8")
            return {"text": text, "truncated": truncated, "score": score}

        return serve

    def strings_function(self, beam_size: int = 1) -> Callable:
        """A function of the SavedModel: `(B,)` strings to strings, in TensorFlow."""
        return functools.partial(self._serve_strings, method=self.method(beam_size))

    def draws_function(self) -> Callable:
        """As `strings_function`, but it draws; each text has its seed and settings."""

        def serve(
            weights: Any, tables: Any, text: Any, seed: Any, **settings: Any
        ) -> dict:
            draws = draw_numbers(seed, self.max_output_tokens)
            method = self.sampling(draws=draws, **settings)
            return self._serve_strings(weights, tables, text, method)

        return serve

    def _serve_strings(
        self, weights: Any, tables: Any, text: Any, method: dict
    ) -> dict:
        """The work grows with the longest text of the batch."""
        import tensorflow as tf

        tokenize = functools.partial(self.reader.tokenize, tables)
        found = tokenize_strings(text, tokenize, self.reader.max_bytes)
        source, cut, case = found
        encoded, limits = self.encode(weights, source), self.limits(source)
        found = self.search(weights, encoded, limits, **method)
        ids, score, full = (x[:, 0] for x in found) if "beam_size" in method else found
        pieces = tf.constant(self.pieces)
        joined = tf.strings.reduce_join(tf.gather(pieces, ids), axis=1)
        text = tf.strings.regex_replace(joined, "^ ", "")
        text = self.reader.give_case_strings(tables, text, case)
        return {"text": text, "score": score, "truncated": sum_cuts(cut, full)}

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

    def generate(
        self,
        texts: Sequence[str],
        method: dict | None = None,
        max_input_bytes: int | None = None,
        draws: np.ndarray | None = None,
    ) -> list[list[Hypothesis]]:
        """What the model writes for texts, on any backend.

        Args:
            method: from `method` or `sampling`; greedy where absent.
            max_input_bytes: cuts the texts as a client of the .tflite does.
            draws: random numbers `(texts, max_output_tokens)` for `sampling`.

        Returns:
            For each text its hypotheses, best first.
        """
        method = method or self.method(1)
        sources, cases = self.reader.encode_texts(texts, max_input_bytes)
        order = np.argsort([len(row) for row in sources], kind="stable")
        hypotheses: list[list[Hypothesis]] = [[] for _ in texts]
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = pad_rows([sources[row] for row in rows])
            numbers = () if draws is None else (draws[rows],)
            found = self.compiled(method)(batch, *numbers)
            if found[0].ndim == 2:
                found = [x[:, None] for x in found]
            for row, *best in zip(rows, *found, strict=True):
                hypotheses[row] = [
                    Hypothesis(self.spell(ids, cases[row]), float(score), bool(cut))
                    for ids, score, cut in zip(*best, strict=True)
                    if np.isfinite(score)
                ]
        return hypotheses

    def spell(self, ids: np.ndarray, case: int) -> bytes:
        """The text of piece ids, zero-padded, in the case of its question."""
        return self.reader.case.give(join_pieces(self.pieces, ids[ids > 0]), case)

    def compiled(self, method: dict) -> CompiledFunction:
        """Piece ids `(B, S)` to what `search` gives, by `method` or `sampling`."""
        key = tuple(method.items())
        if key not in self.functions:

            def run(weights: Any, source: Any, *draws: Any) -> tuple[Any, Any, Any]:
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

"""A finished run: predict, evaluate, explain and export from its folder."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polyhead.runtime.model import Model
from polyhead.runtime.text_bytes import texts_to_bytes

from ..common.errors import RETRAIN, PolyheadError, UsageError
from ..common.export.folder import find_exported, find_tflite
from ..common.files import read_json, write_json
from ..common.run.config import load_config
from ..common.text.truncation import find_cuts
from .config import MAX_TOKENS, Config

if TYPE_CHECKING:
    from .data import Dataset

TASK = "translation"
ENGINES = ("keras", "savedmodel", "tflite")


class Run:
    """A trained translator, read from its folder.

    Args:
        path: the run's folder.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.truncated: list[bool] | None = None  # which of the last texts were cut
        self.notes: list[str] = []  # on the newest answers
        self.config = load_config(Config, TASK, self.path / "config.json")

    @cached_property
    def metrics(self) -> dict:
        """What `metrics.json` holds."""
        return read_json(self.path / "metrics.json", RETRAIN)

    @cached_property
    def tokenizer(self):
        """The tokenizer."""
        from ..common.text.byte_pieces import Tokenizer

        return Tokenizer.load(self.path / "tokenizer.json")

    @cached_property
    def serving(self):
        """The pure functions from text to text, in float32."""
        from ..common.run.saving import load_model
        from . import model as _  # noqa: F401  registers the Translator
        from .serving import Serving

        path = self.path / "model.keras"
        model = load_model(path)
        pieces = model.settings["vocabulary_size"]
        if pieces != len(self.tokenizer.pieces):
            raise PolyheadError(
                f"{self.path / 'tokenizer.json'}: {len(self.tokenizer.pieces)} pieces, "
                f"but the model has {pieces}: {RETRAIN}"
            )
        return Serving(model, self.tokenizer, self.config)

    def predict(
        self,
        texts: Sequence[str],
        beam_size: int | None = None,
        n_best: int = 1,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        engine: str = "keras",
    ) -> list[list[tuple[str, float]]]:
        """Translations of texts, the best first.

        Args:
            texts: any number of texts, cut at `max_tokens` pieces.
            beam_size: hypotheses followed side by side; 1 is greedy. The run's own
                where absent.
            n_best: how many translations a text, no two alike; fewer where the search
                found no more. Several spellings in pieces are one text, so it follows
                twice as many hypotheses, and up to eight times as many of the texts
                that need it, unless `beam_size` is given.
            temperature: draws instead of searching; so do `top_k` and `top_p`, see
                `common.decoding.sample`.
            top_k: draw of the k most probable pieces only.
            top_p: draw of the pieces that together reach this share only.
            seed: of the draws; 0 where absent.
            engine: "keras", "savedmodel" or "tflite"; the exported files decode as
                they were exported.

        Returns:
            For each text a list of `(translation, score)`. The score of a beam
            search is the log-probability over the length, that of greedy decoding
            and of draws the log-probability; a .tflite gives none (NaN).
        """
        texts = list(texts)
        drawing = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        drawing = {name: value for name, value in drawing.items() if value is not None}
        if seed is not None and not drawing:
            raise UsageError(
                "a seed is for draws: give temperature, top-k or top-p as well"
            )
        if engine not in ENGINES:
            raise UsageError(f"engine {engine!r}: one of {', '.join(ENGINES)}")
        if engine != "keras" and (drawing or n_best > 1 or beam_size is not None):
            raise UsageError(
                f"engine {engine!r} decodes as it was exported: beam size, n-best "
                "and sampling are for the engine keras"
            )
        if engine == "tflite":
            return self._run_tflite(texts)
        self._find_cuts(texts)
        if engine == "savedmodel":
            return self._run_savedmodel(texts)
        if drawing:
            if n_best > 1 or beam_size is not None:
                raise UsageError("sampling takes no beam size and no n-best")
            shape = len(texts), self.serving.max_tokens
            draws = np.random.default_rng(seed or 0).random(shape, np.float32)
            return self._translate(texts, self.serving.sampling(**drawing), draws)
        if n_best > 1:
            return self._find_best(texts, n_best, beam_size)
        method = self.serving.method(beam_size or self.config.beam_size)
        return self._translate(texts, method)

    def _translate(
        self, texts: Sequence[str], method: dict, draws: np.ndarray | None = None
    ) -> list[list[tuple[str, float]]]:
        """Different translations of each text, the best first."""
        found = []
        for row in self.serving.translate(texts, method, draws=draws):
            different: dict[str, float] = {}
            for text, score in row:
                different.setdefault(text.decode("utf-8", "replace"), score)
            found.append(list(different.items()))
        return found

    def _find_best(self, texts, n_best, beam_size):
        if beam_size and beam_size < n_best:
            raise UsageError(
                f"beam size {beam_size} cannot give {n_best} translations: raise it"
            )
        width = beam_size or max(self.config.beam_size, 2 * n_best)
        found = self._translate(texts, self.serving.method(width, width))
        while not beam_size and 2 * width <= 8 * n_best:
            width *= 2
            few = [i for i, row in enumerate(found) if 0 < len(row) < n_best]
            few = [i for i in few if texts[i].strip()]
            again = [texts[i] for i in few]
            wider = self._translate(again, self.serving.method(width, width))
            for i, row in zip(few, wider, strict=True):
                found[i] = row
        return [row[:n_best] for row in found]

    def _run_savedmodel(self, texts):
        from ..common.export.savedmodel import SavedModelPredictor

        predictor = SavedModelPredictor(find_exported(self.path, "savedmodel"))
        data = [text.encode("utf-8", "replace") for text in texts]
        outputs = predictor(text=np.array(data, object))
        rows = zip(outputs["text"], outputs["score"], strict=True)
        return [[(t.decode("utf-8", "replace"), float(s))] for t, s in rows]

    def _run_tflite(self, texts):
        from polyhead import runtime

        path = find_tflite(self.path)
        model = runtime.load(path)
        self._find_cuts(texts, path=path, max_bytes=model.max_bytes)
        return [[(answer.text, float("nan"))] for answer in model.predict(texts)]

    def _find_cuts(self, texts, **file):
        """Keeps which texts are cut, by the file too, and the notes on them."""
        self.truncated, self.notes = find_cuts(
            texts,
            self.config.max_tokens,
            lambda: self.tokenizer,
            ends=1,  # the end symbol
            highest=MAX_TOKENS,
            **file,
        )

    def evaluate(
        self,
        test: str | None = None,
        test_source: str | None = None,
        test_target: str | None = None,
        tokenize: str | None = None,
        lowercase: bool = False,
        beam_size: int | None = None,
    ) -> dict:
        """Measures the run, and both baselines on the same rows.

        Args:
            test: a table of pairs other than the run's own test data.
            test_source: with `test_target`, two files instead of a table.
            test_target: see `test_source`.
            tokenize: sacreBLEU's tokenizer; "none" for texts that are tokenised
                already; by the target language where absent.
            lowercase: whether case is ignored.
            beam_size: see `predict`.

        Returns:
            The content of metrics.json, which is written with predictions.csv,
            the plots and the card. Scores on other data are returned alone: the run
            keeps its own.
        """
        from ..common.generation.scores import Scorer, tokenizer_for
        from .baselines import run_baselines
        from .batches import leave_out_long
        from .data import load_data, load_pairs

        Scorer(tokenize or tokenizer_for(self.config.target_language), lowercase)
        dataset = leave_out_long(self.config, self.tokenizer, load_data(self.config))
        other = None
        if test is not None or test_source is not None or test_target is not None:
            pairs = load_pairs(self.config, test, test_source, test_target)
            dataset = replace(dataset, test=pairs)
            other = test or test_source
        baselines = run_baselines(dataset, seed=self.config.seed)
        return measure(self, dataset, baselines, tokenize, lowercase, beam_size, other)

    def examples(self, count: int = 200) -> Callable[[Model], dict[str, np.ndarray]]:
        """Held-out examples: a function gives them as a .tflite file takes them.

        Args:
            count: at most so many.
        """
        from ..common.run.saving import held_out
        from .data import load_data

        texts = held_out(load_data(self.config))[1].sources[:count]

        def inputs_of(model):
            return {"text": texts_to_bytes(texts, model.inputs["text"][1])[0]}

        return inputs_of

    def explain(self, text: str, output: str | Path | None = None) -> dict:
        """Which source pieces each target piece looked at; see `explain.explain`."""
        from .explain import explain

        return explain(self, text, output)

    def export(
        self,
        formats: Sequence[str] = ("savedmodel", "tflite"),
        variants: Sequence[str] = ("float32", "float16", "int8"),
        max_input_bytes: int = 256,
        max_output_bytes: int = 256,
        beam_size: int = 1,
        max_loss: float | None = None,
        author: str = "",
        license: str = "",
        verbose: bool = False,
    ) -> dict:
        """Writes and verifies the files to ship; see `common.export.export`.

        Args:
            beam_size: of the .tflite and of the SavedModel's default; 1 is greedy.
        """
        from ..common.export.export import check_export, export
        from ..common.run.saving import held_out, sign
        from .data import load_data
        from .exporting import make_exportable

        check_export(formats, variants)
        if "full_int8" in variants:
            raise UsageError(
                "variant 'full_int8' is for text classification: a translator's int8 "
                "file computes with int8 weights and float32 sums"
            )
        split, pairs = held_out(load_data(self.config))
        exportable = make_exportable(
            self.serving,
            pairs,
            split,
            max_input_bytes=max_input_bytes,
            max_output_bytes=max_output_bytes,
            beam_size=beam_size,
        )
        scores = self.metrics[split]
        exportable = sign(exportable, self.path, scores, author, license)
        folder = self.path / "export"
        return export(exportable, folder, formats, variants, max_loss, verbose)


def measure(
    run: Run,
    dataset: "Dataset",
    baselines: dict,
    tokenize: str | None = None,
    lowercase: bool = False,
    beam_size: int | None = None,
    other: str | None = None,
) -> dict:
    """Scores a run beside baselines and writes all that tells of it.

    Of `other` rows than the run's own nothing is written.
    """
    from ..common.generation.plots import plot_evaluation
    from ..common.generation.scores import tokenizer_for, write_predictions
    from ..common.run.loop import read_history
    from ..common.run.saving import describe_other, held_out
    from .card import write_card
    from .comparison import build_metrics

    beam_size = beam_size or run.config.beam_size
    tokenize = tokenize or tokenizer_for(run.config.target_language)
    parts = {"validation": dataset.validation, "test": dataset.test}
    if other:
        del parts["validation"]
    hypotheses = {
        split: [
            row[0][0] if row else "" for row in run.predict(pairs.sources, beam_size)
        ]
        for split, pairs in parts.items()
        if pairs is not None
    }
    known = run.metrics.get("train", {})
    decoding = "greedy decoding"
    if beam_size > 1:
        penalty = run.config.length_penalty
        decoding = f"beam size {beam_size}, length penalty {penalty:g}"
    metrics = build_metrics(
        dataset, hypotheses, baselines, tokenize, lowercase, decoding
    )
    metrics["train"] = known
    if other:
        told = describe_other(
            other, "sources", held_out(dataset)[1].sources, dataset.train.sources
        )
        metrics["protocol"] = f"{told}; {metrics['protocol']}"
        return metrics
    write_json(run.path / "metrics.json", metrics)
    run.metrics = metrics
    split, pairs = held_out(dataset)
    write_predictions(run.path / "predictions.csv", pairs, hypotheses[split], lowercase)
    nearest = None
    if "nearest" in baselines:
        nearest = ("nearest", baselines["nearest"]["hypotheses"])
    plot_evaluation(
        run.path / "plots",
        pairs,
        hypotheses[split],
        nearest,
        read_history(run.path / "history.csv"),
        tokenize,
        lowercase,
    )
    write_card(run.path, run.config, metrics)
    return metrics

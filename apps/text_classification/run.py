"""A finished run: predict, evaluate, explain and export from its folder."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polyhead.runtime.classifier import choose
from polyhead.runtime.model import Model
from polyhead.runtime.text_bytes import texts_to_bytes

from ..common.errors import RETRAIN, PolyheadError, UsageError
from ..common.export.folder import find_exported, find_tflite
from ..common.files import read_json, write_json
from ..common.run.config import load_config
from ..common.text.truncation import find_cuts
from .config import PRESET_TOKENS, Config

if TYPE_CHECKING:
    from .data import Dataset

TASK = "text-classification"
ENGINES = ("keras", "savedmodel", "tflite")


class Run:
    """A trained text classifier, read from its folder.

    Args:
        path: the run's folder.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.truncated: list[bool] | None = None  # which of the last texts were cut
        self.notes: list[str] = []  # on the newest answers
        self.config = load_config(Config, TASK, self.path / "config.json")
        self.label_names = read_labels(self.path / "labels.txt")
        self.multi_label = self.config.multi_label

    @cached_property
    def metrics(self) -> dict:
        """What `metrics.json` holds."""
        return read_json(self.path / "metrics.json", RETRAIN)

    @property
    def thresholds(self) -> np.ndarray | None:
        """With several labels to a text, the probability that each label needs."""
        if not self.multi_label:
            return None
        return np.array([self.metrics["thresholds"][n] for n in self.label_names])

    @cached_property
    def tokenizer(self):
        """The run's tokenizer."""
        from ..common.text.byte_pieces import Tokenizer
        from ..common.text.wordpiece import WordPieceTokenizer

        path = self.path / "tokenizer.json"
        if self.config.word_pieces:
            return WordPieceTokenizer.load(path)
        return Tokenizer.load(path)

    @cached_property
    def serving(self):
        """The pure function from text to probabilities, in float32."""
        from ..common.run.saving import load_model
        from .serving import Serving

        path = self.path / "model.keras"
        if self.config.fine_tunes:
            from .presets import import_keras_hub

            import_keras_hub(str(path))
        model = load_model(path)
        outputs = {head.shape[-1] for head in model.output.values()}
        if outputs != {len(self.label_names)}:
            raise PolyheadError(
                f"{self.path / 'labels.txt'}: {len(self.label_names)} labels, but the "
                f"model has {max(outputs)}: {RETRAIN}"
            )
        return Serving(
            model, self.tokenizer, self.config, self.label_names, self.multi_label
        )

    def probabilities(self, texts: Sequence[str], engine: str = "keras") -> np.ndarray:
        """Probabilities `(texts, labels)` by Keras or by an exported file."""
        if engine == "keras":
            return self.serving.predict(texts)
        if engine == "savedmodel":
            from ..common.export.savedmodel import SavedModelPredictor

            path = find_exported(self.path, "savedmodel")
            return SavedModelPredictor(path).predict(texts)
        if engine == "tflite":
            return self._run_tflite(texts)
        raise UsageError(f"engine {engine!r}: one of {', '.join(ENGINES)}")

    def _run_tflite(self, texts) -> np.ndarray:
        from polyhead import runtime

        path = find_tflite(self.path)
        model = runtime.load(path)
        self._find_cuts(texts, path=path, max_bytes=model.max_bytes)
        return model.probabilities(texts)[0]

    def _find_cuts(self, texts, **file):
        """Keeps which texts are cut, by the file too, and the notes on them."""
        self.truncated, self.notes = find_cuts(
            texts,
            self.config.max_tokens,
            lambda: self.tokenizer,
            highest=PRESET_TOKENS if self.config.fine_tunes else sys.maxsize,
            **file,
        )

    def predict(
        self,
        texts: Sequence[str],
        top_k: int = 1,
        threshold: float | None = None,
        engine: str = "keras",
    ) -> list[list[tuple[str, float]]]:
        """Labels and probabilities of texts, the best first.

        Args:
            texts: any number of texts, cut at `max_tokens` pieces.
            top_k: how many labels a text; with several labels a text, all that
                reach their thresholds and at most `top_k` where it is above 1.
            threshold: a best probability below it gives the label "unknown"; with
                several labels a text it replaces the tuned thresholds.
            engine: "keras", "savedmodel" or "tflite".

        Returns:
            For each text a list of `(label, probability)`.
        """
        texts = list(texts)
        found = self.probabilities(texts, engine)
        if engine != "tflite":
            self._find_cuts(texts)
        tuned = self.thresholds
        return [choose(row, self.label_names, top_k, threshold, tuned) for row in found]

    def evaluate(self, test: str | None = None, threshold: float | None = None) -> dict:
        """Measures the run, and both baselines on the same rows.

        Args:
            test: labelled data other than the run's own; the run's test data, or
                its validation data where it has none, if absent.
            threshold: also tell how many answers are at least this probable, and
                how many of these are right (one label a text only).

        Returns:
            The content of metrics.json, which is written with predictions.csv,
            the plots and the card. Scores on other data are returned alone: the run
            keeps its own.
        """
        from .baselines import run_baselines
        from .data import load_data, load_examples

        dataset = load_data(self.config)
        if test is not None:
            examples = load_examples(self.config, test, self.label_names)
            dataset = replace(dataset, test=examples)
        baselines = run_baselines(dataset, self.config.seed)
        return measure(self, dataset, baselines, threshold, test)

    def examples(self, count: int = 200) -> Callable[[Model], dict[str, np.ndarray]]:
        """Held-out examples: a function gives them as a .tflite file takes them.

        Args:
            count: at most so many.
        """
        from ..common.run.saving import held_out
        from .data import load_data

        texts = held_out(load_data(self.config))[1].texts[:count]

        def inputs_of(model):
            return {"text": texts_to_bytes(texts, model.inputs["text"][1])[0]}

        return inputs_of

    def explain(self, text: str, output: str | Path | None = None) -> dict:
        """Which pieces of a text speak for its label; see `explain.explain`."""
        if self.config.word_pieces:
            raise UsageError(
                f"{self.path}: a run that reads WordPieces cannot be explained yet, "
                "only those of tiny, small and base with tokenizer 'bytes'"
            )
        from .explain import explain

        return explain(self, text, output)

    def export(
        self,
        formats: Sequence[str] = ("savedmodel", "tflite"),
        variants: Sequence[str] = ("float32", "float16", "int8"),
        max_input_bytes: int = 256,
        max_loss: float | None = None,
        author: str = "",
        license: str = "",
        verbose: bool = False,
    ) -> dict:
        """Writes and verifies the files to ship; see `common.export.export`."""
        from ..common.export.export import check_export, export
        from ..common.run.saving import held_out, sign
        from .data import load_data
        from .serving import check_variants, make_exportable

        check_export(formats, variants, mediapipe=True)
        check_variants(self.config, variants)
        if "mediapipe" in formats:
            from .mediapipe_serving import check_tokenizer

            check_tokenizer(self.tokenizer)
        dataset = load_data(self.config)
        split, examples = held_out(dataset)
        thresholds = self.thresholds
        exportable = make_exportable(
            self.serving,
            examples.texts,
            examples.labels,
            split,
            max_input_bytes=max_input_bytes,
            thresholds=0.5 if thresholds is None else thresholds,
            calibration=dataset.train.texts[:500],
            seed=self.config.seed,
            mediapipe="mediapipe" in formats,
        )
        scores = self.metrics[split]
        exportable = sign(exportable, self.path, scores, author, license)
        folder = self.path / "export"
        return export(exportable, folder, formats, variants, max_loss, verbose)


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels of a run, in the order of the model's outputs."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolyheadError(f"{path}: {error.strerror}: {RETRAIN}") from None
    except UnicodeDecodeError:
        raise PolyheadError(f"{path}: not UTF-8 text: {RETRAIN}") from None
    return tuple(text.removesuffix("\n").split("\n"))


def measure(
    run: Run,
    dataset: "Dataset",
    baselines: dict,
    threshold: float | None = None,
    other: str | None = None,
) -> dict:
    """Scores a run beside baselines and writes all that tells of it.

    Of `other` rows than the run's own nothing is written.
    """
    from ..common.classification.plots import plot_evaluation
    from ..common.classification.scores import measure_coverage, write_predictions
    from ..common.run.loop import read_history
    from ..common.run.saving import describe_other, held_out
    from .card import write_card
    from .comparison import build_metrics

    parts = {"validation": dataset.validation, "test": dataset.test}
    probabilities = {
        split: run.serving.predict(part.texts)
        for split, part in parts.items()
        if part is not None
    }
    known = run.metrics.get("train", {})
    metrics, evaluations = build_metrics(
        dataset, probabilities, baselines, run.config.seed
    )
    metrics["train"] = known
    split, examples = held_out(dataset)
    if threshold is not None and not run.multi_label:
        metrics["answered"] = measure_coverage(
            probabilities[split], examples.labels, threshold
        )
    if other:
        told = describe_other(other, "texts", examples.texts, dataset.train.texts)
        metrics["protocol"] = f"{told}; {metrics['protocol']}"
        return metrics
    write_json(run.path / "metrics.json", metrics)
    run.metrics = metrics
    write_predictions(
        run.path / "predictions.csv",
        probabilities[split],
        examples,
        run.label_names,
        run.thresholds,
        run.config.label_separator,
    )
    history = read_history(run.path / "history.csv")
    plot_evaluation(run.path / "plots", evaluations[split], run.label_names, history)
    write_card(run.path, run.config, metrics)
    return metrics

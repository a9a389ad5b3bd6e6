"""A finished run: predict, evaluate, explain and export from its folder."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.model import Model

from ..common.errors import RETRAIN, UsageError
from ..common.export.folder import find_exported, find_tflite
from ..common.files import read_json
from ..common.run.config import load_config
from .config import Config
from .data import Dataset, load_data
from .predicting import (
    Forecast,
    describe_short,
    make_inputs,
    read_series,
    split_by_length,
)
from .series.frames import Columns
from .series.frequency import Frequency
from .series.windows import Windows

TASK = "forecasting"
ENGINES = ("keras", "savedmodel", "tflite")


class Run:
    """A trained forecaster, read from its folder.

    Args:
        path: the run's folder.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.config = load_config(Config, TASK, self.path / "config.json")
        facts = read_json(self.path / "columns.json", RETRAIN)
        self.frequency = Frequency(*facts["frequency"])
        self.usual_gap = facts.get("usual_gap", 1)  # older runs do not say
        self.zone = facts.get("zone")  # of the training data's clock, if it is told
        self.categories = facts["categories"]
        columns: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in facts["columns"].items()
        }
        self.columns = Columns(**columns)
        self.notes: list[str] = []  # on the newest forecasts

    @cached_property
    def metrics(self) -> dict:
        """What `metrics.json` holds."""
        return read_json(self.path / "metrics.json", RETRAIN)

    @cached_property
    def model(self):
        """The Keras model, in float32."""
        from ..common.run.saving import load_model
        from .networks import model as _  # noqa: F401  registers the Forecaster

        return load_model(self.path / "model.keras")

    @cached_property
    def serving(self):
        """The pure function from history to forecast, in float32."""
        from .serving import Serving

        return Serving(self.model)

    @property
    def look_back(self) -> int:
        """Steps of history that a forecast is made from."""
        return self.config.look_back

    @property
    def horizon(self) -> int:
        """Steps that are forecast."""
        return self.config.horizon

    @property
    def quantiles(self) -> list[float]:
        """The quantiles that come with a forecast."""
        return sorted(self.config.quantiles)

    def answer(self, inputs: dict, engine: str = "keras") -> dict[str, np.ndarray]:
        """Forecasts of arrays by Keras or by an exported file; see `Serving`."""
        if engine == "keras":
            return self.serving.predict(inputs)
        if engine == "savedmodel":
            from ..common.export.savedmodel import SavedModelPredictor

            return SavedModelPredictor(find_exported(self.path, "savedmodel"))(**inputs)
        if engine == "tflite":
            return self._run_tflite(inputs)
        raise UsageError(f"engine {engine!r}: one of {', '.join(ENGINES)}")

    def _run_tflite(self, inputs):
        from polyhead import runtime

        model = runtime.load(find_tflite(self.path)).model
        rows = [
            model(**{name: array[row : row + 1] for name, array in inputs.items()})
            for row in range(len(inputs["history"]))
        ]
        return {name: np.concatenate([r[name] for r in rows]) for name in rows[0]}

    def windows(self, dataset: Dataset) -> Windows:
        """Cuts the windows that this run forecasts."""
        return Windows(dataset, self.look_back, self.horizon)

    def predict(
        self, source=None, future=None, engine: str = "keras"
    ) -> list[Forecast]:
        """Forecasts the steps after the newest history of each series.

        Args:
            source: a file, or a pandas DataFrame, with the columns of the training
                data; the run's own data where absent.
            future: the known-future covariates of the steps ahead, likewise; they may
                also stand in `source`, in rows without targets.
            engine: "keras", "savedmodel" or "tflite".

        Returns:
            A `Forecast` for each series that has a whole history; `notes` names the
            others.

        Raises:
            PolyheadError: what is given does not suffice; says what is missing.
        """
        names, inputs, stamps = self._newest(source, future)
        outputs = self.answer(inputs, engine)
        return [
            Forecast(
                name,
                stamps[row],
                self.columns.targets,
                outputs["forecast"][row],
                tuple(self.quantiles),
                outputs["quantiles"][row] if self.quantiles else None,
            )
            for row, name in enumerate(names)
        ]

    def _newest(self, source, future):
        """Names of the series, the model's inputs and the stamps of the steps ahead."""
        if future is not None and not self.columns.future:
            raise UsageError(
                f"{self.path}: the run knows no future covariates: leave --future out"
            )
        unseen = {}
        if source is None:
            dataset = load_data(self.config)
            series, name = dataset.series, dataset.report["sources"]["train"]
        else:
            name = str(source) if isinstance(source, str | Path) else "the table"
            series, unseen = self._read(source)
        ahead = {}
        if future is not None:
            following, unseen = self._read(future, self.columns.future)
            ahead = {part.name: part for part in following}
        targets = len(self.columns.targets)
        series, short = split_by_length(series, targets, self.look_back)
        self.notes = list(dict.fromkeys(part.note for part in series if part.note))
        if short:
            self.notes.append(describe_short(name, short, self.look_back))
        inputs, stamps = make_inputs(
            series,
            ahead,
            self.columns,
            self.frequency,
            self.look_back,
            self.horizon,
            (name, str(future)),
            self.categories,
            unseen,
        )
        return [part.name for part in series], inputs, stamps

    def _read(self, source, needed=None):
        return read_series(
            source,
            self.columns,
            self.categories,
            self.frequency,
            self.usual_gap,
            self.zone,
            needed,
        )

    def evaluate(self, test: str | None = None) -> dict:
        """Measures the run, and the baselines on the same windows.

        Args:
            test: a file of rows that follow all of the run's own, to be scored
                instead of its test data; then nothing is written.

        Returns:
            The content of metrics.json, which is written with predictions.csv, the
            plots and the card.
        """
        from .evaluate import measure

        return measure(self, load_data(self.config, test))

    def backtest(self, stride: int | None = None) -> dict:
        """Forecasts from one origin after the other; see `backtest.backtest`."""
        from .backtest import backtest

        return backtest(self, load_data(self.config), stride)

    def examples(self, count: int = 200) -> Callable[[Model], dict[str, np.ndarray]]:
        """Held-out examples: a function gives them as a .tflite file takes them.

        Args:
            count: at most so many.
        """
        dataset = load_data(self.config)
        windows = self.windows(dataset)
        found = windows.find(dataset.held_out)
        inputs = windows.take(found[:: max(1, len(found) // count)][:count]).inputs
        return lambda model: inputs

    def explain(self, source=None, output: str | Path | None = None) -> dict:
        """What a forecast rests on; see `explain.explain`.

        Args:
            source: a file, whose first series is forecast; the last window that
                measures the run where absent.
            output: a PNG file to draw.
        """
        from .explain import explain

        # A new file needs the run's own data for the covariates' importance alone.
        needed = source is None or self.columns.past or self.columns.future
        dataset = load_data(self.config) if needed else None
        if source is None and dataset is not None:
            windows = self.windows(dataset)
            inputs = windows.take(windows.find(dataset.held_out)[-1:]).inputs
        else:
            _, inputs, _ = self._newest(source, None)
        first = {name: value[:1] for name, value in inputs.items()}
        return explain(self, dataset, first, output)

    def export(
        self,
        formats: Sequence[str] = ("savedmodel", "tflite"),
        variants: Sequence[str] = ("float32", "float16", "int8"),
        max_loss: float | None = None,
        author: str = "",
        license: str = "",
        verbose: bool = False,
    ) -> dict:
        """Writes and verifies the files to ship; see `common.export.export`.

        Args:
            max_loss: hundredths of a standard deviation that the mean absolute error
                of a variant may grow by.
        """
        from ..common.export.export import check_export, export
        from ..common.run.saving import sign
        from .exporting import make_exportable

        if "full_int8" in variants:
            raise UsageError(
                "variant 'full_int8' is for text classification: a forecaster's int8 "
                "file computes with int8 weights and float32 sums"
            )
        check_export(formats, variants)
        dataset = load_data(self.config)
        exportable = make_exportable(
            self.serving, self.windows(dataset), dataset.held_out
        )
        scores = self.metrics[dataset.held_out]
        exportable = sign(exportable, self.path, scores, author, license)
        folder = self.path / "export"
        return export(exportable, folder, formats, variants, max_loss, verbose)


def describe_columns(dataset: Dataset) -> dict:
    """What a run keeps of its data: the content of columns.json."""
    return {
        "columns": asdict(dataset.columns),
        "categories": dataset.categories,
        "frequency": [dataset.frequency.unit, dataset.frequency.step],
        "usual_gap": dataset.usual_gap,
        "zone": next((part.zone for part in dataset.series if part.zone), None),
    }

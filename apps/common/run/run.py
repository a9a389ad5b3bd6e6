"""A finished run of any task: predict, evaluate, explain and export from its folder.

Imports no Keras: an exported file answers at once.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import MethodType
from typing import Any

from ..errors import RETRAIN, UsageError
from ..export.folder import find_tflite
from ..export.formats import DEFAULT_FORMATS, DEFAULT_VARIANTS
from ..files import read_json
from ..task import Steps, Task
from .config import load_config

ENGINES = ("keras", "savedmodel", "tflite")


class Run:
    """A trained run, read from its folder.

    `predict`, `evaluate` and `explain` are functions of the task; `help(run.predict)`
    shows their arguments. What the task keeps besides the model, such as
    `run.label_names`, and the task's further methods, such as `run.backtest`, are
    attributes too.

    Args:
        task: the task that it is of.
        path: the run's folder.

    Attributes:
        config: its configuration.
        assets: what it needs besides its model.
        notes: on the newest answers.
        truncated: which of the newest inputs were cut, where that is known.
    """

    def __init__(self, task: Task, path: str | Path):
        self.task = task
        self.path = Path(path)
        self.config = load_config(task.config, task.name, self.path / "config.json")
        self.assets = task.answering().load_assets(self.config, self.path)
        self.notes: list[str] = []
        self.truncated: list[bool] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("task", "assets"):
            raise AttributeError(name)
        methods = self.task.answering().methods
        if name in methods:
            return MethodType(methods[name], self)
        return getattr(self.assets, name)

    @property
    def steps(self) -> Steps:
        """The steps of the task, which need Keras."""
        return self.task.steps()

    @cached_property
    def metrics(self) -> dict:
        """What `metrics.json` holds."""
        return read_json(self.path / "metrics.json", RETRAIN)

    @cached_property
    def serving(self):
        """The pure function that answers, in float32."""
        return self.steps.serve(self)

    @property
    def model(self):
        """The Keras model, in float32."""
        return self.serving.model

    @property
    def predict(self) -> Callable:
        """The task's `predict`, of this run."""
        return MethodType(self.task.answering().predict, self)

    @property
    def evaluate(self) -> Callable[..., dict]:
        """The task's `evaluate`, of this run."""
        return MethodType(self.steps.evaluate, self)

    @property
    def explain(self) -> Callable[..., dict]:
        """The task's `explain`, of this run."""
        return MethodType(self.steps.explain, self)

    def note_cuts(self, inputs: Sequence, *file: Any) -> None:
        """Notes which inputs are cut; here none are."""

    def open_tflite(self, inputs: Sequence) -> Any:
        """The run's smallest .tflite file, after a note on the inputs that it cuts."""
        from polyhead import runtime

        path = find_tflite(self.path)
        file = runtime.load(path)
        self.note_cuts(inputs, path, file.max_bytes)
        return file

    def load_data(self) -> Any:
        """The run's own data, as its model reads them."""
        steps = self.steps
        return steps.prepare(self.config, self.assets, steps.load_data(self.config))

    def examples(self, count: int = 200) -> Callable:
        """Held-out examples: a function gives them as a .tflite file takes them.

        Args:
            count: at most so many.
        """
        return self.steps.examples(self, self.load_data(), count)

    def export(
        self,
        formats: Sequence[str] = DEFAULT_FORMATS,
        variants: Sequence[str] = DEFAULT_VARIANTS,
        *,
        max_loss: float | None = None,
        author: str = "",
        license: str = "",
        verbose: bool = False,
        **options: Any,
    ) -> dict:
        """Writes and verifies the files to ship; see `common.export.export.export`.

        Args:
            formats: kinds of file: "savedmodel", "tflite", and those of the task.
            variants: of the .tflite files: "float32", "float16", "int8", "full_int8".
            max_loss: points of the metric that a variant may lose.
            author: who made the model.
            license: under which it may be used.
            verbose: show the converters' messages.
            options: of the task, such as `max_input_bytes`.

        Returns:
            The report, which is also written to export_report.json.
        """
        from ..export.export import check_export, export
        from ..export.provenance import add_provenance

        check_export(formats, variants, self.task)
        self.steps.check_export(self, formats, variants)
        data = self.load_data()
        exportable = self.steps.make_exportable(self, data, formats, **options)
        exportable = add_provenance(exportable, self, author, license)
        folder = self.path / "export"
        return export(exportable, folder, formats, variants, max_loss, verbose)


def check_engine(engine: str) -> None:
    """Refuses an engine that no run has.

    Raises:
        UsageError: lists those that there are.
    """
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r}: choose from {', '.join(ENGINES)}")

"""A finished run of any task: it predicts, evaluates, explains and exports.

Imports no Keras, so an exported file answers at once.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

from ..errors import RETRAIN, UsageError
from ..export.folder import find_tflite
from ..export.formats import DEFAULT_FORMATS, DEFAULT_VARIANTS
from ..files import read_json
from ..task import Steps, Task
from .config import load_config

if TYPE_CHECKING:
    import keras

ENGINES = ("keras", "savedmodel", "tflite")


class Run:
    """A trained run, read from its folder.

    `predict`, `evaluate` and `explain` are functions of the task; `help(run.predict)`
    shows their arguments. The assets of the task, such as `run.label_names`, and its
    own methods, such as `run.backtest`, are attributes too.

    Args:
        task: the task.
        path: the run's folder.

    Attributes:
        config: the configuration of the run.
        assets: what the run needs besides its model.
        notes: notes on the latest answers.
        truncated: which of the latest inputs were cut, or None if that is unknown.
    """

    def __init__(self, task: Task, path: str | Path) -> None:
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
        """The content of metrics.json."""
        return read_json(self.path / "metrics.json", RETRAIN)

    @cached_property
    def serving(self) -> Any:
        """The pure function that answers, in float32."""
        return self.steps.serve(self)

    @property
    def model(self) -> "keras.Model":
        """The Keras model, in float32."""
        return self.serving.model

    @property
    def predict(self) -> Callable:
        """The task's `predict` for this run."""
        return MethodType(self.task.answering().predict, self)

    @property
    def evaluate(self) -> Callable[..., dict]:
        """The task's `evaluate` for this run."""
        return MethodType(self.steps.evaluate, self)

    @property
    def explain(self) -> Callable[..., dict]:
        """The task's `explain` for this run."""
        return MethodType(self.steps.explain, self)

    def note_cuts(self, inputs: Sequence, *file: Any) -> None:
        """Notes which inputs are cut: none, unless a subclass says otherwise."""

    def open_tflite(self, inputs: Sequence) -> Any:
        """Opens the smallest .tflite file, and notes which inputs it cuts."""
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
        """A function that gives up to `count` held-out inputs for a .tflite file."""
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
        """Writes and verifies the exported files.

        Args:
            formats: kinds of file: "savedmodel", "tflite", and those of the task.
            variants: variants of the .tflite files: "float32", "float16", "int8",
                "full_int8".
            max_loss: points of the metric that a variant may lose.
            author: the model's author, for the files' metadata.
            license: the model's license, for the files' metadata.
            verbose: show the converters' messages.
            options: options of the task, such as `max_input_bytes`.

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
    """Raises a UsageError that lists the engines if `engine` is not one of them."""
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r}: choose from {', '.join(ENGINES)}")

"""A finished run of any task: it predicts, evaluates, explains and exports.

Imports no Keras, so an exported file answers at once.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

from ..data.given import name_of
from ..data.kept import Kept, read_kept
from ..data.known_rows import Known, KnownRows
from ..errors import RETRAIN, PolyheadError, UsageError
from ..export.folder import find_tflite
from ..export.formats import DEFAULT_FORMATS, DEFAULT_VARIANTS
from ..files import read_json
from ..folder.staging import NEW
from ..task import Steps, Task
from .config import load_config, rows_of
from .folder import writing

if TYPE_CHECKING:
    import keras

ENGINES = ("keras", "savedmodel", "tflite")
MOST_EXAMPLES = 2000  # of other files that verify an export


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
        tell: takes a line on what is being done; says nothing unless it is set.
    """

    def __init__(self, task: Task, path: str | Path) -> None:
        self.task = task
        self.path = Path(path)
        self.config = load_config(task.config, task.name, self.path / "config.json")
        self.assets = task.answering().load_assets(self.config, self.path)
        self.notes: list[str] = []
        self.truncated: list[bool] | None = None
        self.written = when_written(self.path)
        self.tell: Callable[[str], None] = lambda line: None

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

    @property
    def home(self) -> Path:
        """The run's folder by the name that its users know."""
        return self.path.parent if self.path.name == NEW else self.path

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
        return MethodType(locked(self.steps.evaluate, "evaluating"), self)

    @property
    def explain(self) -> Callable[..., dict]:
        """The task's `explain` for this run."""
        return MethodType(self.steps.explain, self)

    def check_files(self) -> None:
        """Reads metrics and model: what is damaged is found before any work is done.

        A run that was trained again since it was loaded is refused.
        """
        if self.written != when_written(self.path):
            raise PolyheadError(
                f"{self.path}: was trained again since it was loaded: load it again"
            )
        self.metrics  # noqa: B018
        self.serving  # noqa: B018

    def note_cuts(self, inputs: Sequence, *file: Any) -> None:
        """Notes which inputs are cut: none, unless a subclass says otherwise."""

    def open_tflite(self, inputs: Sequence) -> Any:
        """Opens the smallest .tflite file, and notes which inputs it cuts."""
        from polyhead import runtime

        path = find_tflite(self.path)
        file = runtime.load(path)
        self.note_cuts(inputs, path, file.max_bytes)
        return file

    @cached_property
    def known(self) -> Known:
        """What the run knows of its data."""
        return Known(KnownRows.load(self.path), self.assets)

    def load_data(self, remedy: str = "give other rows with --test F") -> Any:
        """The run's own data, as its model reads them; `remedy` ends the error."""
        steps = self.steps
        try:
            data = steps.load_data(self.config, self.known)
        except PolyheadError as error:
            raise PolyheadError(
                f"{self.path}: its own data cannot be used ({error}): restore them, or "
                f"{remedy}"
            ) from error
        return steps.prepare(self.config, self.assets, data)

    def find_data(self) -> Any:
        """The run's own data; None, and a note that says why, if they are not here."""
        try:
            return self.load_data()
        except PolyheadError as error:
            reason = error.__cause__ or error
            note = f"baselines that need the run's own data are left out: {reason}"
            self.notes.append(note)
            return None

    def find_examples(
        self, files: Mapping[str, str | None], remedy: str = "give --test F"
    ) -> Kept:
        """Held-out examples: of `files`, else those that the run keeps of its data.

        Args:
            files: arguments of the task's `load_test`.
            remedy: ends the error if there are neither.
        """
        steps, config = self.steps, self.config
        given = {name: file for name, file in files.items() if file is not None}
        if given:
            data = steps.load_test(self, **given)
            source = " + ".join(map(name_of, given.values()))
            return replace(steps.keep(config, data, MOST_EXAMPLES), source=source)
        if not config.keep_examples:
            raise PolyheadError(
                f"{self.path}: keeps no examples of its data (keep_examples=0): "
                f"{remedy}"
            )
        kept = read_kept(self.path, self.task.name)
        if kept is None:  # a run of version 0.2 or before
            data = self.load_data(remedy)
            kept = steps.keep(config, data, config.keep_examples)
        return kept

    def examples(self, count: int = 200, **files: str | None) -> Callable:
        """A function that gives up to `count` held-out inputs for a .tflite file."""
        return self.steps.examples(self, self.find_examples(files), count)

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
            options: options of the task, such as `max_input_bytes`, and `test` (to
                translate also `test_source` and `test_target`): held-out examples in
                place of those that the run keeps.

        Returns:
            The report, which is also written to export_report.json.
        """
        from ..export.export import check_export, export
        from ..export.provenance import add_provenance

        check_export(formats, variants, self.task)
        self.steps.check_export(self, formats, variants)
        names = inspect.signature(self.steps.load_test).parameters
        files = {name: options.pop(name) for name in names if name in options}
        with writing(self.path, "exporting"):
            self.check_files()
            kept = self.find_examples(files)
            exportable = self.steps.make_exportable(self, kept, formats, **options)
            exportable = add_provenance(exportable, self, author, license)
            folder = self.path / "export"
            options = {"max_loss": max_loss, "verbose": verbose, "tell": self.tell}
            return export(exportable, folder, formats, variants, **options)


def open_run(task: Task, path: Path, config: Any) -> Run:
    """A finished run; it has the rows from Python that `config` has, as its data."""
    run = task.answering().run(task, path)
    run.config = replace(run.config, **rows_of(config))
    return run


def when_written(path: Path) -> int | None:
    """A number that changes when another model is written into a run's folder."""
    model = path / "model.keras"
    return model.stat().st_mtime_ns if model.exists() else None


def locked(function: Callable, work: str) -> Callable:
    """A function of a run that holds the lock of the run's folder.

    Scores on other data, from arguments such as `test`, are not written, so they need
    none.
    """
    names = inspect.signature(function)

    @functools.wraps(function)
    def hold_and_call(run: Run, *args: Any, **options: Any) -> Any:
        given = names.bind(run, *args, **options).arguments
        others = any(
            name.startswith("test") and rows is not None for name, rows in given.items()
        )
        with contextlib.nullcontext() if others else writing(run.path, work):
            run.check_files()
            return function(run, *args, **options)

    return hold_and_call


def check_engine(engine: str) -> None:
    """Raises a UsageError that lists the engines if `engine` is not one of them."""
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r}: choose from {', '.join(ENGINES)}")

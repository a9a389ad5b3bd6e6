"""Exports a run: writes the files, runs them, compares them with Keras, keeps them.

The run's folder changes only after every file has passed.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import keras
import numpy as np

from polyhead.runtime.model import SIGNATURE

from ..errors import UsageError
from ..files import expecting, is_full, read_json, write_json, writing_error
from ..folder.staging import NEW, announce, complete, place, remove
from ..quiet import quiet
from ..task import Task
from .formats import DEFAULT_FORMATS, DEFAULT_VARIANTS, VARIANTS
from .inspection import read_file_facts
from .litert import TFLitePredictor
from .metadata import Metadata, add_metadata
from .report import write_report
from .savedmodel import SavedModelPredictor, export_savedmodel
from .tflite import export_tflite
from .verification import Form, Metric, compare

MAX_LOSS, MAX_LOSS_FULL_INT8 = 0.3, 1.5  # points of the metric
REPORT = "export_report.json"


class FurtherForm(Protocol):
    """A format that only one task has; a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def metadata(self) -> Metadata: ...

    def write(
        self,
        weights: Sequence[np.ndarray],
        metric: Metric,
        folder: Path,
        variants: Sequence[str],
        max_loss: float,
    ) -> dict[str, dict]:
        """Writes and verifies the files; returns name -> facts for the report."""
        ...


@dataclass(frozen=True)
class Exportable:
    """Everything that a task provides for its export."""

    weights: Sequence[np.ndarray]  # may be quantised
    tables: Mapping[str, np.ndarray]  # may not be quantised
    savedmodel: Form  # of any number of rows
    tflite: Form  # of one row at a time
    metric: Metric
    metadata: Metadata  # of the .tflite files
    # Inputs that are not held-out examples, for "full_int8".
    calibration: Mapping[str, np.ndarray] | None = None
    # The .tflite function without branches, for "full_int8": the converter quantises
    # nothing inside branches.
    unbranched: Callable | None = None
    signatures: Mapping[str, Form] = field(default_factory=dict)  # of the SavedModel
    examples: Mapping[str, object] = field(default_factory=dict)  # facts about them
    # Whether each output channel has its own scale. With one scale for all, an int8
    # file keeps an embedding that is tied to the output once, not twice.
    per_channel: bool = True
    # The name of each further format -> the form that writes its files.
    further: Mapping[str, FurtherForm] = field(default_factory=dict)


def export(
    exportable: Exportable,
    folder: str | Path,
    formats: Iterable[str] = DEFAULT_FORMATS,
    variants: Iterable[str] = DEFAULT_VARIANTS,
    max_loss: float | None = None,
    verbose: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> dict:
    """Writes the files of a run's export folder, each verified; see `Run.export`.

    Other files in the folder stay. After an error the folder is unchanged. `max_loss`
    None is 0.3 points, and 1.5 for "full_int8", whose sums have 8 bits too. `tell`
    takes a line on each step.
    """
    formats, variants = tuple(formats), tuple(variants)
    folder = Path(folder)
    files = {}
    with _writing(folder) as new, quiet(verbose):
        if "savedmodel" in formats:
            files["savedmodel"] = _make_savedmodel(exportable, new, tell)
        for variant in variants if "tflite" in formats else ():
            name = f"model_{variant}.tflite"
            path = new / name
            files[name] = _make_tflite(exportable, path, variant, max_loss, tell)
        allowed = MAX_LOSS if max_loss is None else max_loss
        for name, form in exportable.further.items():
            if name in formats:
                tell(f"writing and verifying the {name} files")
                files |= form.write(
                    exportable.weights, exportable.metric, new, variants, allowed
                )
        files = _older_files(folder) | files
        report = {
            "metric": exportable.metric.name,
            "examples": dict(exportable.examples),
            "files": {name: files[name] for name in sorted(files, key=_order)},
        }
        write_json(new / REPORT, report)
        write_report(new, report)
    return report


def check_export(formats: Sequence[str], variants: Sequence[str], task: Task) -> None:
    """Raises a UsageError for an unknown name, or if the backend is not TensorFlow."""
    formats_of_task = (*DEFAULT_FORMATS, *task.formats)
    kinds = ("format", formats, formats_of_task), ("variant", variants, VARIANTS)
    for kind, names, known in kinds:
        for name in names:
            if name not in known:
                raise UsageError(f"{kind} {name!r}: choose from {', '.join(known)}")
    if keras.backend.backend() != "tensorflow":
        raise UsageError(
            f"exporting needs TensorFlow, but KERAS_BACKEND={keras.backend.backend()}: "
            "give the same command with KERAS_BACKEND=tensorflow"
        )


def _make_savedmodel(
    exportable: Exportable, folder: Path, tell: Callable[[str], None]
) -> dict:
    forms = {SIGNATURE: exportable.savedmodel, **exportable.signatures}
    path = folder / "savedmodel"
    tell(f"writing {path.name}")
    functions = {name: (form.function, form.inputs) for name, form in forms.items()}
    export_savedmodel(functions, exportable.weights, exportable.tables, path)
    checked = {}
    for name, form in forms.items():
        file = path.name if name == SIGNATURE else f"{path.name}, signature {name}"
        tell(describe_check(file, form))
        outputs = SavedModelPredictor(path, name)(**form.inputs)
        facts = compare(file, outputs, form, exportable.metric, True, 0.0)
        checked[name] = {**form.facts, **facts}
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    facts = {"bytes": size, **checked.pop(SIGNATURE)}
    return facts | ({"signatures": checked} if checked else {})


def _make_tflite(
    exportable: Exportable,
    path: Path,
    variant: str,
    max_loss: float | None,
    tell: Callable[[str], None],
) -> dict:
    form = exportable.tflite
    function, inputs = form.function, form.inputs
    if variant == "full_int8":
        function = exportable.unbranched or function
        inputs = exportable.calibration or inputs
    weights, tables = exportable.weights, exportable.tables
    each = exportable.per_channel
    tell(f"writing {path.name}")
    export_tflite(function, weights, tables, inputs, path, variant, each)
    path.write_bytes(add_metadata(path.read_bytes(), exportable.metadata))
    tell(describe_check(path.name, form))
    outputs = TFLitePredictor(path)(**form.inputs)
    exact = variant == "float32"
    if max_loss is None:
        max_loss = MAX_LOSS_FULL_INT8 if variant == "full_int8" else MAX_LOSS
    facts = compare(path.name, outputs, form, exportable.metric, exact, max_loss)
    return {**form.facts, **facts, **read_file_facts(path, form.inputs)}


def describe_check(file: str, form: Form) -> str:
    """The line that is told before a file is run on the held-out examples."""
    examples = len(next(iter(form.inputs.values())))
    return f"verifying {file} on {examples:,} examples"


def _older_files(folder: Path) -> dict:
    """The facts of the last report about files that still exist."""
    if not (folder / REPORT).exists():
        return {}
    report = read_json(folder / REPORT, remedy="delete it and export again")
    with expecting(folder / REPORT, "delete it and export again"):
        files = report.get("files", {})
        return {
            name: facts for name, facts in files.items() if (folder / name).exists()
        }


def _order(name: str) -> int:
    names = ["savedmodel", *(f"model_{variant}.tflite" for variant in VARIANTS)]
    return names.index(name) if name in names else len(names)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[Path]:
    """Gives a new folder, whose entries move to `folder` if no error occurs."""
    is_first, new = not folder.exists(), folder / NEW
    try:
        complete(folder)
        remove(new)
        new.mkdir(parents=True)
        yield new
        announce(folder, [entry.name for entry in new.iterdir()])
        place(folder)
    except BaseException as error:  # TensorFlow's writers raise errors of their own
        shutil.rmtree(new, ignore_errors=True)
        if is_first:
            with contextlib.suppress(OSError):
                folder.rmdir()  # fails unless it is empty
        if isinstance(error, OSError) or is_full(error):
            raise writing_error(folder, error) from error
        raise

"""A task: plain functions from which the suite makes an app.

A `Task` has three parts, and each is imported only when it is needed. The task itself
imports the standard library alone, so `--help` starts at once. `Answering` imports no
Keras, so an exported file answers at once. `Steps` needs Keras: the data, the model,
its training, its scores and its export.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Verb:
    """A verb of the command line that one task alone has.

    Args:
        help: one line for `polyhead --help`.
        description: a sentence for `polyhead VERB --help`.
        options: argument of `function` -> its type, lowest value (None for a str) and
            help text.
        function: a run and the options to a report.
        format: the report to text for the terminal.
    """

    help: str
    description: str
    options: Mapping[str, tuple[type, int | None, str]]
    function: Callable[..., Any]
    format: Callable[[Any], str]


@dataclass(frozen=True)
class Task:
    """What the suite knows of a task before it imports anything heavy.

    Args:
        name: as the command line and config.json have it.
        config: its `Config`, a frozen dataclass.
        flags: fields of `config` that have a flag of their own, with the help text.
        options: verb -> the arguments of the run's method that have a flag.
        answering: imports and gives the task's `Answering`.
        steps: imports and gives the task's `Steps`.
        choices: field of `config` -> the values that it may have.
        ranges: field of `config` -> its lowest and its highest value.
        architecture: fields of `config` that the weights of a run depend on.
        fill: fills what a configuration leaves open, as far as no data are needed, and
            refuses settings that do not go together.
        older_defaults: field of `config` -> the values that it had in older versions
            where nobody gave one; the first is that of a version without the field.
        older_config: the configuration of an older run, with what that run has chosen.
        data_name: a short name of the data, from a configuration; names the folder.
        input: what `predict` takes: "text" (a file is a table), "lines" (a file that is
            no table has a text on each line) or "table" (a whole file).
        keras_options: arguments of `predict` that an exported file does not know.
        files: what a run of this task writes besides the files of every run.
        formats: what `export` can write besides the formats of every task.
        verbs: verbs of the command line that this task alone has.
        page_facts: a run's folder and the content of its config.json to what the demo
            page has to know of the run; imports no Keras.
        page_examples: a run's folder to inputs that the demo page offers, each a dict.
    """

    name: str
    config: type
    flags: Mapping[str, str]
    options: Mapping[str, tuple[str, ...]]
    answering: Callable[[], "Answering"]
    steps: Callable[[], "Steps"]
    choices: Mapping[str, tuple]
    ranges: Mapping[str, tuple[float, float]]
    architecture: tuple[str, ...]
    fill: Callable[[Any], Any]
    data_name: Callable[[Any], str]
    older_defaults: Mapping[str, tuple] = field(default_factory=dict)
    older_config: Callable[[Any, Path], Any] = lambda config, path: config
    input: str = "text"
    keras_options: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    page_facts: Callable[[Path, dict], dict] = lambda folder, config: {}
    page_examples: Callable[[Path], list[dict]] = lambda folder: []


@dataclass(frozen=True)
class Answering:
    """How a trained run of the task answers. Imports no Keras.

    Args:
        run: `Run`, or `TextRun` for a task that reads texts.
        load_assets: `(config, path)` to what a run needs besides its model, such as
            label names. The attributes of the result are attributes of the run.
        predict: `(run, inputs, ..., engine)` to answers; it becomes `run.predict`.
        format_answers: `(run, inputs, answers, style)` to what `predict` prints, in the
            style "text", "json" or "csv".
        format_metrics: the content of metrics.json to a table with verdicts.
        format_report: what `--dry-run` reports of the data, as text.
        methods: further methods of a run of this task alone.
    """

    run: type
    load_assets: Callable[[Any, Path], Any]
    predict: Callable
    format_answers: Callable[..., str]
    format_metrics: Callable[[dict], str]
    format_report: Callable[[dict], str]
    methods: Mapping[str, Callable] = field(default_factory=dict)


@dataclass(frozen=True)
class Steps:
    """The steps in the life of a run, which `trainer`, `Run` and `evaluation` call.

    `data` is whatever `load_data` gives. It has a `report`, a dict with a list of
    "warnings", `differences`, lines on what has changed since the run was trained, and
    `is_whole`, whether every row of the run is there. `assets` is whatever
    `make_assets` gives: what a run needs besides its model.

    Args:
        load_data: `(config, known)` to the data, checked. `known` is None, or the
            `data.known_rows.Known` of a run that goes on or is measured again: its
            parts are found by the hashes of their rows.
        remember: `(config, assets, data)` to the `KnownRows` of a run that begins.
        make_assets: `(config, data, path)` to the assets. In the folder `path` of a run
            that goes on, those that are there already are kept.
        save_assets: `(assets, path)` writes them to the run's folder.
        build: `(config, assets, data)` to the model that is trained, under the dtype
            policy in use.
        make_training: `(config, assets, data, model)` to a `trainer.Training`.
        make_validation: `(config, assets, data)` to a `trainer.Validation`.
        finish: `(config, assets, data, model)` to the model in float32 that the run
            keeps, calibrated on validation data where the task does that.
        serve: `(run)` to the pure function that answers, such as a `Serving`.
        baselines: `(run, data)` to what each baseline answers for the held-out data, by
            its name; `train` and `evaluate` show them beside the run.
        score: `(run, data, baselines, ...)` to an `evaluation.Evaluation`.
        make_card: `(run)` to the text of the run's README.md.
        evaluate: `(run, test, ...)` to metrics; it becomes `run.evaluate`.
        load_test: `(run, test, ...)` to data that have nothing but a test split, read
            from other files, without what the run was trained on (see
            `evaluation.spare_trained`); needs no other data. Its arguments are the
            files.
        keep: `(config, data, count)` to at most `count` examples of the split that
            measures a run, as a `kept.Kept`; see `run.find_examples`.
        explain: `(run, input, output)` to numbers; it becomes `run.explain`.
        examples: `(run, kept, count)` to a function from an exported file to inputs.
        check_export: `(run, formats, variants)` refuses what cannot be exported.
        make_exportable: `(run, kept, formats, ...)` to an `export.Exportable`.
        start_from: `(config, assets, model)` takes over the weights of the run that
            `config.init_from` names. None: all whose shapes agree.
        fit_config: `(config, assets, data)` fills the settings that the data decide.
        prepare: `(config, assets, data)` to the data as the model reads them.
        fit: see `trainer.fit`; a task may wrap it. None: as it is.
        estimate: see `trainer.estimate`; a task may wrap it. None: as it is.
        tune: `(run, data)` fits on validation data what the answers are decided by, and
            is not in the model, such as thresholds; called once, after the training.
    """

    load_data: Callable[[Any, Any], Any]
    remember: Callable[[Any, Any, Any], Any]
    make_assets: Callable[[Any, Any, Path | None], Any]
    save_assets: Callable[[Any, Path], None]
    build: Callable
    make_training: Callable
    make_validation: Callable
    finish: Callable
    serve: Callable
    score: Callable
    make_card: Callable[[Any], str]
    evaluate: Callable[..., dict]
    load_test: Callable
    keep: Callable
    explain: Callable
    examples: Callable
    make_exportable: Callable
    check_export: Callable[[Any, Sequence[str], Sequence[str]], None] = (
        lambda run, formats, variants: None
    )
    start_from: Callable[[Any, Any, Any], None] | None = None
    fit_config: Callable[[Any, Any, Any], Any] = lambda config, assets, data: config
    prepare: Callable[[Any, Any, Any], Any] = lambda config, assets, data: data
    fit: Callable | None = None
    estimate: Callable | None = None
    tune: Callable[[Any, Any], None] = lambda run, data: None
    baselines: Callable[[Any, Any], Mapping] = lambda run, data: {}

"""The command `polyhead`: one function a verb."""

import json
import sys
from dataclasses import replace
from functools import partial

from .. import registry
from ..common.errors import UsageError, missing_package
from ..common.export.folder import has_tflite
from ..common.files import check_target, write_text
from ..common.quiet import open_closed_streams, quiet
from ..common.run.config import read_config_json
from ..common.run.folder import check_run
from .arguments import check_names, parse
from .ending import end, fail, lost, say, showing_notes, tell


def main(argv=None, task=None):
    """Runs a command.

    Args:
        argv: the words after `polyhead`; those of the process where absent.
        task: the task of `train`, for a task's own `__main__`.

    Returns:
        The exit status: 0 done, 1 the work failed, 2 wrong use.
    """
    words = sys.argv[1:] if argv is None else argv
    open_closed_streams()
    try:
        arguments = _parse(words, task)
        if arguments is not None:
            check_names(arguments)
            hushed = getattr(arguments, "quiet", False)
            with (
                quiet(arguments.verbose, tell=False) as terminal,
                showing_notes(terminal, hushed),
            ):
                _VERBS.get(arguments.verb, _of_one_task)(arguments, terminal)
    except SystemExit as error:  # argparse, after --help
        return end(error.code or 0)
    except (Exception, KeyboardInterrupt) as error:
        missing = missing_package(error, " ".join(["polyhead", *words[:1]]))
        return end(
            fail(missing or error, verbose=not {"-v", "--verbose"}.isdisjoint(words))
        )
    return end(0)


def _parse(words, task):
    try:
        return parse(words, task)
    except BrokenPipeError:
        raise
    except OSError as error:  # help and version are printed there
        raise lost(error) from None


def _tell(run, arguments, terminal, first=1):
    """Shows the notes on the latest answers; text 1 of them is in line `first`."""
    where = f"counted from line {first}: " if first > 1 else ""
    for note in run.notes if not arguments.quiet else ():
        print(f"note: {where}{note}", file=terminal.err)


def _train(arguments, terminal):
    from ..common.run.trainer import train

    task = registry.find_task(arguments.task)
    answering = task.answering()
    names = "overwrite", "dry_run", "verbose", "quiet", "finish"
    options = {name: getattr(arguments, name) for name in names}
    result = train(task, arguments.config, **options)
    if arguments.dry_run:
        say(terminal, answering.format_report(result))
        say(terminal, "\n" + format_facts(result["estimate"]))
    elif not arguments.quiet:
        tell(terminal, answering.format_metrics(result.metrics))
        tell(terminal, f"saved in {result.path}")


def _evaluate(arguments, terminal):
    run = _load(arguments, terminal)
    metrics = run.evaluate(**arguments.options)
    _tell(run, arguments, terminal)
    say(terminal, run.task.answering().format_metrics(metrics))


def _predict(arguments, terminal):
    task = _check_options(arguments)
    from .inputs import ARRIVING, TYPED, read_arriving, read_inputs, read_typed
    from .output import choose_style

    # The exported file answers where it can: it needs no TensorFlow to start.
    decided = {"engine", *task.keras_options}
    if decided.isdisjoint(arguments.options) and has_tflite(arguments.run):
        arguments.options["engine"] = "tflite"
    # Files before the model: a wrong one is reported at once.
    if arguments.output:
        check_target(arguments.output)
    style, note = choose_style(arguments.format, arguments.output)
    if note and not arguments.quiet:
        print(f"note: {note}", file=terminal.err)
    inputs = read_inputs(task, arguments, style)
    run = task.answering().run(task, arguments.run)

    def answer(inputs):
        answers = []
        if inputs.given != []:
            answers = run.predict(inputs.given, **arguments.options)
            inputs = replace(inputs, truncated=run.truncated)
        _tell(run, arguments, terminal, inputs.first)
        return task.answering().format_answers(run, inputs, answers, style)

    if inputs in (TYPED, ARRIVING):
        parts = read_typed(terminal.err) if inputs == TYPED else read_arriving()
        for part in parts:
            say(terminal, answer(part), end="")
    elif arguments.output:
        write_text(arguments.output, answer(inputs))
    else:
        say(terminal, answer(inputs), end="")


def _explain(arguments, terminal):
    from .inputs import check_word

    task = _check_options(arguments)
    if task.input != "table":
        if not arguments.words:
            raise UsageError("explain takes one text, in quotes, and there is none")
        check_word(arguments.words[0])
    check_target(arguments.output)
    run = task.answering().run(task, arguments.run)
    run.explain(arguments.words[0] if arguments.words else None, arguments.output)
    _tell(run, arguments, terminal)
    if not arguments.quiet:
        tell(terminal, f"wrote {arguments.output}")


def _export(arguments, terminal):
    from ..common.export.report import format_export_report

    run = _load(arguments, terminal)
    report = run.export(
        formats=arguments.format, variants=arguments.variants, **arguments.options
    )
    if not arguments.quiet:
        tell(terminal, format_export_report(report))


def _benchmark(arguments, terminal):
    from .benchmark import benchmark_files, format_benchmark

    run = _load(arguments, terminal)
    examples = run.examples(**arguments.options)
    say(terminal, format_benchmark(benchmark_files(run.path / "export", examples)))


def _compare(arguments, terminal):
    from .compare import compare_runs, format_comparison

    figures = compare_runs(arguments.run, arguments.other)
    names = str(arguments.run), str(arguments.other)
    say(terminal, format_comparison(names, figures))


def _inspect(arguments, terminal):
    from ..common.export.inspection import format_inspection, inspect_tflite

    content = inspect_tflite(arguments.file)
    if arguments.format == "json":
        say(terminal, json.dumps(content, ensure_ascii=False, indent=1))
    else:
        say(terminal, format_inspection(content))


def _demo(arguments, terminal):
    from ..demo import serve

    def tell(line):
        print(line, file=terminal.out, flush=True)

    serve(arguments.run, tell, arguments.port, arguments.assets)


def _of_one_task(arguments, terminal):
    """A verb that one task alone has."""
    run = _load(arguments, terminal)
    verb = run.task.verbs[arguments.verb]
    report = verb.function(run, **arguments.options)
    _tell(run, arguments, terminal)
    say(terminal, verb.format(report))


def _check_options(arguments):
    """The run's task; refuses a verb or a flag that it does not have."""
    check_run(arguments.run)
    task = registry.find_task(read_config_json(arguments.run / "config.json")["task"])
    is_of = f"is of no use here: {arguments.run} is a {task.name} run"
    if arguments.verb not in _VERBS and arguments.verb not in task.verbs:
        raise UsageError(f"{arguments.verb} {is_of}")
    if arguments.verb in task.options:
        for name in arguments.options:
            if name not in task.options[arguments.verb]:
                raise UsageError(f"--{name.replace('_', '-')} {is_of}")
    return task


def _load(arguments, terminal):
    """The run, once its task is known to have the verb and its flags."""
    task = _check_options(arguments)
    run = task.answering().run(task, arguments.run)
    if not arguments.quiet:
        run.tell = partial(print, file=terminal.err)
    return run


def format_facts(facts):
    """Returns a line for each."""
    shown = {k: f"{v:,}" if isinstance(v, int) else v for k, v in facts.items()}
    return "\n".join(f"{k.replace('_', ' ')}: {v}" for k, v in shown.items())


_VERBS = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "explain": _explain,
    "export": _export,
    "benchmark": _benchmark,
    "compare": _compare,
    "inspect": _inspect,
    "demo": _demo,
}

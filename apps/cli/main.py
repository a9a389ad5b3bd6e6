"""The command `polyhead`: one function a verb."""

import json
import os
import sys
from dataclasses import replace

from .. import registry
from ..common.errors import PolyheadError, UsageError
from ..common.export.folder import has_tflite
from ..common.files import is_full, write_text
from ..common.quiet import quiet
from ..common.run.config import read_config_json
from ..common.run.folder import check_run
from .arguments import parse


def main(argv=None, task=None):
    """Runs a command.

    Args:
        argv: the words after `polyhead`; those of the process where absent.
        task: the task of `train`, for a task's own `__main__`.

    Returns:
        The exit status: 0 done, 1 the work failed, 2 wrong use.
    """
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv, task)
        if arguments is not None:
            with quiet(arguments.verbose) as terminal:
                _VERBS.get(arguments.verb, _of_one_task)(arguments, terminal)
        sys.stdout.flush()
    except SystemExit as error:  # argparse, after --help
        return error.code or 0
    except PolyheadError as error:
        return _fail(error, error.exit_status)
    except BrokenPipeError:
        # The reader (`| head`) has left. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except MemoryError:
        return _fail(
            "out of memory: try smaller batches (--set batch_size=16, or to translate "
            "--set tokens_per_batch=1024), or less data",
            1,
        )
    except OSError as error:
        if not is_full(error):
            raise
        return _fail(f"{error.filename or 'writing'}: the disk is full", 1)
    return 0


def _fail(message, status):
    line = " ".join(str(message).split())
    print(f"polyhead: error: {line}", file=sys.stderr)
    return status


def _train(arguments, terminal):
    from ..common.run.trainer import train

    task = registry.find_task(arguments.task)
    answering = task.answering()
    names = "overwrite", "dry_run", "verbose", "quiet"
    options = {name: getattr(arguments, name) for name in names}
    result = train(task, arguments.config, **options)
    if arguments.dry_run:
        print(answering.format_report(result), file=terminal.out)
        print("\n" + format_facts(result["estimate"]), file=terminal.out)
    elif not arguments.quiet:
        print(answering.format_metrics(result.metrics), file=terminal.out)
        print(f"saved in {result.path}", file=terminal.out)


def _evaluate(arguments, terminal):
    run = _load(arguments)
    metrics = run.evaluate(**arguments.options)
    print(run.task.answering().format_metrics(metrics), file=terminal.out)


def _predict(arguments, terminal):
    task = _check_options(arguments)
    from .inputs import read_inputs, read_typed

    # The exported file answers where it can: it needs no TensorFlow to start.
    decided = {"engine", *task.keras_options}
    if decided.isdisjoint(arguments.options) and has_tflite(arguments.run):
        arguments.options["engine"] = "tflite"
    # Inputs before the model: a wrong file is reported at once.
    inputs = read_inputs(task, arguments)
    run = task.answering().run(task, arguments.run)

    def answer(inputs):
        answers = run.predict(inputs.given, **arguments.options)
        inputs = replace(inputs, truncated=run.truncated)
        for note in run.notes if not arguments.quiet else ():
            print(f"note: {note}", file=terminal.err)
        style = arguments.format
        return task.answering().format_answers(run, inputs, answers, style)

    if inputs is None:
        for line in read_typed(terminal.err):
            terminal.out.write(answer(line))
            terminal.out.flush()
    elif arguments.output:
        write_text(arguments.output, answer(inputs))
    else:
        terminal.out.write(answer(inputs))


def _explain(arguments, terminal):
    from .inputs import check_word

    task = _check_options(arguments)
    if task.input != "table":
        if not arguments.words:
            raise UsageError("explain takes one text, in quotes, and there is none")
        check_word(arguments.words[0])
    run = task.answering().run(task, arguments.run)
    run.explain(arguments.words[0] if arguments.words else None, arguments.output)
    if not arguments.quiet:
        print(f"wrote {arguments.output}", file=terminal.out)


def _export(arguments, terminal):
    from ..common.export.report import format_export_report

    run = _load(arguments)
    report = run.export(
        formats=arguments.format, variants=arguments.variants, **arguments.options
    )
    if not arguments.quiet:
        print(format_export_report(report), file=terminal.out)


def _benchmark(arguments, terminal):
    from .benchmark import benchmark_files, format_benchmark

    run = _load(arguments)
    measured = benchmark_files(run.path / "export", run.examples())
    print(format_benchmark(measured), file=terminal.out)


def _compare(arguments, terminal):
    from .compare import compare_runs, format_comparison

    figures = compare_runs(arguments.run, arguments.other)
    names = str(arguments.run), str(arguments.other)
    print(format_comparison(names, figures), file=terminal.out)


def _inspect(arguments, terminal):
    from ..common.export.inspection import format_inspection, inspect_tflite

    content = inspect_tflite(arguments.file)
    if arguments.format == "json":
        print(json.dumps(content, ensure_ascii=False, indent=1), file=terminal.out)
    else:
        print(format_inspection(content), file=terminal.out)


def _demo(arguments, terminal):
    from ..demo import serve

    def tell(line):
        print(line, file=terminal.out, flush=True)

    serve(arguments.run, tell, arguments.port, arguments.assets)


def _of_one_task(arguments, terminal):
    """A verb that one task alone has."""
    run = _load(arguments)
    verb = run.task.verbs[arguments.verb]
    report = verb.function(run, **arguments.options)
    print(verb.format(report), file=terminal.out)


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


def _load(arguments):
    """The run, once its task is known to have the verb and its flags."""
    task = _check_options(arguments)
    return task.answering().run(task, arguments.run)


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

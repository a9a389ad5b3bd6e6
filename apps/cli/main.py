"""The command `polyhead`: one function a verb."""

import json
import os
import sys
from dataclasses import replace

from .. import load
from ..common.errors import PolyheadError, UsageError
from ..common.export.folder import has_tflite
from ..common.files import is_full, write_text
from ..common.quiet import quiet
from ..common.run.config import load_config, read_config_json
from ..common.run.folder import check_run
from ..registry import config_class, find_task, load_app
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
                _VERBS[arguments.verb](arguments, terminal)
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
    app = load_app(arguments.task)
    result = app.train(
        arguments.config,
        overwrite=arguments.overwrite,
        dry_run=arguments.dry_run,
        verbose=arguments.verbose,
        quiet=arguments.quiet,
    )
    if arguments.dry_run:
        print(app.format_report(result), file=terminal.out)
        print("\n" + format_facts(result["estimate"]), file=terminal.out)
    elif not arguments.quiet:
        print(app.format_metrics(result.metrics), file=terminal.out)
        print(f"saved in {result.path}", file=terminal.out)


def _evaluate(arguments, terminal):
    _check_options(arguments)
    app, run = _load(arguments.run)
    metrics = run.evaluate(**arguments.options)
    print(app.format_metrics(metrics), file=terminal.out)


def _predict(arguments, terminal):
    _check_options(arguments)
    from .inputs import read_inputs, read_typed

    _choose_engine(arguments)
    if _find_task(arguments.run).reads_tables:
        _predict_table(arguments, terminal)
        return
    # Inputs before the model: a wrong file is said at once.
    config = _read_config(arguments.run)
    column = (arguments.column or config.input_column).strip()
    typed = not arguments.words and not arguments.file and sys.stdin.isatty()
    if typed and arguments.output:
        raise UsageError("--output is for texts, a --file or a pipe, not for typing")
    lines = _find_task(arguments.run).reads_lines
    words, file = arguments.words, arguments.file
    inputs = (
        None
        if typed
        else read_inputs(words, file, column, lines, bool(arguments.column))
    )
    app, run = _load(arguments.run)

    def answer(inputs):
        answers = run.predict(inputs.texts, **arguments.options)
        inputs = replace(inputs, truncated=run.truncated)
        _print_notes(run, arguments, terminal)
        return app.format_answers(config, inputs, answers, arguments.format)

    if inputs is None:
        for line in read_typed(terminal.err):
            terminal.out.write(answer(line))
            terminal.out.flush()
    elif arguments.output:
        write_text(arguments.output, answer(inputs))
    else:
        terminal.out.write(answer(inputs))


def _choose_engine(arguments):
    """The exported file answers where it can: it needs no TensorFlow to start."""
    decided = {"engine", *_find_task(arguments.run).keras_options}
    if decided.isdisjoint(arguments.options) and has_tflite(arguments.run):
        arguments.options["engine"] = "tflite"


def _predict_table(arguments, terminal):
    files = [*arguments.words, *([arguments.file] if arguments.file else [])]
    if len(files) > 1:
        raise UsageError(f"give one file, not {len(files)}")
    app, run = _load(arguments.run)
    answers = run.predict(files[0] if files else None, **arguments.options)
    _print_notes(run, arguments, terminal)
    text = app.format_answers(run, answers, arguments.format)
    if arguments.output:
        write_text(arguments.output, text)
    else:
        terminal.out.write(text)


def _print_notes(run, arguments, terminal):
    for note in run.notes if not arguments.quiet else ():
        print(f"note: {note}", file=terminal.err)


def _explain(arguments, terminal):
    from .inputs import check_word

    if not _find_task(arguments.run).reads_tables:
        if not arguments.words:
            raise UsageError("explain takes one text, in quotes, and there is none")
        check_word(arguments.words[0])
    _, run = _load(arguments.run)
    run.explain(arguments.words[0] if arguments.words else None, arguments.output)
    if not arguments.quiet:
        print(f"wrote {arguments.output}", file=terminal.out)


def _backtest(arguments, terminal):
    _check_options(arguments)
    app, run = _load(arguments.run)
    print(app.format_backtest(run.backtest(**arguments.options)), file=terminal.out)


def _export(arguments, terminal):
    _check_options(arguments)
    app, run = _load(arguments.run)
    report = run.export(
        formats=arguments.format, variants=arguments.variants, **arguments.options
    )
    if not arguments.quiet:
        print(app.format_export(report), file=terminal.out)


def _benchmark(arguments, terminal):
    from .benchmark import benchmark_files, format_benchmark

    _, run = _load(arguments.run)
    found = benchmark_files(run.path / "export", run.examples())
    print(format_benchmark(found), file=terminal.out)


def _compare(arguments, terminal):
    from .compare import compare_runs, format_comparison

    found = compare_runs(arguments.run, arguments.other)
    names = str(arguments.run), str(arguments.other)
    print(format_comparison(names, found), file=terminal.out)


def _inspect(arguments, terminal):
    from ..common.export.inspection import format_inspection, inspect_tflite

    found = inspect_tflite(arguments.file)
    if arguments.format == "json":
        print(json.dumps(found, ensure_ascii=False, indent=1), file=terminal.out)
    else:
        print(format_inspection(found), file=terminal.out)


def _demo(arguments, terminal):
    from ..demo import serve

    def tell(line):
        print(line, file=terminal.out, flush=True)

    serve(arguments.run, tell, arguments.port, arguments.assets)


def _find_task(path):
    check_run(path)
    return find_task(read_config_json(path / "config.json")["task"])


def _check_options(arguments):
    """Refuses a flag that the run's task does not have."""
    task = _find_task(arguments.run)
    if arguments.verb not in task.options:
        raise UsageError(
            f"{arguments.verb} is of no use here: {arguments.run} is a {task.name} run"
        )
    for name in arguments.options:
        if name not in task.options[arguments.verb]:
            flag = "--" + name.replace("_", "-")
            raise UsageError(
                f"{flag} is of no use here: {arguments.run} is a {task.name} run"
            )


def _read_config(path):
    check_run(path)
    task = read_config_json(path / "config.json")["task"]
    return load_config(config_class(task), task, path / "config.json")


def _load(path):
    run = load(path)
    return load_app(read_config_json(path / "config.json")["task"]), run


def format_facts(facts):
    """Returns a line for each."""
    shown = {k: f"{v:,}" if isinstance(v, int) else v for k, v in facts.items()}
    return "\n".join(f"{k.replace('_', ' ')}: {v}" for k, v in shown.items())


_VERBS = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "explain": _explain,
    "backtest": _backtest,
    "export": _export,
    "benchmark": _benchmark,
    "compare": _compare,
    "inspect": _inspect,
    "demo": _demo,
}

"""From the words of the command line to a namespace. Imports nothing heavy."""

import argparse
import dataclasses
import difflib
import importlib.metadata
import typing
from pathlib import Path

from .config import (
    list_of,
    make_config,
    parse_settings,
    parse_value,
    read_settings,
)
from .errors import UsageError
from .tasks import TASKS, config_class, find_task

EXPORT_FORMATS = ("savedmodel", "tflite", "mediapipe")
VARIANTS = ("float32", "float16", "int8", "full_int8")

_HELP = f"""\
usage: polyhead VERB ... [--help]

  train TASK    train a model on your data; TASK is {", ".join(TASKS)}
  evaluate RUN  score a trained run beside its baselines
  predict RUN   answer for texts, a file, or standard input
  explain RUN   show which parts of a text, or of a history, decided
  backtest RUN  forecast the past from one origin after the other
  export RUN    write and verify the files to ship
  benchmark RUN time the exported files on this machine
  compare RUN RUN  two runs' scores, sizes and latencies
  inspect FILE.tflite  inputs, operators, tensors and what the file says of itself
  demo RUN      try an exported file in a page on this computer

  polyhead VERB --help, polyhead train TASK --help, polyhead --version
"""


class Parser(argparse.ArgumentParser):
    """Raises a UsageError where argparse prints its usage and exits."""

    def __init__(self, verb, usage, description):
        prog = f"polyhead {verb}"
        super().__init__(
            prog=prog,
            usage=f"{prog} {usage}",
            description=description,
            allow_abbrev=False,
        )
        level = self.add_mutually_exclusive_group()
        level.add_argument(
            "-v", "--verbose", action="store_true", help="show what the libraries say"
        )
        level.add_argument(
            "-q", "--quiet", action="store_true", help="show results and errors only"
        )

    def error(self, message):
        raise UsageError(f"{message} (see {self.prog} --help)")


def parse(argv, task=None):
    """Reads a command.

    Args:
        argv: the words after `polyhead`.
        task: the task of `train`, where the command is that task's own.

    Returns:
        A namespace with `verb` and what the verb takes, or None where the answer
        (help, version) has been printed.
    """
    verb, rest = (argv[0], list(argv[1:])) if argv else ("--help", [])
    if verb in ("-h", "--help"):
        print(_HELP, end="")
        return None
    if verb == "--version":
        print("polyhead", importlib.metadata.version("polyhead"))
        return None
    if verb not in _VERBS:
        near = difflib.get_close_matches(verb, _VERBS, n=1, cutoff=0.0)[0]
        raise UsageError(
            f"unknown verb {verb!r}; the nearest known one is {near!r} "
            "(see polyhead --help)"
        )
    if verb == "train" and task is not None:
        rest.insert(0, task)
    arguments = _VERBS[verb](rest)
    if arguments is not None:
        arguments.verb = verb
    return arguments


def _train(words):
    if not words or words[0] in ("-h", "--help"):
        if not words:
            raise UsageError(f"train needs a task: one of {', '.join(TASKS)}")
        print(f"usage: polyhead train TASK ...\n\nTASK is one of {', '.join(TASKS)}")
        return None
    task, words = words[0], words[1:]
    flags, config = find_task(task).flags, config_class(task)
    parser = Parser(f"train {task}", "[flags]", "Train a model on your data.")
    kinds = typing.get_type_hints(config)
    for field in dataclasses.fields(config):
        if field.name in flags:
            _add_flag(parser, field, kinds[field.name], flags[field.name])
    parser.add_argument(
        "--config", metavar="F.json", help="settings, as in config.json"
    )
    parser.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        metavar="key=value",
        help="any setting, with a flag or without",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the run that is there"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="read the data, report, train nothing"
    )
    arguments = _intermixed(parser, words)
    if arguments.words:
        raise UsageError(
            f"unexpected {arguments.words[0]!r} (see {parser.prog} --help)"
        )
    arguments.task = task
    given = {name: value for name, value in vars(arguments).items() if name in flags}
    arguments.config = _merge(config, arguments.config, given, arguments.set)
    return arguments


def _add_flag(parser, field, kind, text):
    flag = "--" + field.name.replace("_", "-")
    # Absent flags leave no trace, so that --config is not overruled by defaults.
    if kind is bool:
        parser.add_argument(
            flag, action="store_true", default=argparse.SUPPRESS, help=text
        )
        return
    item = list_of(kind)
    if item:
        if field.default:
            text += f" (default: {' '.join(map(str, field.default))})"
        parser.add_argument(
            flag,
            action="extend",
            nargs="+",
            type=lambda word: parse_value(item, word, source=flag),
            default=argparse.SUPPRESS,
            metavar=field.name.upper(),
            help=text.replace("%", "%%"),
        )
        return
    if field.default is not None:
        text += f" (default: {field.default})"
    parser.add_argument(
        flag,
        type=lambda word: parse_value(kind, word, source=flag),
        default=argparse.SUPPRESS,
        metavar=field.name.upper(),
        help=text.replace("%", "%%"),
    )


def _merge(config, file, given, assignments):
    settings = parse_settings(config, assignments)
    twice = sorted(set(settings) & set(given))
    if twice:
        raise UsageError(f"{twice[0]} is given both by its flag and by --set: keep one")
    base = read_settings(config, file) if file else {}
    return make_config(config, base | given | settings)


def _evaluate(words):
    parser = Parser("evaluate", "RUN [flags]", "Score a run beside its baselines.")
    options = _Options(parser)
    options.add("--test", metavar="F", help="other rows than the run's own")
    options.add("--test-source", metavar="F", help="with --test-target, instead")
    options.add("--test-target", metavar="F")
    _add_threshold(options)
    options.add("--tokenize", metavar="NAME", help="sacreBLEU's tokenizer")
    options.add("--lowercase", action="store_true", help="ignore case")
    _add_beam_size(options)
    return options.parse(words)


def _predict(words):
    parser = Parser(
        "predict",
        "RUN [INPUT ...] [flags] [-- INPUT ...]",
        "Answer for texts, a file, or the lines of standard input. Texts that begin "
        "with - come after --.",
    )
    parser.add_argument(
        "--file", metavar="F", help=".csv .tsv .txt .jsonl .parquet, .gz"
    )
    parser.add_argument("--column", help="of the file (default: as in training)")
    parser.add_argument("--output", metavar="F", help="write there, not to the screen")
    parser.add_argument("--format", choices=("text", "json", "csv"), default="text")
    options = _Options(parser)
    options.add("--engine", choices=("keras", "savedmodel", "tflite"))
    top_k = "answers a text; or, to translate, draw of the K likeliest pieces"
    options.add("--top-k", type=_number(int, 1), metavar="K", help=top_k)
    _add_threshold(options)
    _add_beam_size(options)
    options.add(
        "--n-best", type=_number(int, 1), metavar="N", help="translations a text"
    )
    options.add(
        "--temperature",
        type=_number(float, 0.01),
        metavar="T",
        help="draw a translation instead of searching the best",
    )
    options.add(
        "--top-p",
        type=_number(float, 0.01, 1),
        metavar="P",
        help="draw of the likeliest pieces that together reach P",
    )
    options.add("--seed", type=_number(int, 0), metavar="N", help="of the draws")
    options.add(
        "--future", metavar="F", help="known-future covariates of the steps to forecast"
    )
    arguments = options.parse(words, takes_input=True)
    if arguments.words and arguments.file:
        raise UsageError("give texts or --file, not both")
    if arguments.column and not arguments.file:
        raise UsageError("--column is of a --file, and there is none")
    return arguments


class _Options:
    """Flags that a verb has for some tasks; those given go to the run by name.

    Absent flags leave no trace: what is not said is the run's own default.
    """

    def __init__(self, parser):
        self.parser = parser
        self.names = []

    def add(self, flag, **settings):
        self.names.append(flag.removeprefix("--").replace("-", "_"))
        self.parser.add_argument(flag, default=argparse.SUPPRESS, **settings)

    def parse(self, words, takes_input=False):
        arguments = _with_run(self.parser, words, takes_input)
        given = vars(arguments)
        arguments.options = {n: given[n] for n in self.names if n in given}
        return arguments


def _add_threshold(options):
    options.add(
        "--threshold",
        type=_number(float, 0, 1),
        metavar="T",
        help='probability under which the answer is "unknown"',
    )


def _add_beam_size(options):
    options.add(
        "--beam-size",
        type=_number(int, 1),
        metavar="B",
        help="hypotheses followed side by side; 1 is greedy",
    )


def _explain(words):
    parser = Parser("explain", "RUN [INPUT] --output P.png", "Show what decided.")
    parser.add_argument("--output", metavar="P.png", required=True)
    arguments = _with_run(parser, words, takes_input=True)
    if len(arguments.words) > 1:
        raise UsageError(
            "explain takes one text, in quotes, or one file, not "
            f"{len(arguments.words)} (see polyhead explain --help)"
        )
    return arguments


def _backtest(words):
    parser = Parser(
        "backtest", "RUN [flags]", "Forecast from one origin after the other, no refit."
    )
    options = _Options(parser)
    options.add(
        "--stride",
        type=_number(int, 1),
        metavar="N",
        help="steps between origins (default: the horizon)",
    )
    return options.parse(words)


def _export(words):
    parser = Parser("export", "RUN [flags]", "Write and verify the files to ship.")
    parser.add_argument(
        "--format",
        type=_list_of(EXPORT_FORMATS),
        default=EXPORT_FORMATS[:2],
        metavar=",".join(EXPORT_FORMATS),
        help="which kinds of file (default: all but mediapipe)",
    )
    parser.add_argument(
        "--variants",
        type=_list_of(VARIANTS),
        default=VARIANTS[:3],
        metavar=",".join(VARIANTS),
        help="of the TFLite file (default: all but full_int8)",
    )
    options = _Options(parser)
    options.add(
        "--max-input-bytes",
        type=_number(int, 1),
        metavar="N",
        help="what a .tflite takes (default: 256)",
    )
    options.add(
        "--max-output-bytes",
        type=_number(int, 1),
        metavar="M",
        help="what a translator's .tflite gives (default: 256)",
    )
    _add_beam_size(options)
    options.add(
        "--max-loss",
        type=_number(float, 0, 100),
        metavar="POINTS",
        help="what a variant may lose before the command fails "
        "(default: 0.3, full_int8 1.5)",
    )
    options.add("--author", metavar="NAME", help="who made it, told by the files")
    options.add("--license", metavar="TEXT", help="of the model, told by the files")
    return options.parse(words)


def _benchmark(words):
    parser = Parser("benchmark", "RUN [flags]", "Time the exported files side by side.")
    return _Options(parser).parse(words)


def _compare(words):
    parser = Parser("compare", "RUN RUN [flags]", "Two runs' figures side by side.")
    arguments = _with_run(parser, words, takes_input=True)
    if len(arguments.words) != 1:
        raise UsageError(f"give two runs (see {parser.prog} --help)")
    arguments.other = Path(arguments.words.pop())
    return arguments


def _inspect(words):
    parser = Parser("inspect", "FILE.tflite [flags]", "What a .tflite is made of.")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = _intermixed(parser, words)
    if len(arguments.words) != 1:
        raise UsageError(f"give one .tflite file (see {parser.prog} --help)")
    arguments.file = Path(arguments.words.pop())
    return arguments


def _demo(words):
    parser = Parser("demo", "RUN [flags]", "Serve a page that runs an exported file.")
    parser.add_argument(
        "--port",
        type=_number(int, 0, 65535),
        default=8000,
        help="of the page's address (default: 8000; 0 is any free one)",
    )
    parser.add_argument(
        "--assets",
        metavar="FOLDER",
        help="where npm install @litertjs/core was run (default: run it, once)",
    )
    return _with_run(parser, words)


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


def _with_run(parser, words, takes_input=False):
    """Parses flags and words; the first word is the run's folder."""
    arguments = _intermixed(parser, words)
    if not arguments.words:
        raise UsageError(f"which run? Give its folder (see {parser.prog} --help)")
    arguments.run = Path(arguments.words.pop(0))
    if arguments.words and not takes_input:
        raise UsageError(
            f"unexpected {arguments.words[0]!r} (see {parser.prog} --help)"
        )
    return arguments


def _intermixed(parser, words):
    """Parses flags among the words; everything after -- is a word."""
    split = words.index("--") if "--" in words else len(words)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args(words[:split])
    arguments.words = arguments.words + words[split + 1 :]
    return arguments


def _number(kind, low, high=None):
    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= (high or value):
            limits = f"from {low} to {high}" if high else f"of {low} or more"
            raise argparse.ArgumentTypeError(f"{text!r} is no number {limits}")
        return value

    return read


def _list_of(known):
    def read(text):
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"{name!r} is none of {', '.join(known)}"
                )
        return names

    return read

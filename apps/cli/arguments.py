"""From the words of the command line to a namespace. Imports nothing heavy."""

import difflib
import importlib.metadata
from pathlib import Path

from .. import registry
from ..common.answers import STYLES
from ..common.errors import UsageError
from ..common.export.formats import DEFAULT_FORMATS, DEFAULT_VARIANTS, VARIANTS
from ..common.files import check_path
from .flags import train_arguments
from .parser import Options, Parser, intermixed, names_of, number, with_run

_HELP = """\
usage: polyhead VERB ... [--help]

  train TASK    train a model on your data; TASK is {TASKS}
  evaluate RUN  score a trained run beside its baselines
  predict RUN   answer for texts, a file, or standard input
  explain RUN   show which parts of a text, or of a history, decided
{_OF_ONE_TASK}  export RUN    write and verify the files to ship
  benchmark RUN time the exported files on this machine
  compare RUN RUN  two runs' scores, sizes and latencies
  inspect FILE.tflite  inputs, operators, tensors and what the file says of itself
  demo RUN      try an exported file in a page on this computer

  polyhead VERB --help, polyhead train TASK --help, polyhead --version
"""


def parse(argv, task=None):
    """Reads the words after `polyhead`; `task` is that of `train`, see `main.main`.

    Returns a namespace with `verb` and what the verb takes, or None where the answer
    (help, version) has been printed.
    """
    verb, rest = (argv[0], list(argv[1:])) if argv else ("--help", [])
    if verb in ("-h", "--help"):
        print(_describe_verbs(), end="")
        return None
    if verb == "--version":
        print("polyhead", importlib.metadata.version("polyhead"))
        return None
    if verb == "train" and task is not None:
        rest.insert(0, task)
    arguments = _VERBS[verb](rest) if verb in _VERBS else _of_one_task(verb, rest)
    if arguments is not None:
        arguments.verb = verb
    return arguments


def check_names(arguments):
    """Refuses the name of a file that no file can have."""
    given = vars(arguments)
    settings = vars(given["config"]) if "config" in given else {}
    for value in [*given.values(), *settings.values()]:
        if isinstance(value, str | Path):
            check_path(value)


def _describe_verbs():
    verbs = _verbs_of_one_task()
    lines = [f"  {name + ' RUN':<14}{verb.help}\n" for name, verb in verbs.items()]
    names = ", ".join(registry.task_names())
    return _HELP.replace("{TASKS}", names).replace("{_OF_ONE_TASK}", "".join(lines))


def _verbs_of_one_task():
    return {k: v for task in registry.all_tasks() for k, v in task.verbs.items()}


def _of_one_task(verb, words):
    verbs = _verbs_of_one_task()
    if verb not in verbs:
        known = [*_VERBS, *verbs]
        near = difflib.get_close_matches(verb, known, n=1, cutoff=0.0)[0]
        raise UsageError(
            f"unknown verb {verb!r}; the nearest known one is {near!r} "
            "(see polyhead --help)"
        )
    options = Options(Parser(verb, "RUN [flags]", verbs[verb].description))
    for name, (kind, lowest, text) in verbs[verb].options.items():
        if kind is not str:
            kind = number(kind, lowest)
        options.add(name, type=kind, metavar=name[0].upper(), help=text)
    return options.parse(words)


_MAX_LOSS = "what a variant may lose before export fails (default: 0.3, full_int8 1.5)"
# Flags that become arguments of a run's method: type, placeholder, help.
_OPTIONS = {
    "test": (str, "F", "other rows than the run's own"),
    "test_source": (str, "F", "with --test-target, instead"),
    "test_target": (str, "F", None),
    "threshold": (
        number(float, 0, 1),
        "T",
        'probability under which the answer is "unknown"',
    ),
    "tokenize": (str, "NAME", "sacreBLEU's tokenizer"),
    "lowercase": (None, None, "ignore case"),
    "examples": (str, "F", "sources, one a line, whose answers the card shows"),
    "beam_size": (
        number(int, 1, 100),
        "B",
        "hypotheses kept at each step; 1 is greedy",
    ),
    "top_k": (number(int, 1), "K", "answers for a text; or draw from the K likeliest"),
    "n_best": (number(int, 1, 50), "N", "different answers for a text"),
    "temperature": (number(float, 0.01), "T", "draw an answer instead of searching"),
    "top_p": (
        number(float, 0.01, 1),
        "P",
        "draw from the likeliest that together reach P",
    ),
    "seed": (number(int, 0), "N", "of the draws"),
    "min_score": (
        number(float, -1000, 0),
        "S",
        'score, such as -0.5, under which the answer is "unsure"',
    ),
    "future": (str, "F", "known-future covariates of the steps to forecast"),
    "max_input_bytes": (number(int, 1), "N", "what a .tflite takes (by the data)"),
    "max_output_bytes": (number(int, 1), "M", "what a .tflite gives (by the data)"),
    "max_loss": (number(float, 0, 100), "POINTS", _MAX_LOSS),
    "author": (str, "NAME", "who made it, named in the files"),
    "license": (str, "TEXT", "of the model, named in the files"),
}


def _add_options(options, *names):
    for name in names:
        kind, metavar, text = _OPTIONS[name]
        value = {"type": kind, "metavar": metavar} if kind else {"action": "store_true"}
        options.add(name, **value, help=text)


def _evaluate(words):
    description = "Score a run beside its baselines."
    options = Options(Parser("evaluate", "RUN [flags]", description))
    _add_options(options, "test", "test_source", "test_target", "threshold")
    _add_options(options, "tokenize", "lowercase", "beam_size", "examples")
    return options.parse(words)


def _predict(words):
    parser = Parser(
        "predict",
        "RUN [INPUT ... | -] [flags] [-- INPUT ...]",
        "Answer for texts, a file, or standard input (-): as text and jsonl for each "
        "line that arrives; a forecast for a whole table. Texts that begin with - come "
        "after --.",
    )
    kinds = ".csv .tsv .txt .jsonl .parquet, .gz"
    parser.add_argument("--file", metavar="F", help=kinds)
    parser.add_argument("--column", help="of the file (default: as in training)")
    parser.add_argument("--output", metavar="F", help="write there, not to the screen")
    by_name = "of the answers (default: by the name of --output, else text)"
    parser.add_argument("--format", choices=STYLES, help=by_name)
    options = Options(parser)
    options.add("engine", choices=("keras", "savedmodel", "tflite"))
    _add_options(options, "top_k", "threshold", "beam_size", "n_best", "temperature")
    _add_options(options, "top_p", "seed", "min_score", "future")
    arguments = options.parse(words, takes_input=True)
    last = words[words.index("--") + 1 :] if "--" in words else []
    plain = arguments.words[: max(0, len(arguments.words) - len(last))]
    arguments.standard_input = "-" in plain or arguments.file == "-"
    if arguments.standard_input:
        if len(arguments.words) + bool(arguments.file) > 1:
            raise UsageError("- is standard input: give it alone, or a text - after --")
        arguments.words, arguments.file = [], None
    if arguments.output == "-":  # the screen
        arguments.output = None
    if arguments.words and arguments.file:
        raise UsageError("give texts or --file, not both")
    if arguments.column and not arguments.file:
        raise UsageError("--column is of a --file, and there is none")
    return arguments


def _explain(words):
    parser = Parser("explain", "RUN [INPUT] --output P.png", "Show what decided.")
    picture = "the picture; of a text, its numbers go to P.json"
    parser.add_argument("--output", metavar="P.png", required=True, help=picture)
    arguments = with_run(parser, words, takes_input=True)
    if len(arguments.words) > 1:
        raise UsageError(
            "explain takes one text, in quotes, or one file, not "
            f"{len(arguments.words)} (see polyhead explain --help)"
        )
    return arguments


def _export(words):
    parser = Parser("export", "RUN [flags]", "Write and verify the files to ship.")
    further = [name for task in registry.all_tasks() for name in task.formats]
    formats = [*DEFAULT_FORMATS, *dict.fromkeys(further)]
    text = f"which kinds of file (default: {','.join(DEFAULT_FORMATS)})"
    _add_names(parser, "--format", formats, DEFAULT_FORMATS, text)
    text = "of the TFLite file (default: all but full_int8)"
    _add_names(parser, "--variants", VARIANTS, DEFAULT_VARIANTS, text)
    options = Options(parser)
    _add_options(options, "test", "test_source", "test_target", "max_input_bytes")
    _add_options(
        options, "max_output_bytes", "beam_size", "max_loss", "author", "license"
    )
    return options.parse(words)


def _add_names(parser, flag, names, default, text):
    kind, metavar = names_of(names), ",".join(names)
    parser.add_argument(flag, type=kind, default=default, metavar=metavar, help=text)


def _benchmark(words):
    parser = Parser("benchmark", "RUN [flags]", "Time the exported files side by side.")
    options = Options(parser)
    _add_options(options, "test", "test_source", "test_target")
    return options.parse(words)


def _compare(words):
    parser = Parser("compare", "RUN RUN [flags]", "Two runs' figures side by side.")
    arguments = with_run(parser, words, takes_input=True)
    if len(arguments.words) != 1:
        raise UsageError(f"give two runs (see {parser.prog} --help)")
    arguments.other = Path(arguments.words.pop())
    return arguments


def _inspect(words):
    parser = Parser("inspect", "FILE.tflite [flags]", "What a .tflite is made of.")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = intermixed(parser, words)
    if len(arguments.words) != 1:
        raise UsageError(f"give one .tflite file (see {parser.prog} --help)")
    arguments.file = Path(arguments.words.pop())
    return arguments


def _demo(words):
    parser = Parser("demo", "RUN [flags]", "Serve a page that runs an exported file.")
    port = "of the page's address (default: 8000; 0 is any free one)"
    assets = "where npm install @litertjs/core was run (default: run it, once)"
    parser.add_argument("--port", type=number(int, 0, 65535), default=8000, help=port)
    parser.add_argument("--assets", metavar="FOLDER", help=assets)
    return with_run(parser, words)


_VERBS = {
    "train": train_arguments,
    "evaluate": _evaluate,
    "predict": _predict,
    "explain": _explain,
    "export": _export,
    "benchmark": _benchmark,
    "compare": _compare,
    "inspect": _inspect,
    "demo": _demo,
}

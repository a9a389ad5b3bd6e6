"""Flags, options and words: what the verbs of the command line share."""

import argparse
import math
from pathlib import Path

from ..common.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Raises a UsageError where argparse prints its usage and exits."""

    takes_texts = False  # besides flags

    def __init__(self, verb, usage, description):
        prog = f"polyhead {verb}"
        usage = f"{prog} {usage}"
        super().__init__(prog, usage, description, allow_abbrev=False)
        add = self.add_mutually_exclusive_group().add_argument
        add("-v", "--verbose", action="store_true", help="show what the libraries say")
        add("-q", "--quiet", action="store_true", help="show results and errors only")

    def print_help(self, file=None):
        print(self.format_help(), end="", file=file)  # argparse hides a failure

    def error(self, message):
        if self.takes_texts and message.startswith("unrecognized"):
            message += ": a text that begins with - comes after --"
        raise UsageError(f"{message} (see {self.prog} --help)")


class Options:
    """Flags that a verb has for some tasks; those given go to the run by name.

    Absent flags leave no trace: what is not said is the run's own default.
    """

    def __init__(self, parser):
        self.parser = parser
        self.names = []

    def add(self, name, **settings):
        self.names.append(name)
        flag = "--" + name.replace("_", "-")
        self.parser.add_argument(flag, default=argparse.SUPPRESS, **settings)

    def parse(self, words, takes_input=False):
        arguments = with_run(self.parser, words, takes_input)
        given = vars(arguments)
        arguments.options = {n: given[n] for n in self.names if n in given}
        return arguments


def with_run(parser, words, takes_input=False):
    """Parses flags and words; the first word is the run's folder."""
    parser.takes_texts = takes_input
    arguments = intermixed(parser, words)
    if not arguments.words:
        raise UsageError(f"which run? Give its folder (see {parser.prog} --help)")
    arguments.run = Path(arguments.words.pop(0))
    if not takes_input:
        refuse_words(parser, arguments)
    return arguments


def refuse_words(parser, arguments):
    if arguments.words:
        raise UsageError(
            f"unexpected {arguments.words[0]!r} (see {parser.prog} --help)"
        )


def intermixed(parser, words):
    """Parses flags among the words; everything after -- is a word."""
    split = words.index("--") if "--" in words else len(words)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args(words[:split])
    arguments.words = arguments.words + words[split + 1 :]
    return arguments


def number(kind, low, high=None):
    """Reads a finite number within limits; `high` may be absent."""

    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value in (None, math.inf) or not low <= value <= (high or value):
            limits = f"from {low} to {high}" if high else f"of {low} or more"
            raise argparse.ArgumentTypeError(f"{text!r} is no number {limits}")
        return value

    return read


def names_of(known):
    """Reads names parted by commas, all of them known."""

    def read(text):
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        for name in names:
            if name not in known:
                wrong = f"{name!r} is none of {', '.join(known)}"
                raise argparse.ArgumentTypeError(wrong)
        return names

    return read

"""Chatter is kept from the user, and told in full when something fails.

Each test runs a process of its own, for it is file descriptors 1 and 2 that count.
"""

import os
import subprocess
import sys

import pytest

HEAD = """
import os, sys
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.quiet import quiet

def chatter():
    os.write(1, b"C++ out\\n")
    os.write(2, b"C++ err\\n")
    print("Python out")
    print("Python err", file=sys.stderr)
"""


def run(code, **env):
    return subprocess.run(
        [sys.executable, "-c", HEAD + code],
        capture_output=True,
        text=True,
        env=os.environ | env,
    )


def test_only_our_own_output_comes_out():
    done = run("""
print("before")
with quiet() as terminal:
    chatter()
    print("answer", file=terminal.out)
    print("progress", file=terminal.err)
print("after")
""")
    assert (done.stdout, done.stderr) == ("before\nanswer\nafter\n", "progress\n")


def test_everything_comes_out_when_it_fails():
    done = run("""
with quiet():
    chatter()
    raise ValueError("a bug")
""")
    assert done.stdout == ""
    lines = set(done.stderr.splitlines())
    assert {"C++ out", "C++ err", "Python out", "Python err"} <= lines
    assert done.stderr.endswith("ValueError: a bug\n")


@pytest.mark.parametrize("error", ["PolyheadError('mend it')", "KeyboardInterrupt"])
def test_what_the_user_can_mend_brings_no_chatter(error):
    done = run(f"""
try:
    with quiet():
        chatter()
        raise {error}
except BaseException as error:
    print(type(error).__name__)
""")
    assert done.stdout == error.split("(")[0] + "\n" and done.stderr == ""


def test_verbose_captures_nothing():
    done = run("""
with quiet(verbose=True):
    with quiet() as terminal:
        chatter()
        print("progress", file=terminal.err)
""")
    assert sorted(done.stdout.splitlines()) == ["C++ out", "Python out"]
    assert sorted(done.stderr.splitlines()) == ["C++ err", "Python err", "progress"]


def test_inside_another_it_gives_the_same_terminal():
    done = run("""
with quiet() as outer:
    with quiet() as inner:
        chatter()
        print("progress", file=inner.err)
    chatter()
    assert inner is outer
""")
    assert (done.stdout, done.stderr) == ("", "progress\n")


def test_no_descriptor_is_left_open():
    done = run("""
before = os.listdir("/dev/fd")
for _ in range(5):
    with quiet():
        chatter()
print(len(os.listdir("/dev/fd")) - len(before))
""")
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_replaced_streams_still_get_our_output():
    done = run("""
import io
sys.stdout = sys.stderr = stream = io.StringIO()
with quiet() as terminal:
    os.write(2, b"C++ err\\n")
    print("answer", file=terminal.out)
sys.__stdout__.write(stream.getvalue())
""")
    assert (done.stdout, done.stderr) == ("answer\n", "")


@pytest.mark.tensorflow
def test_tensorflow_is_silent_from_its_import_on():
    done = run(
        """
with quiet() as terminal:
    import tensorflow as tf
    total = tf.function(lambda x: x + 1)(tf.constant(1)).numpy()
    converter = tf.lite.TFLiteConverter.from_keras_model(
        tf.keras.Sequential([tf.keras.layers.Input((2,)), tf.keras.layers.Dense(1)])
    )
    size = len(converter.convert())
    print(total, size > 0, file=terminal.out)
""",
        TF_CPP_MIN_LOG_LEVEL="0",
    )
    assert (done.stdout, done.stderr) == ("2 True\n", "")

"""How many bytes of a text a file reads."""

import numpy as np
import pytest

from polyhead.apps.common.text.limits import (
    choose_bytes,
    describe_cuts,
    describe_fit,
    fit_bytes,
)


@pytest.mark.parametrize(
    ("lengths", "size"),
    [
        ([270] * 450, 512),
        ([256] * 10, 256),
        ([257] * 10, 512),
        ([70] * 995 + [9000] * 5, 128),
        ([70] * 994 + [9000] * 6, 4096),
        ([3], 16),
        ([], 16),
        ([0, 0], 16),
        ([10**6] * 3, 4096),
        ([100] * 199 + [300], 128),
        ([100] * 198 + [300] * 2, 512),
    ],
)
def test_the_shortest_power_of_two_that_holds_nearly_all(lengths, size):
    assert fit_bytes(["a" * length for length in lengths]) == size


def test_bytes_are_counted_not_letters():
    assert fit_bytes(["猫" * 100]) == 512
    assert fit_bytes(["\ud83d" * 100]) == 128  # read as question marks


def test_what_was_asked_comes_before_what_fits():
    assert choose_bytes(7, 64, ["a" * 100]) == 7
    assert choose_bytes(None, 64, ["a" * 100]) == 64
    assert choose_bytes(None, None, ["a" * 100]) == 128


def test_the_remedy_names_what_cuts():
    none, one = np.zeros(3, bool), np.array([True, False, False])
    assert describe_cuts(none, 8, none, 9) == describe_cuts(none, 8) == ""
    assert describe_cuts(one, 8) == (
        "it reads 8 bytes and cuts 1 of 3 texts: raise --max-input-bytes"
    )
    assert describe_cuts(none, 8, one, 9) == (
        "it writes 9 bytes and cuts 1 of 3 answers: raise --max-output-bytes"
    )
    assert "bytes, it writes" in describe_cuts(one, 8, one, 9)
    assert describe_fit(64) == "99.5% fit into 64"
    assert describe_fit(4096) == "cut at 4,096"

"""The script that times a .tflite file in a process of its own."""

import json
import subprocess
import sys

import numpy as np
import pytest
from export_tools import INPUTS, write_linear_tflite

from polyhead.apps.common.export import latency

pytestmark = pytest.mark.tensorflow


def test_it_runs_with_numpy_and_litert_alone(tmp_path):
    path = write_linear_tflite(tmp_path / "model.tflite")
    np.savez(tmp_path / "inputs.npz", **INPUTS)
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__'); "
        "print(sorted({'tensorflow', 'keras', 'polyhead'} & set(sys.modules)))"
    )
    words = [latency.__file__, str(path), str(tmp_path / "inputs.npz"), "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True
    )
    facts, others = done.stdout.splitlines() or [done.stderr, ""]
    facts = json.loads(facts)
    assert 0 < facts["latency_ms"]["median"] <= facts["latency_ms"]["p95"]
    assert facts["memory_bytes"] is None or facts["memory_bytes"] > 0
    assert others == "[]"


def test_a_process_knows_its_highest_memory():
    before = latency.peak_bytes()
    table = np.ones(50_000_000, np.uint8)
    assert before is None or latency.peak_bytes() >= before >= 10_000_000
    assert table.all()

"""What the report of an export says of a .tflite file."""

import pytest
from export_tools import INPUTS, write_linear_tflite

from polyhead.apps.common.export.file_report import read_file_facts

pytestmark = pytest.mark.tensorflow


def test_size_latency_memory_operators_and_tensors(tmp_path):
    path = write_linear_tflite(tmp_path / "model.tflite")
    facts = read_file_facts(path, INPUTS)
    assert facts["bytes"] == path.stat().st_size
    for key in ("latency_ms", "latency_ms_two_threads"):
        assert 0 < facts[key]["median"] <= facts[key]["p95"]
    assert facts["memory_bytes"] is None or facts["memory_bytes"] > 0
    assert facts["operators"]["FULLY_CONNECTED"] == 1
    largest = facts["tensors"][0]
    assert (largest["shape"], largest["bytes"]) == ([512, 8], 512 * 8 * 4)

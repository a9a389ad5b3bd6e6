"""Makes the shared helpers of this folder importable by its tests.

The tests folders are no packages (pytest runs with --import-mode=importlib), so the
helpers are found through the path.
"""

import os
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)
pytest.register_assert_rewrite("layer_checks", "layer_tools", "tflite_tools")

# These tests compile many small programs and run each of them once.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

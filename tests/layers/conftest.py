"""Makes the shared helpers of these folders importable by the tests.

The test folders are no packages (pytest runs with --import-mode=importlib), so the
folders of the helpers are added to the path.
"""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in (str(HERE), str(HERE / "laws")):
    if folder not in sys.path:
        sys.path.insert(0, folder)
pytest.register_assert_rewrite("layer_laws", "layer_tools", "tflite_tools")

# These tests compile many small programs and run each of them once.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

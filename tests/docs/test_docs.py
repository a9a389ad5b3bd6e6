"""The guides say what the exported files have, and their Python runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from polyhead.apps.common.export.inspection import inspect_tflite

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SHIPPED = ROOT / "saved_models"


def rows():
    """The rows of the table of tensors, by file."""
    text = (DOCS / "tensors.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return {file: (inputs, outputs) for file, inputs, outputs in found}


def describe(tensors):
    return ", ".join(f"`{n}` {t['type']}{t['shape']}" for n, t in tensors.items())


def test_the_table_is_that_of_the_files():
    files = sorted(
        p.relative_to(SHIPPED) for p in SHIPPED.glob("*/export/*_int8.tflite")
    )
    assert sorted(rows()) == [str(file) for file in files]
    for file, row in rows().items():
        found = inspect_tflite(SHIPPED / file)
        assert row == (describe(found["inputs"]), describe(found["outputs"])), file


@pytest.mark.parametrize("name", ["android.md", "ios.md", "web.md"])
def test_a_guide_names_every_tensor(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    for file in rows():
        found = inspect_tflite(SHIPPED / file)
        for tensor in found["inputs"] | found["outputs"]:
            assert f'"{tensor}"' in text, f"{name}: {tensor} of {file}"
        for tensor, facts in (found["inputs"] | found["outputs"]).items():
            if tensor == "text":
                assert str(facts["shape"][1]) in text


def test_android_has_the_shapes_of_the_forecaster():
    found = inspect_tflite(SHIPPED / "co2/export/model_int8.tflite")["outputs"]
    text = (DOCS / "android.md").read_text(encoding="utf-8")
    _, steps, targets, levels = found["quantiles"]["shape"]
    assert found["forecast"]["shape"] == [1, steps, targets]
    assert f"Array({steps}) {{ FloatArray({targets}) }}" in text
    assert f"Array({steps}) {{ Array({targets}) {{ FloatArray({levels}) }} }}" in text


def test_the_python_of_the_guide_runs():
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("[('de', "), done.stderr
    assert lines[1] == "¿Dónde está la estación?"
    assert lines[2] == "(52, 1) (52, 1, 3) ('co2',) (0.1, 0.5, 0.9)"


def test_the_runtime_of_the_readme_runs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (code,) = [block for block in blocks if "runtime" in block]
    code = code.replace("model.predict(", "print(model.predict(").replace("])", "]))")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.startswith("[Classification(labels=[('de', "), done.stderr


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"

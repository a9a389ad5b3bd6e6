"""The guides say what the exported files have; their commands and Python run."""

import json
import re
import shlex
import subprocess
import sys
import zipfile

import pytest
from shipped_tools import ROOT, RUNS, SHIPPED, tracked_files

from polyhead.apps.cli.arguments import parse
from polyhead.apps.common.export.inspection import inspect_tflite

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks/RESULTS.md",
    SHIPPED / "README.md",
    *DOCS.glob("*.md"),
]


def rows():
    """The rows of the table of tensors, by file."""
    text = (DOCS / "tensors.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return {file: (inputs, outputs) for file, inputs, outputs in found}


def describe(tensors):
    return ", ".join(f"`{n}` {t['type']}{t['shape']}" for n, t in tensors.items())


def test_the_shipped_runs_are_those_of_the_repository():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^!/saved_models/(.+)/$", ignored, re.MULTILINE)) == RUNS
    table = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| \[(.+?)\]\(\1\) \|", table, re.MULTILINE)) == RUNS
    files = tracked_files(SHIPPED)
    if files:
        names = {file.relative_to(SHIPPED).parts[0] for file in files}
        assert names == {"README.md", *RUNS}


def test_the_table_is_that_of_the_files():
    assert sorted(rows()) == [f"{run}/export/model_int8.tflite" for run in RUNS]
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


@pytest.mark.parametrize("run", RUNS)
def test_the_labels_are_where_the_guides_look_for_them(run):
    path = SHIPPED / run / "export/model_int8.tflite"
    file = path.read_bytes()

    def number(at, count):
        return int.from_bytes(file[at : at + count], "little")

    found, at = {}, number(number(len(file) - 6, 4) + 42, 4)
    while number(at, 4) == 0x0403_4B50:
        start = at + 30 + number(at + 26, 2)
        content = start + number(at + 28, 2)
        end = content + number(at + 18, 4)
        found[file[at + 30 : start].decode()] = file[content:end]
        at = end
    with zipfile.ZipFile(path) as archive:
        assert found == {name: archive.read(name) for name in archive.namelist()}
    for guide, written in (("android.md", "+ 42)"), ("ios.md", "0x0403_4B50")):
        text = (DOCS / guide).read_text(encoding="utf-8")
        assert "probabilities_labels.txt" in text and written in text
    facts = json.loads(found["polyhead.json"])
    if "labels" in facts:
        labels = found["probabilities_labels.txt"].decode()
        assert labels.split("\n") == facts["labels"]


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
    assert lines[1].startswith("¿Dónde está la estación? -0.")
    assert lines[1].endswith(" False")
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


def command_lines():
    """The commands in the code blocks of the pages, with the name of the page."""
    lines = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for language, block in blocks:
            if language in ("", "sh"):
                commands = re.findall(r"^polyhead .+", block, re.MULTILINE)
                lines += [(page.name, command) for command in commands]
    return lines


def test_the_readme_has_commands():
    assert len([page for page, _ in command_lines() if page == "README.md"]) > 15


@pytest.mark.parametrize(("page", "command"), command_lines())
def test_a_command_is_understood(page, command):
    assert parse(shlex.split(command)[1:]) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_and_scripts_exist(page):
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([\w-]+)|`make ([\w-]+)", text, re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target
    for script in re.findall(r"benchmarks/\w+\.py", text):
        assert (ROOT / script).exists(), script


def anchor(heading):
    """The name that GitHub gives a heading in links."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for link, _, place in re.findall(r"\]\(([^)#:]+)(#([^)]+))?\)", text):
        assert (page.parent / link).exists(), link
        if place:
            linked = (page.parent / link).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.+)$", linked, re.MULTILINE)
            assert place in map(anchor, headings), f"{link}#{place}"

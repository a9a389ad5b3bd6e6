"""The walls of the house: who may import whom, and who may name a task."""

import graphlib
import re

import pytest
from import_tools import ROOT, graph, imports, sources

from polyhead.apps import registry

APPS = ("text_classification", "translation", "forecasting")
COMMON = "polyhead.apps.common"


def test_no_circle_between_files():
    try:
        list(graphlib.TopologicalSorter(graph()).static_order())
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_a_circle_would_be_seen():
    edges = graph()
    edges["polyhead.apps.common.errors"].add("polyhead.apps.cli.main")
    with pytest.raises(graphlib.CycleError):
        list(graphlib.TopologicalSorter(edges).static_order())


@pytest.mark.parametrize("path", sources("apps/common"), ids=str)
def test_common_imports_no_app(path):
    for name in imports(path):
        if name.startswith("polyhead.apps"):
            assert name.startswith(COMMON), name


@pytest.mark.parametrize("app", [*APPS, "datasets"])
def test_an_app_imports_no_other_app(app):
    own = f"polyhead.apps.{app}"
    allowed = (own, COMMON, "polyhead.apps.datasets")
    for path in sources(f"apps/{app}"):
        for name in imports(path):
            if name.startswith("polyhead.apps"):
                command = path.name == "__main__.py" and "apps.cli" in name
                assert name.startswith(allowed) or command, f"{path}: {name}"


@pytest.mark.parametrize("folder", ["layers", "runtime"])
def test_layers_and_runtime_import_nothing_of_the_apps(folder):
    for path in sources(folder):
        assert not any(name.startswith("polyhead.apps") for name in imports(path)), path


def test_the_apps_are_those_of_the_registry():
    assert {name.replace("-", "_") for name in registry.task_names()} == set(APPS)


# The keys of records in foreign formats.
FOREIGN = ('texts["translation"]',)


@pytest.mark.parametrize("folder", ["apps/cli", "apps/common", "runtime"])
def test_the_list_of_tasks_stands_in_one_place(folder):
    names = "|".join({*registry.task_names(), *APPS})
    for path in sources(folder):
        text = path.read_text("utf-8")
        for key in FOREIGN:
            text = text.replace(key, "")
        quoted = re.search(rf"""["'`]({names})["'`]""", text)
        assert not quoted, f"{path}: {quoted.group()}"


LIMITS = {"text_classification": 2200, "translation": 2200, "forecasting": 6600}


@pytest.mark.parametrize("folder", [*LIMITS, ""])
def test_the_house_stays_small(folder):
    lines = [
        len(path.read_text("utf-8").splitlines()) for path in sources(f"apps/{folder}")
    ]
    assert sum(lines) <= LIMITS.get(folder, 28_000)
    assert max(lines) <= 300


def test_no_folder_has_more_than_fifteen_files_side_by_side():
    for top in ("apps", "tests"):
        folders = [ROOT / top, *(p for p in (ROOT / top).rglob("*") if p.is_dir())]
        for folder in folders:
            if folder.name == "page" or "golden" in folder.parts:
                continue  # a web page, and data
            files = [f for f in folder.iterdir() if f.is_file() and f.suffix == ".py"]
            assert len(files) <= 15, folder


def test_every_module_of_common_has_a_test_that_names_it():
    tests = "\n".join(path.read_text("utf-8") for path in sources("tests/apps/common"))
    for path in sources("apps/common"):
        if path.name == "__init__.py":
            continue
        where = path.relative_to(ROOT / "apps/common").with_suffix("")
        test = ROOT / "tests/apps/common" / where.with_name(f"test_{where.name}.py")
        module = ".".join([COMMON, *where.parts])
        short = f"from {module.rpartition('.')[0]} import {where.name}"
        assert test.exists() or module in tests or short in tests, module

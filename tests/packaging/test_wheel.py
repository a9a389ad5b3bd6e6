"""What is installed is what is in the tree."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("layers", "runtime", "apps")


@pytest.fixture(scope="module")
def wheel(wheel_path):
    with zipfile.ZipFile(wheel_path) as archive:
        yield archive


def tree_files():
    """Every file that the packages need at run time, by its place in the wheel."""
    files = (file for name in PACKAGES for file in (ROOT / name).rglob("*"))
    wanted = (".py", ".typed", ".json", ".html", ".css", ".js")
    return {
        f"polyhead/{file.relative_to(ROOT).as_posix()}"
        for file in files
        if file.suffix in wanted and "__pycache__" not in file.parts
    }


def test_the_wheel_has_the_files_of_the_tree(wheel):
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == tree_files()


def test_nothing_but_polyhead_goes_into_site_packages(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"polyhead"}
    assert "polyhead/__init__.py" not in wheel.namelist()


def test_the_wheel_has_the_command_the_licence_and_the_extras(wheel):
    def read(name):
        # Older versions of setuptools put the licence beside METADATA.
        paths = [p for p in wheel.namelist() if ".dist-info/" in p]
        (path,) = [p for p in paths if p.endswith(f"/{name}")]
        return wheel.read(path).decode()

    assert "polyhead = polyhead.apps.cli.main:main" in read("entry_points.txt")
    assert "Apache License" in read("LICENSE")
    metadata = read("METADATA").splitlines()
    extras = {line.split(": ")[1] for line in metadata if "Provides-Extra" in line}
    assert extras == {"demo", "languages", "tensorboard", "jax", "torch", "test"} | {
        "browser",
        "bench",
        "statsforecast",
    }
    (python,) = [line for line in metadata if line.startswith("Requires-Python: ")]
    assert set(python.split(": ")[1].split(",")) == {">=3.11", "<3.14"}


def test_the_wheel_works_alone(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = "import polyhead.apps, sys; from polyhead.apps.cli.main import main; "
    code += "print(polyhead.apps.__file__); sys.exit(main(['--version']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    file, version = done.stdout.splitlines()
    assert Path(file).is_relative_to(tmp_path)
    assert version.startswith("polyhead ")

"""Which file imports which, read from the sources."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("layers", "runtime", "apps")


def sources(folder):
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


def imports(path):
    """Absolute names of all that a file imports, inside functions too."""
    package = ["polyhead", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            base = [*base, node.module] if node.module else base
            yield from (".".join([*base, alias.name]) for alias in node.names)


def module_of(path):
    """`polyhead.apps.cli.main` of apps/cli/main.py; a package of its __init__.py."""
    parts = ("polyhead", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph():
    """Each module of the project to the modules of the project that it imports."""
    paths = {module_of(path): path for name in PACKAGES for path in sources(name)}
    edges = {}
    for module, path in paths.items():
        edges[module] = set()
        for name in imports(path):
            # `from package import name`: a module of that name, or the package itself.
            target = name if name in paths else name.rpartition(".")[0]
            if target in paths and target != module:
                edges[module].add(target)
    return edges

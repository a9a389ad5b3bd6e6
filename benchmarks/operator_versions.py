"""Asks releases of LiteRT which operators they have, and at which versions.

    python benchmarks/operator_versions.py --venvs FOLDER 1.0.1 1.1.2 1.2.0 ...

Each release is installed in an environment of its own under FOLDER (Python 3.11 has
wheels of all of them), which is asked to load files of one operator. Writes what each
release adds to those before it to apps/common/devices/operator_versions.json, which
`polyhead inspect` and the report of an export read.
"""

import argparse
import json
import pickle
import subprocess
import sys
import venv
from pathlib import Path

TABLE = Path(__file__).parents[1] / "apps/common/devices/operator_versions.json"
LATEST = 16  # no operator has more versions
ASK = """
import json, pickle, sys
from ai_edge_litert.interpreter import Interpreter

found = {}
for (name, version), content in pickle.load(open(sys.argv[1], "rb")).items():
    try:
        Interpreter(model_content=content)
    except ValueError:
        continue
    found[name] = max(version, found.get(name, 0))
print(json.dumps(found))
"""


def make_files():
    """`(operator, version)` -> a file that names it, and computes nothing."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    names = {k: v for k, v in vars(schema.BuiltinOperator).items() if str(k).isupper()}
    files = {}
    for name, number in names.items():
        if name in ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"):
            continue
        for version in range(1, LATEST + 1):
            code, model = schema.OperatorCodeT(), schema.ModelT()
            code.builtinCode, code.version = number, version
            code.deprecatedBuiltinCode = min(number, 127)
            graph = schema.SubGraphT()
            graph.tensors, graph.inputs, graph.outputs, graph.operators = [], [], [], []
            model.version, model.operatorCodes = 3, [code]
            model.subgraphs, model.buffers = [graph], [schema.BufferT()]
            builder = flatbuffers.Builder(256)
            builder.Finish(model.Pack(builder), b"TFL3")
            files[name, version] = bytes(builder.Output())
    return files


def install(release, folder):
    """The python of an environment with a release of LiteRT."""
    path = folder / f"litert-{release}"
    python = path / "bin/python"
    if not python.exists():
        venv.create(path, with_pip=True)
    # The releases before 1.1 were built for NumPy 1.
    numpy = "numpy<2" if release < "1.1" else "numpy"
    pip = [python, "-m", "pip", "install", "--quiet", f"ai-edge-litert=={release}"]
    subprocess.run([*pip, numpy], check=True)
    return python


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venvs", type=Path, required=True)
    parser.add_argument("releases", nargs="+", help="from the oldest to the newest")
    arguments = parser.parse_args()
    files = arguments.venvs / "operators.pickle"
    arguments.venvs.mkdir(parents=True, exist_ok=True)
    files.write_bytes(pickle.dumps(make_files()))
    known, table = {}, {}
    for release in arguments.releases:
        python = install(release, arguments.venvs)
        command = [python, "-c", ASK, files]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        added = {k: v for k, v in sorted(found.items()) if known.get(k, 0) < v}
        print(f"{release}: {len(added)} operators are new, or newer", file=sys.stderr)
        known |= found
        table[release] = added
    lines = [f' "{k}": {json.dumps(v)}' for k, v in table.items()]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The server of `polyhead demo`: its routes, its facts and its errors; no browser."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from polyhead.apps.cli.main import main
from polyhead.apps.common.data.kept import read_kept
from polyhead.apps.demo import assets
from polyhead.apps.demo.server import make_server, read_facts

SAVED = Path(__file__).resolve().parents[3] / "saved_models"


@pytest.fixture(scope="module")
def litertjs(tmp_path_factory):
    """A folder that looks as npm leaves it; nothing in it is run here."""
    folder = tmp_path_factory.mktemp("litertjs")
    for place in assets.MODULES:
        file = folder / "node_modules/@litertjs" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('import { x } from "@litertjs/wasm-utils";')
    return folder


@pytest.fixture
def ask(litertjs):
    """Asks a server of a run for a path: status, headers and content."""
    servers = []

    def ask(run, path, method="GET", **headers):
        server = make_server(Path(run), 0, litertjs)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = http.client.HTTPConnection(*server.server_address)
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    yield ask
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def run(tmp_path):
    """A copy of a run, to be spoilt."""
    return shutil.copytree(SAVED / "language-identifier", tmp_path / "run")


# What is served.


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/?x=1", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/litert/core.js", "text/javascript; charset=utf-8"),
        ("/litert/wasm/litert_wasm_internal.wasm", "application/wasm"),
        ("/models/model_int8.tflite", "application/octet-stream"),
        ("/facts.json", "application/json"),
    ],
)
def test_routes_and_their_types(ask, path, kind):
    status, headers, content = ask(SAVED / "dates", path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert int(headers["Content-Length"]) == len(content) > 0
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/../setup.cfg",
        "/%2e%2e/config.json",
        "/models/../config.json",
        "/models/model_float32.tflite",
        "//etc/passwd",
        "/models/",
        "/server.py",
        "/index.html/",
    ],
)
def test_there_is_no_way_to_another_file(ask, path):
    status, _, content = ask(SAVED / "dates", path)
    assert status == 404
    assert json.loads(content)["error"].startswith("no /")


def test_other_methods_and_other_hosts_are_refused(ask):
    run = SAVED / "dates"
    assert ask(run, "/", "POST")[0] == 501
    assert ask(run, "/facts.json", Host="evil.example:8000")[0] == 403
    assert ask(run, "/facts.json", Host="localhost:9")[0] == 200
    status, headers, content = ask(run, "/", "HEAD")
    assert status == 200 and not content and int(headers["Content-Length"])


def test_the_model_is_the_runs_and_the_module_finds_the_other(ask):
    run = SAVED / "dates"
    _, _, content = ask(run, "/models/model_int8.tflite")
    assert content == (run / "export/model_int8.tflite").read_bytes()
    _, _, content = ask(run, "/litert/core.js")
    assert content == b'import { x } from "./wasm-utils.js";'


def test_the_page_names_no_other_host():
    for file in (Path(assets.__file__).parent / "page").iterdir():
        text = file.read_text(encoding="utf-8").replace(
            "http://www.w3.org/2000/svg", ""
        )
        assert "http:" not in text and "https:" not in text, file
        assert "innerHTML" not in text, file


# Facts.


def test_facts_of_a_classifier(run):
    facts = read_facts(run)
    assert (facts["format"], facts["task"]) == (1, "text-classification")
    assert facts["run"] == "run"
    assert facts["labels"] == (run / "labels.txt").read_text().split()
    assert facts["descriptions"]["af"] == "Afrikaans"
    assert (facts["multi_label"], facts["thresholds"]) == (False, None)
    size = (run / "export/model_int8.tflite").stat().st_size
    assert facts["files"] == [{"name": "model_int8.tflite", "bytes": size}]


def test_facts_of_several_labels_have_their_thresholds(run):
    make_multi_label(run, 0.25)
    facts = read_facts(run)
    assert facts["multi_label"] and set(facts["thresholds"]) == {0.25}


def make_multi_label(run, threshold):
    for name, change in (
        ("config.json", lambda config: {"multi_label": True}),
        ("metrics.json", lambda metrics: {"thresholds": thresholds(run, threshold)}),
    ):
        content = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps(content | change(content)))


def thresholds(run, threshold):
    labels = (run / "labels.txt").read_text(encoding="utf-8").split()
    return dict.fromkeys(labels, threshold)


def test_facts_of_a_translator():
    facts = read_facts(SAVED / "english-spanish")
    assert (facts["source_language"], facts["target_language"]) == ("en", "es")
    assert read_facts(SAVED / "dates")["source_language"] is None


def test_facts_of_a_forecaster():
    facts = read_facts(SAVED / "co2")
    assert facts["history"] == facts["targets"] == ["co2"]
    assert facts["future"] == [] and facts["categories"] == {}
    assert facts["quantiles"] == [0.1, 0.5, 0.9]
    assert facts["frequency"] == {"unit": "second", "step": 604_800}
    names = [file["name"] for file in facts["files"]]
    assert names == [f"model_{v}.tflite" for v in ("int8", "float16", "float32")]


# The history that a forecaster's page begins with.


def test_example_is_what_predict_forecasts_from(ask):
    pytest.importorskip("statsmodels")
    status, _, content = ask(SAVED / "co2", "/example.json")
    example = json.loads(content)
    assert status == 200
    assert len(example["history"]) == 156 and example["future"] == []
    assert example["history"][-1] == [371.5]
    assert example["start"] == [11692, 0]  # 2002-01-05


@pytest.mark.parametrize("name", ["language-identifier", "dates", "english-spanish"])
def test_examples_of_texts_are_those_that_the_run_keeps(ask, tmp_path, name):
    status, _, content = ask(SAVED / name, "/examples.json")
    texts = [example["text"] for example in json.loads(content)]
    assert status == 200 and len(set(texts)) == 8
    task = json.loads((SAVED / name / "config.json").read_text())["task"]
    assert set(texts) <= set(read_kept(SAVED / name, task).texts["text"])
    bare = shutil.copytree(SAVED / name, tmp_path / "run")
    (bare / "examples.npz").unlink()  # as a run of an older version
    assert ask(bare, "/examples.json")[2] == b"[]"


def test_examples_of_a_forecaster_are_different_histories(ask):
    status, _, content = ask(SAVED / "co2", "/examples.json")
    examples = json.loads(content)
    assert status == 200 and examples[0]["history"][0] == [367.8]
    assert len({tuple(example["start"]) for example in examples}) == len(examples) > 3


# The command.


def demo(*words):
    return main(["demo", *map(str, words), "--port", "0"])


def test_a_run_without_an_export_is_one_line(run, litertjs, capsys):
    shutil.rmtree(run / "export")
    assert demo(run, "--assets", litertjs) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"model_int8.tflite: missing: polyhead export {run}" in error


@pytest.mark.parametrize("name", ["labels.txt", "config.json"])
def test_a_broken_run_is_one_line(run, litertjs, name, capsys):
    (run / name).unlink()
    assert demo(run, "--assets", litertjs) == 1
    error = capsys.readouterr().err
    assert name in error and error.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(run, litertjs, capsys):
    with make_server(run, 0, litertjs) as server:
        port = str(server.server_address[1])
        words = ["demo", str(run), "--port", port, "--assets", str(litertjs)]
        assert main(words) == 1
    assert f"port {port}: Address already in use: choose" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["x", "-1", "65536"])
def test_a_wrong_port_is_wrong_use(run, port, capsys):
    assert main(["demo", str(run), f"--port={port}"]) == 2
    assert "is no number from 0 to 65535" in capsys.readouterr().err


def test_assets_that_are_not_there_name_the_command(run, tmp_path, capsys):
    assert demo(run, "--assets", tmp_path) == 1
    error = capsys.readouterr().err
    assert "core/dist/index.js: missing" in error
    assert f"npm install @litertjs/core@{assets.VERSION}" in error


def test_without_npm_the_remedy_is_said(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert demo(run) == 1
    error = capsys.readouterr().err
    assert "install Node.js" in error and "--assets" in error


def test_npm_is_asked_once_and_its_failure_is_one_line(
    run, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error no network' >&2\nexit 1\n")
    npm.chmod(0o755)
    assert demo(run) == 1
    error = capsys.readouterr().err
    assert "(npm error no network)" in error and error.count("\n") == 1
    places = [f"$3/node_modules/@litertjs/{place}" for place in assets.MODULES]
    lines = [f'mkdir -p "$(dirname {p})" && touch "{p}"' for p in places]
    npm.write_text("\n".join(["#!/bin/sh", *lines]))
    found = assets.find_assets()
    npm.unlink()
    assert assets.find_assets() == found


COMMAND = """
import signal
# A process that is started in the background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
import sys
from polyhead.apps.cli.main import main
status = main(sys.argv[1:])
heavy = [n for n in ("tensorflow", "keras", "pandas", "numpy") if n in sys.modules]
print("heavy:", heavy, file=sys.stderr)
sys.exit(status)
"""


def test_it_begins_light_and_ends_well_with_an_interrupt(litertjs):
    words = ["demo", str(SAVED / "co2"), "--port", "0", "--assets", str(litertjs)]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line.startswith("http://localhost:")
    process.send_signal(signal.SIGINT)
    try:
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out, error) == (0, "", "heavy: []\n")

"""A small HTTP server: the page, LiteRT.js, the run's .tflite files and its facts.

It imports neither Keras nor pandas.
"""

import contextlib
import importlib.metadata
import json
import socketserver
from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from .. import registry
from ..common.errors import PolyheadError
from ..common.export.folder import list_tflites
from ..common.run.config import read_config_json
from ..common.run.folder import check_run
from .assets import find_assets

FORMAT = 1  # of the facts
PAGE = Path(__file__).with_name("page")
HOSTS = ("127.0.0.1", "localhost")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".tflite": "application/octet-stream",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; "
    "style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # A page that shares nothing with others is given a finer clock.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A file that is exported again is to be seen at once.
    "Cache-Control": "no-store",
}


def serve(
    path: str | Path,
    tell: Callable[[str], None],
    port: int = 8000,
    assets: str | Path | None = None,
) -> None:
    """Serves a run's page until it is interrupted.

    Args:
        path: the run's folder.
        tell: prints the line that names the page's address.
        port: of localhost; 0 for any that is free.
        assets: the folder where `npm install @litertjs/core` was run; see
            `assets.find_assets`.
    """
    with make_server(Path(path), port, assets) as server:
        with contextlib.suppress(KeyboardInterrupt):
            tell(f"http://localhost:{server.server_address[1]}/ (Ctrl-C ends it)")
            server.serve_forever()


def make_server(
    path: Path, port: int = 8000, assets: str | Path | None = None
) -> "Server":
    """The server of a run's page, bound to its port; see `serve`."""
    check_run(path)
    routes = make_routes(path, assets)
    try:
        return Server(("127.0.0.1", port), routes)
    except OSError as error:
        raise PolyheadError(
            f"port {port}: {error.strerror}: choose another with --port"
        ) from None


# From a path of the address to what makes its content.
Routes = dict[str, Callable[[], bytes]]


def make_routes(path: Path, assets: str | Path | None = None) -> Routes:
    """All that the server answers to: there is no way to another file."""
    files = {f"/{f.name}": f for f in PAGE.iterdir() if f.suffix in TYPES}
    files |= {f"/litert/{name}": f for name, f in find_assets(assets).items()}
    files["/"] = files.pop("/index.html")
    routes: Routes = {route: file.read_bytes for route, file in files.items()}
    for file in list_tflites(path):
        routes[f"/models/{file.name}"] = partial(_read_model, file)
    core = files["/litert/core.js"]
    routes["/litert/core.js"] = lambda: _link(core.read_bytes())
    name = read_facts(path)["task"]  # a broken run fails before a page is opened
    routes["/facts.json"] = lambda: _to_json(read_facts(path))
    examples = cache(lambda: registry.find_task(name).page_examples(path))
    routes["/examples.json"] = lambda: _to_json(examples())
    routes["/example.json"] = lambda: _to_json(next(iter(examples()), None))
    return routes


def read_facts(folder: Path) -> dict:
    """What a client of a run's .tflite files has to know, in JSON's types.

    `format`, `task`, `polyhead`, `run` (the folder's name), `files` (`name` and `bytes`
    of each, the first one to run by default), and what the task adds.
    """
    config = read_config_json(folder / "config.json")
    paths = list_tflites(folder)
    files = [{"name": path.name, "bytes": path.stat().st_size} for path in paths]
    return {
        "format": FORMAT,
        "task": config["task"],
        "polyhead": importlib.metadata.version("polyhead"),
        "run": folder.resolve().name,
        "files": files,
    } | registry.find_task(config["task"]).page_facts(folder, config)


def _read_model(file: Path) -> bytes:
    """LiteRT.js trusts what it is given: an altered file would answer nonsense."""
    from polyhead.runtime.model import read_facts as check_file  # NumPy, not before

    check_file(file)
    return file.read_bytes()


def _link(module: bytes) -> bytes:
    """A browser finds no package by its name without a build step."""
    return module.replace(b'"@litertjs/wasm-utils"', b'"./wasm-utils.js"')


def _to_json(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


class Server(socketserver.ThreadingTCPServer):
    """Answers the requests of one run's page.

    `http.server.HTTPServer` would ask the name service for its own name first.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address, routes: Routes):
        self.routes = routes
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        """Says nothing: a browser may leave when it likes."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request, by the server's `routes`."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if name not in HOSTS:  # another site's page, under a name of its own
            self._answer(HTTPStatus.FORBIDDEN, ".json", _error("not this host"))
            return
        route = self.path.split("?", 1)[0]
        make = self.server.routes.get(route)
        if make is None:
            self._answer(HTTPStatus.NOT_FOUND, ".json", _error(f"no {route} here"))
            return
        try:
            content = make()
        except (PolyheadError, OSError) as error:
            self._answer(HTTPStatus.CONFLICT, ".json", _error(str(error)))
            return
        self._answer(HTTPStatus.OK, Path(route).suffix or ".html", content)

    do_HEAD = do_GET

    def _answer(self, status, suffix, content):
        self.send_response(status)
        self.send_header("Content-Type", TYPES[suffix])
        self.send_header("Content-Length", str(len(content)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format, *args):
        """Keeps the terminal for what the user has to know."""


def _error(message) -> bytes:
    return _to_json({"error": message})

"""A headless Chromium, and the page of a run in it; makes `page_tools` importable."""

import shutil
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 180_000  # milliseconds: the machine may be busy
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def litertjs():
    from polyhead.apps.common.errors import PolyheadError
    from polyhead.apps.demo.assets import cache_folder, find_assets

    try:
        find_assets()
    except PolyheadError as error:
        pytest.skip(str(error))
    return cache_folder()


@pytest.fixture(scope="session")
def browser():
    reason = "needs playwright: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(CHROMIUM)} is installed")
    with playwright.sync_playwright() as session:
        found = session.chromium.launch(
            executable_path=path, args=ARGUMENTS, timeout=PATIENCE
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def serve(litertjs):
    """The address of a run's page; one server a run."""
    from polyhead.apps.demo.server import make_server

    servers = {}

    def serve(run):
        if run not in servers:
            servers[run] = make_server(Path(run), 0, litertjs)
            target = servers[run].serve_forever
            threading.Thread(target=target, daemon=True).start()
        return f"http://localhost:{servers[run].server_address[1]}/"

    yield serve
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture
def open_page(browser, serve):
    """Opens the page of a run, and waits until its model is there.

    No page may ask another host, nor end with an exception.
    """
    pages, requests, exceptions = [], [], []

    def open_page(run, **options):
        page = browser.new_page(**options)
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: exceptions.append(str(error)))
        page.goto(serve(run))
        page.wait_for_selector("#status[hidden]", state="attached")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert exceptions == []
    assert requests and all(url.startswith("http://localhost:") for url in requests)

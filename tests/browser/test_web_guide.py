"""The page of docs/web.md, as it stands there, in a browser."""

import functools
import http.server
import json
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from polyhead import runtime

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "saved_models/language-identifier/export/model_int8.tflite"


@pytest.fixture
def site(tmp_path, litertjs):
    """The address of a folder with the page, the file and LiteRT.js."""
    guide = (ROOT / "docs/web.md").read_text(encoding="utf-8")
    (page,) = re.findall(r"```html\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    shutil.copy(FILE, tmp_path)
    (tmp_path / "node_modules").symlink_to(litertjs / "node_modules")
    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


def test_the_page_of_the_guide_answers(browser, site):
    page = browser.new_page()
    page.goto(site)
    page.wait_for_function("document.querySelector('output').textContent")
    found = json.loads(page.inner_text("output"))
    probabilities, _ = runtime.load(FILE).probabilities(["Königreich der Niederlande"])
    assert found == {"best": int(np.argmax(probabilities)), "truncated": False}
    page.close()

"""Where LiteRT.js comes from: a folder of the user's, or npm, once."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..common.errors import PolyheadError

VERSION = "2.5.3"
# The second is what the first imports; both are pinned, for npm would take a newer one.
PACKAGES = (f"@litertjs/core@{VERSION}", f"@litertjs/wasm-utils@{VERSION}")
COMMAND = f"npm install {' '.join(PACKAGES)}"
# Place below node_modules/@litertjs -> name below /litert/ on the server.
MODULES = {
    "core/dist/index.js": "core.js",
    "wasm-utils/dist/index.js": "wasm-utils.js",
}
# With and without relaxed SIMD; the browser takes one of them.
RUNTIMES = ("litert_wasm_internal", "litert_wasm_compat_internal")
MODULES |= {
    f"core/wasm/{name}.{kind}": f"wasm/{name}.{kind}"
    for name in RUNTIMES
    for kind in ("js", "wasm")
}


def find_assets(folder: str | Path | None = None) -> dict[str, Path]:
    """The files of LiteRT.js, by their names on the server.

    They are in the folder where `npm install` was run. Without a folder they are
    installed once into the user's cache.
    """
    if folder is None:
        folder = cache_folder()
        if not (folder / "node_modules").is_dir():
            _install(folder)
    base = Path(folder) / "node_modules" / "@litertjs"
    for place in MODULES:
        if not (base / place).is_file():
            raise PolyheadError(f"{base / place}: missing: run '{COMMAND}' in {folder}")
    return {name: base / place for place, name in MODULES.items()}


def cache_folder() -> Path:
    """The folder of the files that npm has installed."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "polyhead" / f"litertjs-{VERSION}"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise PolyheadError(
            "LiteRT.js is not here, and neither is npm to bring it: install Node.js, "
            f"or run '{COMMAND}' elsewhere and give that folder with --assets"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, and moved there when it is whole.
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            command = [npm, "install", "--prefix", temporary, "--ignore-scripts"]
            command += ["--no-audit", "--no-fund", "--fetch-retries=1", *PACKAGES]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                lines = [line for line in done.stderr.splitlines() if line.strip()]
                raise PolyheadError(
                    f"npm could not bring LiteRT.js ({lines[0] if lines else 'no word'}"
                    f"): run '{COMMAND}' elsewhere and give that folder with --assets"
                )
            folder.mkdir(exist_ok=True)
            _move(Path(temporary) / "node_modules", folder / "node_modules")
    except OSError as error:
        raise PolyheadError(
            f"{folder}: cannot be written ({error.strerror}): give a folder with "
            "--assets"
        ) from None


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError:
        if not target.is_dir():  # else another process was faster
            raise

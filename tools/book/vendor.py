"""Packages for the browser, fetched by npm, which compares each with its committed checksum."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from seglib.errors import SeglibError
from tools.book.pages import FRAME

#: The files of a package that a site needs, by the package's name.
NEEDED = {
    "onnxruntime-web": (
        "dist/ort.wasm.min.mjs",
        "dist/ort-wasm-simd-threaded.mjs",
        "dist/ort-wasm-simd-threaded.wasm",
    ),
    "reveal.js": ("LICENSE", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js"),
}
_LISTS = ("package.json", "package-lock.json")


def fetch(folder: Path) -> Path:
    """Install the packages of ``docs/book/package-lock.json``, unless that has been done.

    Args:
        folder: Where to; made if need be.

    Returns:
        The folder that holds the packages.

    Raises:
        SeglibError: npm is missing, has no network, or a package is not what was committed.
    """
    packages = folder / "node_modules"
    if packages.is_dir() and all(
        (folder / name).read_bytes() == (FRAME / name).read_bytes() for name in _LISTS
    ):
        return packages
    if shutil.which("npm") is None:
        raise SeglibError(
            "npm is not installed; the page that segments a heart and the slides need it. Install "
            "Node.js 20 or newer, or build the book without them: python -m tools.book --plain"
        )
    aside = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for name in _LISTS:
        shutil.copy(FRAME / name, aside)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=aside,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SeglibError(f"npm could not fetch the packages of docs/book:\n{done.stderr.strip()}")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    return packages


def copy(packages: Path, name: str, target: Path) -> None:
    """Copy the files of one package that a site needs to `target`, at the same paths."""
    for file in NEEDED[name]:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(packages / name / file, target / file)

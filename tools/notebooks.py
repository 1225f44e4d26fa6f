"""Keep the two halves of every notebook in step.

The percent script (.py) is the half that people edit; the .ipynb is made from
it, without outputs. From the top folder::

    python -m tools.notebooks sync     # write every .ipynb from its .py
    python -m tools.notebooks check    # compare the halves; exit status 1 if they differ

`jupytext --test` converts a script there and back and so never looks at the
.ipynb that stands beside it; `check` compares the two files themselves. A script's header
and the blank lines between its cells are `sync`'s too: they are as JupyterLab would save
them, so that opening a notebook and saving it changes neither half. The exercises are made from
the solutions, see `tools.exercises`.
"""

from __future__ import annotations

import argparse
import sys
from itertools import zip_longest
from pathlib import Path

import jupytext
import nbformat

from seglib.files import atomic_write
from seglib.program import program
from study.notebook_files import NOTEBOOKS, addressed, build, write
from tools.exercises import exercise

SUBFOLDERS = ("", "exercises", "solutions")


def files(folder: Path, ending: str) -> list[Path]:
    """Return a folder's notebooks (ending ``.py`` or ``.ipynb``) in reading order."""
    return [path for sub in SUBFOLDERS for path in sorted((folder / sub).glob(f"*{ending}"))]


def as_saved(script: Path) -> str:
    """Return a script as JupyterLab saves it: its cells, under the header of every script."""
    return jupytext.writes(build(script), fmt="py:percent")


def difference(script: Path) -> str | None:
    """Say where a pair's halves first differ from what `sync` writes, or None where they agree."""
    path = script.with_suffix(".ipynb")
    if not path.exists():
        return f"{path.name} is missing"
    expected = build(script)
    try:
        found = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    except (ValueError, nbformat.ValidationError) as error:
        return f"{path.name} cannot be read as a notebook ({error})"
    cells = found.get("cells", [])
    for number, (want, have) in enumerate(zip(expected.cells, cells, strict=False), start=1):
        for key in sorted(want.keys() | have.keys(), key=_looked_at_first):
            if want.get(key) != have.get(key):
                return (
                    f"{path.name}, cell {number}: {key} differs\n"
                    f"    {script.name}: {_short(want.get(key))}\n"
                    f"    {path.name}: {_short(have.get(key))}"
                )
    if len(expected.cells) != len(cells):
        return (
            f"{path.name}, cell {min(len(expected.cells), len(cells)) + 1}: only in one half "
            f"({script.name} has {len(expected.cells)} cells, {path.name} {len(cells)})"
        )
    for want, have in ((expected.metadata, found.get("metadata", {})), (expected, found)):
        for key in sorted(want.keys() | have.keys()):
            if want.get(key) != have.get(key):
                return f"{path.name}: the notebook's own {key} differs: {_short(have.get(key))}"
    return _line_that_differs(
        script,
        as_saved(script),
        "its header, or the blank lines between its cells, are not as JupyterLab saves them",
    )


def _line_that_differs(path: Path, expected: str, meaning: str) -> str | None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, (want, have) in enumerate(zip_longest(expected.splitlines(), lines), start=1):
        if want != have:
            return (
                f"{path.name}, line {number}: {meaning}\n"
                f"    expected: {_short(want)}\n"
                f"    found: {_short(have)}"
            )
    return None


def _looked_at_first(key: str) -> tuple[bool, str]:
    """Order a cell's fields: the id last, because it follows from the source."""
    return key == "id", key


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."


def _pages(folder: Path) -> list[Path]:
    """The page above the notebooks that lists them, each with its badge."""
    return [page for page in [folder.parent / "README.md"] if page.is_file()]


def _exercises(folder: Path) -> dict[Path, str]:
    """The script of each exercise, and what it holds if it is in step with its solutions."""
    return {
        folder / "exercises" / path.name: exercise(as_saved(path))
        for path in sorted((folder / "solutions").glob("*.py"))
    }


def sync(folder: Path) -> list[Path]:
    """Bring every pair in step with its script; return the files that were written."""
    written = []
    for script, text in _exercises(folder).items():
        if not script.exists() or script.read_text(encoding="utf-8") != text:
            script.parent.mkdir(exist_ok=True)
            atomic_write(script, text)
            written.append(script)
    for page in _pages(folder):
        text = addressed(page.read_text(encoding="utf-8"))
        if text != page.read_text(encoding="utf-8"):
            atomic_write(page, text)
            written.append(page)
    for script in files(folder, ".py"):
        text = as_saved(script)
        if text != script.read_text(encoding="utf-8"):
            atomic_write(script, text)
            written.append(script)
        if difference(script):
            write(build(script), script.with_suffix(".ipynb"))
            written.append(script.with_suffix(".ipynb"))
    return written


def check(folder: Path) -> list[str]:
    """Return one message for each pair whose halves differ, or that lacks its script."""
    messages = [difference(script) for script in files(folder, ".py")]
    messages += [
        _line_that_differs(script, text, "it is not what its solutions give")
        if script.exists()
        else f"exercises/{script.name} is missing"
        for script, text in _exercises(folder).items()
    ]
    messages += [
        _line_that_differs(
            page,
            addressed(page.read_text(encoding="utf-8")),
            "the repository's address is not that of pyproject.toml",
        )
        for page in _pages(folder)
    ]
    messages += [
        f"{path.name} has no {path.stem}.py beside it, the half that is edited"
        for path in files(folder, ".ipynb")
        if not path.with_suffix(".py").exists()
    ]
    return [message for message in messages if message]


@program("tools.notebooks")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("action", choices=("sync", "check"))
    parser.add_argument("--folder", type=Path, default=NOTEBOOKS, help="default: notebooks/")
    options = parser.parse_args(arguments)
    pairs = len(files(options.folder, ".py"))
    if options.action == "sync":
        written = sync(options.folder)
        for path in written:
            print(f"written: {path.name}")
        print(f"{pairs} notebooks, {len(written)} files written, the others were in step.")
        return 0
    messages = check(options.folder)
    for message in messages:
        print(message, file=sys.stderr)
    if messages:
        print(
            "Edit the .py half, then run `make notebooks`. If the change was made in the "
            ".ipynb, bring it back first: see CONTRIBUTING.md.",
            file=sys.stderr,
        )
        return 1
    print(f"{pairs} notebooks: both halves agree, no outputs.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Build the book from what is there: nothing is trained, no notebook is run. See `tools.book`.

From the top folder, and as ``make book``::

    python -m tools.book            # build/book/html
    python -m tools.book --plain    # without slides and the page that segments: no npm, no Keras
    python -m tools.book --slides   # build/book/slides alone
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from seglib.errors import SeglibError
from seglib.files import REPOSITORY
from seglib.program import program
from tools.book import heart, pages, slides, vendor
from tools.book.site_check import faults

EXECUTED = REPOSITORY / "reports" / "local" / "quick" / "notebooks"


def build(output: Path, executed: Path, plain: bool = False) -> Path:
    """Build the site, with every warning as an error.

    Args:
        output: Folder for sources, packages and the site, which is its ``html``.
        executed: Folder of executed notebooks.
        plain: Leave out what needs npm.

    Returns:
        The site's folder.

    Raises:
        SeglibError: npm fails, Sphinx warns, or the site has faults.
    """
    source, site = output / "source", output / "html"
    states = pages.gather(source, executed, more=() if plain else pages.MADE)
    for folder in ("_static", "_extra"):
        (source / folder).mkdir()
    shutil.copy(pages.FRAME / "book.css", source / "_static")
    if not plain:
        packages = vendor.fetch(output / "npm")
        heart.add_page(source, packages)
        add_slides(source, executed, packages)
    shutil.rmtree(site, ignore_errors=True)
    sphinx = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(output / "doctrees")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *sphinx, str(source), str(site)], cwd=REPOSITORY
    )
    if done.returncode:
        raise SeglibError("Sphinx found something wrong with the pages; see above")
    if wrong := faults(site):
        raise SeglibError("the site has faults:\n" + "\n".join(wrong))
    for state, meaning in (("missing", "not run"), ("older", "changed since their run")):
        if names := [name for name, found in states.items() if found == state]:
            print(f"{len(names)} notebooks {meaning}: {', '.join(names)}")
    return site


def add_slides(source: Path, executed: Path, packages: Path) -> None:
    """Write the sessions' slides, and a page that leads to them, into the book's sources."""
    written = slides.build(source / "_extra" / "slides", executed, packages)
    links = [f'<li><a href="slides/{name}">{title}</a></li>' for name, title in written]
    page = (pages.FRAME / "slides" / "page.md").read_text(encoding="utf-8")
    html = "\n".join(["", "```{raw} html", "<ol>", *links, "</ol>", "```", ""])
    (source / "slides.md").write_text(page + html, encoding="utf-8")


@program("tools.book")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--output", type=Path, default=REPOSITORY / "build" / "book", help="default: build/book")
    add("--executed", type=Path, default=EXECUTED, help="default: reports/local/quick/notebooks")
    add("--plain", action="store_true", help="without what npm brings")
    add("--slides", action="store_true", help="the slides alone")
    options = parser.parse_args(arguments)
    output = options.output.resolve()
    if options.slides:
        folder = output / "slides"
        written = slides.build(folder, options.executed, vendor.fetch(output / "npm"))
        print(f"{len(written)} sessions; each opens in a browser from {folder}")
        return 0
    site = build(output, options.executed, options.plain)
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 2**20
    print(f"The book ({size:.0f} MiB) opens from {site / 'index.html'}. To serve it:")
    print(f"python3 -m http.server --directory {site} --bind 127.0.0.1 8000")
    return 0


if __name__ == "__main__":
    sys.exit(main())

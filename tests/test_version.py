"""One version, wherever it is stated."""

import tomllib

import seglib
from seglib.files import REPOSITORY
from seglib.version import __version__


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert seglib.__version__ == __version__ == project["version"]
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation

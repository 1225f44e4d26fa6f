"""Links on their way into the book."""

import pytest

from study.notebook_files import HOME
from tools.book.links import rewritten

PAGES = {"README.md", "docs/glossary.md", "notebooks/01_a.ipynb", "reports/README.md"}


@pytest.fixture
def top(tmp_path):
    for name in ("LICENSE", "reports/figures/a.png", "seglib/formats/dicom.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("link, expected", [
    ("[a](../docs/glossary.md#dice)", "[a](../docs/glossary.md#dice)"),
    ("[a](01_a.ipynb)", "[a](01_a.ipynb)"),
    ("[a](#below)", "[a](#below)"),
    ("[a](https://example.org/x.md)", "[a](https://example.org/x.md)"),
    ("[a](../README.md#run-it)", "[a](../index.md#run-it)"),
    ("[a](../reports/)", "[a](../reports/README.md)"),
    ("[a](../LICENSE)", f"[a]({HOME}/blob/main/LICENSE)"),
    ("[a](../seglib/formats)", f"[a]({HOME}/tree/main/seglib/formats)"),
    ("[a](../seglib/formats/dicom.py#L3)", f"[a]({HOME}/blob/main/seglib/formats/dicom.py#L3)"),
    ("[a](../docs/gone.md)", "[a](../docs/gone.md)"),  # left for Sphinx to name
    ("[![Open](https://a.org/b.svg)](https://c.org/d)", "[Open](https://c.org/d)"),
])  # fmt: skip
def test_a_link_leads_into_the_book_or_to_the_repository(top, link, expected):
    text, pictures = rewritten(f"before {link} after", "notebooks/01_a.ipynb", top, PAGES)
    assert text == f"before {expected} after" and not pictures


def test_pictures_of_the_repository_are_named(top):
    text = "![what it shows](figures/a.png)"
    assert rewritten(text, "reports/README.md", top, PAGES) == (text, {"reports/figures/a.png"})

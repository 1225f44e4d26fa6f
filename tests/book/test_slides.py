"""Slides take what the table names from the notebooks, and nothing else."""

import tomllib

import nbformat
import pytest
from PIL import Image

from seglib.errors import DataError
from study.notebook_files import NOTEBOOKS, build
from tools.book import slides

SESSIONS = tomllib.loads(slides.TABLE.read_text(encoding="utf-8"))["session"]
new_cell = nbformat.v4.new_markdown_cell


@pytest.fixture
def figures(tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    Image.new("L", (80, 40)).save(folder / "99_wide.png")
    Image.new("L", (40, 80)).save(folder / "99_tall.png")
    return folder


def notebook(*parts):
    """Cells: text that begins with ``>`` is code."""
    make = nbformat.v4.new_code_cell
    return nbformat.v4.new_notebook(
        cells=[make(part[1:]) if part[0] == ">" else new_cell(part) for part in parts]
    )


def shown(book, heading, figures, tmp_path):
    return slides.slide(slides.sections(book)[heading], tmp_path / "slides", figures)


OPENING = "# 99 · Title\n\n[Next](x.ipynb)\n\nYou will learn\n\n- this;\n- that.\n\nTakes a minute."


def test_the_opening_is_what_is_taught(figures, tmp_path):
    text, notes = shown(notebook(OPENING), slides.OPENING, figures, tmp_path)
    assert text == "## 99 · Title\n\nYou will learn\n\n- this;\n- that." and not notes


def test_a_section_shows_the_text_before_its_figure_and_says_the_rest(figures, tmp_path):
    code = '>fig = draw()\nreporting.save_figure(fig, "99_wide", **labels)'
    book = notebook(
        OPENING, "## A", "See [Dice](../docs/glossary.md#dice).", code, "Read it.", ">x"
    )
    text, notes = shown(book, "A", figures, tmp_path)
    assert text.startswith("## A\n\nSee Dice.\n\n<img src=")
    assert 'src="figures/99_wide.png" alt="Figure of the section' in text
    assert notes == "Read it."
    assert (tmp_path / "slides" / "figures" / "99_wide.png").is_file()


def test_a_tall_figure_stands_before_the_text_so_that_it_is_beside_it(figures, tmp_path):
    book = notebook(OPENING, "## A\n\nLook.", '>stored_figure("99_tall")')
    text, _ = shown(book, "A", figures, tmp_path)
    assert text.index('class="beside"') < text.index("Look.")


def test_a_section_without_a_figure_shows_its_code_and_what_it_printed(figures, tmp_path):
    book = notebook(OPENING, "## A\n\nCount.", ">print(6 * 7)", ">more()")
    book.cells[-2].outputs = [nbformat.v4.new_output("stream", text="42\n")]
    text, _ = shown(book, "A", figures, tmp_path)
    assert text.endswith("```python\nprint(6 * 7)\n```\n\n```text\n42\n```")


def test_two_cells_may_share_a_section_and_one_cell_may_hold_two():
    book = notebook(OPENING, "## A\n\none\n\n### B\n\ntwo", ">x", "three")
    found = slides.sections(book)
    assert found["A"].parts == ["one"]
    assert found["B"].parts == ["two", book.cells[2], "three"]


def test_a_section_that_is_gone_is_named(tmp_path):
    session = {"title": "T", "notebooks": {"01_data_preparation": ["No such section"]}}
    with pytest.raises(DataError, match="01_data_preparation has no section 'No such section'"):
        slides.session_notebook(session, 1, tmp_path, tmp_path)


@pytest.mark.parametrize("number", range(1, len(SESSIONS) + 1))
def test_a_session_has_12_to_15_slides_each_with_a_heading(number, tmp_path):
    made = slides.session_notebook(SESSIONS[number - 1], number, tmp_path, tmp_path)
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in made.cells]
    assert 12 <= kinds.count("slide") <= 15
    assert all(
        cell.source.startswith("#")
        for cell, kind in zip(made.cells, kinds, strict=True)
        if kind == "slide"
    )


@pytest.mark.slow
def test_no_text_of_a_slide_is_typed_by_hand(tmp_path):
    """Every paragraph of the slides stands in a notebook, links apart."""
    texts = " ".join(
        cell.source for script in NOTEBOOKS.glob("[0-9]*.py") for cell in build(script).cells
    )
    known = "".join(slides.notebook_pages.plain(texts).split())
    for number, session in enumerate(SESSIONS, start=1):
        for cell in slides.session_notebook(session, number, tmp_path, tmp_path).cells[1:]:
            for block in cell.source.split("\n\n"):
                if not block.startswith(("<", "```")):
                    plain = "".join(slides.notebook_pages.plain(block).split())
                    assert plain in known, block

"""Notebooks on their way into the book: what is shown of results, figures and widgets."""

import nbformat
import pytest

from tools.book import notebook_pages
from tools.book.notebook_pages import alternative_text, last_paragraph, prepare, read

SCRIPT = """\
# %% [markdown]
# # 99 · A title
#
# See [Dice](../docs/glossary.md#dice).

# %% tags=["setup"]
import os

# %% [markdown]
# ## How large is *it*?
#
# Look at `x` and [y](z.md).

# %%
draw()
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "notebooks" / "99_title.py"
    path.parent.mkdir()
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def executed(script, folder, *outputs):
    """An executed copy as the runner leaves it, the last cell with these outputs."""
    notebook = notebook_pages.build(script)
    notebook.cells[-1].outputs = list(outputs)
    folder.mkdir()
    nbformat.write(notebook, folder / f"{script.stem}.ipynb")
    return folder


def shown(page):
    return prepare(page, lambda text: text)


def test_a_notebook_that_was_not_run_says_so_and_how_to_run_it(script, tmp_path):
    page = read(script, tmp_path / "nowhere")
    assert page.state == "missing"
    note = shown(page).cells[1].source
    assert notebook_pages.MISSING in note and "`make study ONLY=99`" in note


def test_results_of_an_older_text_are_said_to_be_older(script, tmp_path):
    folder = executed(script, tmp_path / "executed")
    assert read(script, folder).state == "run"
    script.write_text(SCRIPT.replace("draw()", "draw(2)"), encoding="utf-8")
    page = read(script, folder)
    assert page.state == "older" and notebook_pages.OLDER in shown(page).cells[1].source


def test_a_widget_leaves_its_still_picture_or_nothing(script, tmp_path):
    view = {notebook_pages.WIDGET: {"model_id": "1"}, "text/plain": "HBox(children=())"}
    output = nbformat.v4.new_output
    bar = output("display_data", dict(view))
    panel = output("display_data", view | {"image/png": "AAAA"})
    text = output("stream", text="42\n")
    folder = executed(script, tmp_path / "executed", bar, panel, text)
    outputs = shown(read(script, folder)).cells[-1].outputs
    assert [out.get("data", {}).keys() for out in outputs] == [{"image/png"}, set()]
    assert "HBox" not in str(outputs) and outputs[1].text == "42\n"


def test_the_state_of_widgets_which_would_fetch_scripts_is_left_out(script, tmp_path):
    page = read(script, executed(script, tmp_path / "executed"))
    page.notebook.metadata["widgets"] = {"state": {}}
    assert "widgets" not in shown(page).metadata


def test_figures_have_their_section_and_its_question_as_alternative_text(script, tmp_path):
    notebook = shown(read(script, executed(script, tmp_path / "executed")))
    alt = notebook.cells[-1].metadata["mystnb"]["image"]["alt"]
    assert alt == "Figure of the section 'How large is it?'. Look at x and y."


def test_a_figure_that_says_what_it_shows_keeps_its_own_text(script, tmp_path):
    page = read(script, executed(script, tmp_path / "executed"))
    picture = {"image/png": {"alt": 'Chart: "Dice" over epoch.'}}
    page.notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", metadata=picture)]
    alt = shown(page).cells[-1].metadata["mystnb"]["image"]["alt"]
    assert alt == "Chart: 'Dice' over epoch."  # as Sphinx takes it


def test_the_set_up_cell_is_folded(script, tmp_path):
    notebook = shown(read(script, executed(script, tmp_path / "executed")))
    assert notebook.cells[1].metadata["tags"] == ["setup", "hide-input"]


def test_links_are_rewritten_in_text_alone(script, tmp_path):
    page = read(script, executed(script, tmp_path / "executed"))
    notebook = prepare(page, str.upper)
    assert "GLOSSARY" in notebook.cells[0].source and notebook.cells[-1].source == "draw()"


@pytest.mark.parametrize("markdown, expected", [
    ("first\n\nlast *one*", "last one"),
    ("of the section before\n\n## The heading", ""),
    ("", ""),
])  # fmt: skip
def test_the_paragraph_before_a_figure_is_the_one_under_its_heading(markdown, expected):
    assert last_paragraph(markdown) == expected


def test_a_long_text_is_cut_between_words():
    alt = alternative_text("A", "word " * 100)
    assert len(alt) <= notebook_pages.LONGEST and alt.endswith("word…")

"""The two halves of a notebook pair, on small notebooks written here."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from study.notebook_files import HOME
from tools import notebooks

SCRIPT = """\
# %% [markdown]
# # A title
#
# And *some* text.

# %% tags=["parameters"]
import os

PROFILE = os.environ.get("SEGLIB_PROFILE", "quick")

# %%
# %matplotlib inline
1 + 1


# %%
1 + 1
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A folder with one notebook whose halves agree; the .ipynb half is returned."""
    (tmp_path / "01_first.py").write_text(SCRIPT)
    assert notebooks.main(["sync", "--folder", str(tmp_path)]) == 0
    return tmp_path / "01_first.ipynb"


def planted(path: Path, change) -> None:
    """Change the cells of an .ipynb file in place."""
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(json.dumps(notebook))


def checked(path: Path, capsys) -> tuple[int, str]:
    status = notebooks.main(["check", "--folder", str(path.parent)])
    return status, capsys.readouterr().err


def test_sync_makes_a_valid_notebook_without_outputs(pair):
    notebook = nbformat.read(pair, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    assert notebook.cells[0].source == "# A title\n\nAnd *some* text."
    assert notebook.cells[1].metadata == {"tags": ["parameters"]}
    assert notebook.cells[2].source == "%matplotlib inline\n1 + 1"
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.outputs == [] for cell in notebook.cells[1:])


def test_sync_again_gives_the_same_bytes(pair):
    before = pair.read_bytes()
    pair.unlink()
    notebooks.sync(pair.parent)
    assert pair.read_bytes() == before


def test_sync_leaves_a_pair_in_step_untouched(pair):
    assert notebooks.sync(pair.parent) == []


def test_cell_ids_are_unique_and_outlive_a_new_cell(pair):
    old = [cell.id for cell in nbformat.read(pair, as_version=4).cells]
    assert len(set(old)) == len(old)
    script = pair.with_suffix(".py")
    script.write_text(script.read_text().replace("# %% tags", '# %%\n"new"\n\n# %% tags'))
    notebooks.sync(pair.parent)
    new = [cell.id for cell in nbformat.read(pair, as_version=4).cells]
    assert new[:1] + new[2:] == old


def test_check_accepts_a_pair_in_step(pair, capsys):
    assert checked(pair, capsys) == (0, "")


@pytest.mark.parametrize(
    ("change", "cell", "field"),
    [
        (lambda cells: cells[2].update(source="2 + 2"), 3, "source"),
        (lambda cells: cells[0].update(cell_type="raw"), 1, "cell_type"),
        (lambda cells: cells[1]["metadata"].update(tags=["other"]), 2, "metadata"),
        (lambda cells: cells[3]["metadata"].update(collapsed=True), 4, "metadata"),
        (lambda cells: cells[3].update(execution_count=7), 4, "execution_count"),
        (lambda cells: cells[3].update(id="another"), 4, "id"),
        (
            lambda cells: cells[3].update(
                outputs=[{"output_type": "stream", "name": "stdout", "text": "2\n"}]
            ),
            4,
            "outputs",
        ),
        (lambda cells: cells.pop(), 4, "only in one half"),
        (lambda cells: cells.append(dict(cells[3], id="fifth")), 5, "only in one half"),
    ],
)
def test_check_names_the_first_cell_that_differs(pair, capsys, change, cell, field):
    planted(pair, change)
    status, message = checked(pair, capsys)
    assert status == 1
    assert f"01_first.ipynb, cell {cell}: {field}" in message
    notebooks.sync(pair.parent)
    assert checked(pair, capsys)[0] == 0


def test_check_notices_a_script_edited_after_sync(pair, capsys):
    script = pair.with_suffix(".py")
    script.write_text(script.read_text().replace("some", "other"))
    status, message = checked(pair, capsys)
    assert status == 1
    assert "01_first.ipynb, cell 1: source" in message


def test_check_notices_another_kernel(pair, capsys):
    notebook = json.loads(pair.read_text())
    notebook["metadata"]["kernelspec"]["name"] = "my-own"
    pair.write_text(json.dumps(notebook))
    status, message = checked(pair, capsys)
    assert status == 1
    assert "my-own" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# ---\n(.*\n)*?# ---\n\n", ""),
        ("#     display_name: .*\n", "#     display_name: My own\n"),
        ("#     formats: .*\n", ""),
        ("\n\n# %%\n", "\n# %%\n"),
    ],
    ids=["no header", "another kernel", "no longer a pair", "blank lines"],
)
def test_check_notices_a_script_that_jupyterlab_would_change(pair, capsys, old, new):
    script = pair.with_suffix(".py")
    kept = script.read_text()
    script.write_text(re.sub(old, new, kept, count=1))
    status, message = checked(pair, capsys)
    assert status == 1
    assert re.search(r"01_first\.py, line \d+: ", message)
    notebooks.sync(pair.parent)
    assert script.read_text() == kept
    assert checked(pair, capsys) == (0, "")


def test_the_address_of_the_repository_stands_in_pyproject_alone(pair, tmp_path, capsys):
    folder, readme = tmp_path / "notebooks", tmp_path / "README.md"
    folder.mkdir()
    script = pair.with_suffix(".py").rename(folder / "01_first.py")
    badge = "https://colab.research.google.com/github/{}/blob/main/notebooks/01_first.ipynb"
    clone, other = 'home = "{}"', 'other = "https://github.com/some/data"'
    readme.write_text(f"[Open]({badge.format('some/fork')})\n")
    text = f"# %% [markdown]\n# [Open]({badge.format('my.own/one')})\n\n"
    script.write_text(f"{text}# %%\n{clone.format('https://github.com/my.own/one')}\n{other}\n")
    assert notebooks.main(["sync", "--folder", str(folder)]) == 0
    home = badge.format(HOME.removeprefix("https://github.com/"))
    assert readme.read_text() == f"[Open]({home})\n"
    for half in (script, script.with_suffix(".ipynb")):
        saved = half.read_text().replace("\\", "")
        assert home in saved and clone.format(HOME) in saved and other in saved
    assert checked(script, capsys) == (0, "")
    readme.write_text(f"[Open]({badge.format('some/fork')})\n")
    status, message = checked(script, capsys)
    assert status == 1
    assert "README.md, line 1: " in message and "some/fork" in message


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_check_notices_a_missing_half(pair, capsys, half):
    pair.with_suffix(half).unlink()
    status, message = checked(pair, capsys)
    assert status == 1
    assert f"01_first{half}" in message


def test_check_says_which_file_is_no_notebook(pair, capsys):
    pair.write_text("not a notebook")
    status, message = checked(pair, capsys)
    assert status == 1
    assert "01_first.ipynb cannot be read" in message


def test_exercises_are_pairs_too(pair, capsys):
    folder = pair.parent / "exercises"
    folder.mkdir()
    (folder / "01_first_exercise.py").write_text(SCRIPT)
    assert checked(pair, capsys)[0] == 1
    notebooks.sync(pair.parent)
    assert (folder / "01_first_exercise.ipynb").exists()
    assert checked(pair, capsys)[0] == 0

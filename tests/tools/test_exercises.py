"""Solutions become exercises: the answers go, what leads to them stays."""

import pytest

from tools import notebooks
from tools.exercises import blank, exercise

SCRIPT = """\
# %% [markdown]
# # Solutions 01 · A title
#
# [badge](notebooks/solutions/01_first.ipynb)

# %% tags=["setup"]
root = "notebooks/solutions"

# %% [markdown]
# What are the solutions of this equation?

# %% tags=["solution"]
# A step on the way.
step = 6 * 7
answer: int = step

# %%
print("solutions", answer)
"""


@pytest.mark.parametrize("source, left", [
    ("x: float = 3", "x: float = ...  # write your answer here"),
    ("x: list[int] = [1]", "x: list[int] = ...  # write your answer here"),
    ("half = 1\nx: int = half + half", "x: int = ...  # write your answer here"),
    ("import numpy as np\nx: float = np.ones(2)[0]\nassert x",
     "import numpy as np\nx: float = ...  # write your answer here"),
    ("def f(a, *, b: int = 2) -> int:\n    '''Say what.'''\n    # why\n    return a + b",
     "def f(a, *, b: int=2) -> int:\n    \"\"\"Say what.\"\"\"\n"
     "    return ...  # write your answer here"),
    ("def f(a):\n    return a\ndef g(a):\n    return f(a)",
     "def f(a):\n    return ...  # write your answer here\n"
     "def g(a):\n    return ...  # write your answer here"),
])  # fmt: skip
def test_the_answers_of_a_cell_become_blanks(source, left):
    assert blank(source) == left


@pytest.mark.parametrize("source", ["print(3)", "x = 1", "x += 1", "x.y = 3", "a, b = 1, 2"])
def test_a_cell_without_an_answer_is_refused(source):
    with pytest.raises(ValueError, match="no answer to take out"):
        blank(source)


def test_the_title_and_the_folder_change_and_the_text_does_not():
    text = exercise(SCRIPT)
    assert "# # Exercises 01 · A title" in text and "notebooks/exercises/01_first.ipynb" in text
    assert 'root = "notebooks/exercises"' in text
    assert "What are the solutions of this equation?" in text
    assert 'print("solutions", answer)' in text
    assert "answer: int = ...  # write your answer here" in text
    assert "step" not in text and '"solution"' not in text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "01_first.py").write_text(SCRIPT)
    return tmp_path


def test_sync_makes_both_pairs_and_check_finds_an_edited_exercise(folder, capsys):
    assert notebooks.check(folder) != []
    notebooks.sync(folder)
    made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*_first.*"))
    assert made == [f"{part}/01_first.{end}" for part in ("exercises", "solutions")
                    for end in ("ipynb", "py")]  # fmt: skip
    assert notebooks.check(folder) == [] and notebooks.sync(folder) == []
    path = folder / "exercises" / "01_first.py"
    path.write_text(path.read_text().replace("answer: int = ...", "answer: int = 42"))
    assert any("not what its solutions give" in message for message in notebooks.check(folder))
    notebooks.sync(folder)
    assert notebooks.check(folder) == []

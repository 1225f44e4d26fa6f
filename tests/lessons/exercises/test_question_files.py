"""Questions and solutions are found by a name alone."""

import pytest

from seglib import lessons
from seglib.errors import DataError
from seglib.lessons.exercises import question_files

DEFINITIONS = """
from seglib.lessons.exercises.questions import ValueQuestion

QUESTIONS = [ValueQuestion(name="98-a", answer="a", level="apply", minutes=1, points=1, expected=2)]
"""
SOLUTIONS = """\
# %% tags=["solution"]
other = 1

# %% tags=["solution"]
# Two, because.
a: int = 2

# %%
print(a)

# %%
lessons.question("98-a").check(a)

# %% tags=["solution"]
late = 3
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setattr(question_files, "NOTEBOOKS", tmp_path)
    for folder, text in (("questions", DEFINITIONS), ("solutions", SOLUTIONS)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "98_toy.py").write_text(text)
    return tmp_path


def test_a_question_is_found_by_its_name(course):
    assert repr(lessons.question("98-a").check(2)) == "98-a: right."


@pytest.mark.parametrize("name, said", [
    ("98-b", "no question '98-b'; notebook 98 has 98-a"),
    ("97-a", "no notebook '97' has questions; these have: 98"),
    ("", "no notebook '' has questions"),
])  # fmt: skip
def test_a_wrong_name_is_answered_with_the_right_ones(course, name, said):
    with pytest.raises(DataError, match=said):
        lessons.question(name)


def test_the_solution_is_the_answer_before_the_check_with_its_comments(course):
    assert repr(lessons.question("98-a").solution()) == "# Two, because.\na: int = 2"


def test_without_the_solutions_a_student_is_sent_to_the_teacher(course):
    (course / "solutions" / "98_toy.py").unlink()
    assert "ask your teacher" in lessons.question("98-a").solution()

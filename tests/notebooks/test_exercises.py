"""The exercises: a solution that earns every point, and a message of its own for each mistake."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from seglib.files import REPOSITORY
from seglib.lessons.exercises.question_files import questions_of, solution_of
from seglib.lessons.exercises.questions import FunctionQuestion, OpenQuestion, Question, State
from study.notebook_execution import environment, execute
from tools import notebooks

SOLUTIONS = sorted((notebooks.NOTEBOOKS / "solutions").glob("*.py"))
LESSONS = sorted(notebooks.NOTEBOOKS.glob("[0-9]*.py"))
QUESTIONS = [question for path in SOLUTIONS for question in questions_of(path.stem[:2])]
#: Sources of hidden inputs: those of a notebook, and others, as the grader draws them.
SEEDS = (0, 1, 2)

each_notebook = pytest.mark.parametrize("script", SOLUTIONS, ids=lambda path: path.stem)
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)


def right_answer(question: Question):
    """A right answer, worked out by the definitions."""
    if isinstance(question, FunctionQuestion):
        return question.reference
    if isinstance(question, OpenQuestion):
        return question.example
    return question.expected() if callable(question.expected) else question.expected


def code_cells(script: Path) -> list[str]:
    return [cell.source for cell in notebooks.build(script).cells if cell.cell_type == "code"]


@each_notebook
def test_the_notebook_checks_each_of_its_questions_once_in_their_order(script):
    asked = re.findall(r'question\("([\w-]+)"\)\.check\((\w+)\)', "\n".join(code_cells(script)))
    questions = questions_of(script.stem[:2])
    assert asked == [(question.name, question.answer) for question in questions]
    assert all(name.startswith(f"{script.stem[:2]}-") for name, _ in asked)
    assert len(questions) == 5
    assert (notebooks.NOTEBOOKS / "questions" / script.name).is_file()
    levels = [question.level for question in questions]
    assert levels[0] == "predict" and "apply" in levels and levels[-1] == "build"


def test_every_notebook_has_exercises():
    assert [path.name for path in SOLUTIONS] == [path.name for path in LESSONS]


@each_notebook
def test_the_text_states_level_time_points_and_what_to_expect(script):
    texts = [c.source for c in notebooks.build(script).cells if c.cell_type == "markdown"]
    cards = [line for text in texts for line in text.split("\n") if line.startswith("Level: ")]
    assert cards == [question.card for question in questions_of(script.stem[:2])]
    assert sum("*Expected: " in text for text in texts) == len(cards)


@each_notebook
def test_cells_are_short_and_the_lesson_leads_to_its_exercises(script):
    assert max(len(source.splitlines()) for source in code_cells(script)[1:]) <= 12
    lesson = (notebooks.NOTEBOOKS / script.name).read_text(encoding="utf-8")
    section = lesson.split("# ## Exercises\n")[1]
    assert f"(exercises/{script.stem}.ipynb)" in section
    assert len(re.findall(r"^# \d\. ", section, re.MULTILINE)) == len(questions_of(script.stem[:2]))


@each_question
def test_right_answers_are_right_and_blanks_not_attempted(question):
    for seed in SEEDS:
        assert question.check(right_answer(question), seed).state is State.RIGHT
    assert question.check(...).state is State.NOT_ATTEMPTED
    assert solution_of(question.name)
    assert question.hints


@each_question
def test_every_mistake_gets_its_own_message(question):
    assert len(question.mistakes) >= 3
    messages = [mistake.message for mistake in question.mistakes]
    assert len(set(messages)) == len(messages)
    for mistake in question.mistakes:
        for seed in SEEDS:
            found = question.check(mistake.wrong, seed)
            assert (found.state, found.message) == (State.WRONG, mistake.message)


@each_question
@pytest.mark.parametrize("junk", [None, "junk", 1e9, [], {}, object(), lambda *a: object()])
def test_no_answer_breaks_a_check(question, junk):
    assert question.check(junk).state is State.WRONG


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_the_set_up_cell_finds_the_folder_from_wherever_it_is_run(folder):
    scripts = sorted((notebooks.NOTEBOOKS / folder).glob("*.py"))
    (cell,) = {code_cells(script)[0] for script in scripts}
    code = f"{cell}\nimport seglib\nprint(os.getcwd(), seglib.__file__, sep='|')"
    here = notebooks.NOTEBOOKS / folder
    for place in (REPOSITORY, notebooks.NOTEBOOKS, here):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{here}|{REPOSITORY}/seglib/__init__.py\n"


@pytest.mark.slow
def test_an_exercise_shows_its_feedback_in_a_kernel(tmp_path):
    """The grader runs all exercises and solutions; this one runs as a student runs it."""
    script = notebooks.NOTEBOOKS / "exercises" / SOLUTIONS[0].name
    made = execute(script, tmp_path / "made.ipynb", environment("smoke", "phantom", 0, tmp_path))
    shown = [
        output["data"]
        for cell in made.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "execute_result"
    ]
    names = [question.name for question in questions_of(script.stem[:2])]
    assert [one["text/plain"] for one in shown] == [f"{name}: not attempted." for name in names]
    assert all("<b>" in one["text/html"] for one in shown)

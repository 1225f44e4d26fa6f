"""From a folder to a table: the command, the exercises of the course, and what a cell may hold."""

import csv

import pytest
from toy_exercise import CELLS, QUESTIONS, TOTAL, submit

from seglib.files import REPOSITORY
from seglib.lessons.exercises.question_files import questions_of
from seglib.lessons.exercises.questions import Feedback, State
from study.notebook_files import NOTEBOOKS
from tools.grade.__main__ import main
from tools.grade.confine import Limits
from tools.grade.marks import Grader, Mark, grade_folder, write_marks
from tools.grade.submission import read

EXERCISES = sorted((NOTEBOOKS / "exercises").glob("*.ipynb"))


@pytest.fixture
def toy(tmp_path):
    """The file of questions of the toy exercise."""
    path = tmp_path / "toy.py"
    path.write_text("from toy_exercise import QUESTIONS\n")
    return str(path)


def rows(path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_command_grades_a_folder_of_folders(toy, tmp_path, capsys):
    submit(tmp_path / "in" / "Ana Ñandú_12" / "toy.ipynb", CELLS)
    submit(tmp_path / "in" / "Bo_13" / "toy.ipynb", [CELLS[0], "total = 41"])
    output = tmp_path / "marks.csv"
    assert main([str(tmp_path / "in"), "--exercise", toy, "--output", str(output)]) == 0
    first, second = rows(output)
    assert (first["submission"], first["points"], first["of"]) == (
        "Ana Ñandú_12/toy.ipynb",
        "6",
        "6",
    )
    assert [second[name] for name in ("points", "99-total", "99-mean")] == ["0", "0", "0"]
    assert second["99-total feedback"] == "wrong. You forgot one."
    assert second["99-mean feedback"] == "not attempted. There is no `mean` in the notebook."
    assert "2 submissions graded, hidden inputs of seed" in capsys.readouterr().out


@pytest.mark.slow
def test_hidden_inputs_follow_from_the_seed(tmp_path):
    tells = "def mean(values):\n    if len(values) == 2: return 3\n    raise ValueError(values)"
    submission = read(submit(tmp_path / "a.ipynb", [tells]))
    same, again, other = (
        Grader(QUESTIONS, Limits(30, 10, 1024), seed).grade("a", submission).feedback["99-mean"]
        for seed in (1, 1, 2)
    )
    assert "ValueError: [" in same.message
    assert same == again != other


def test_a_folder_that_is_none_is_named(toy, tmp_path, capsys):
    arguments = [str(tmp_path / "none"), "--exercise", toy, "--output", str(tmp_path / "m.csv")]
    assert main(arguments) == 1
    assert "none is no folder; name the one with the notebooks" in capsys.readouterr().err


def test_a_folder_without_notebooks_is_named(toy, tmp_path, capsys):
    arguments = [str(tmp_path), "--exercise", toy, "--output", str(tmp_path / "m.csv")]
    assert main(arguments) == 1
    assert "holds no .ipynb file" in capsys.readouterr().err
    assert not (tmp_path / "m.csv").exists()


@pytest.mark.slow
def test_a_fault_of_the_grader_costs_no_other_submission_its_mark(tmp_path, monkeypatch):
    for name in ("a", "b"):
        submit(tmp_path / f"{name}.ipynb", CELLS)
    judge = Grader._judge

    def fails_once(self, question, session, submission, failed):
        if question.name == "99-mean" and not faults:
            faults.append(question)
            raise OSError("disk")
        return judge(self, question, session, submission, failed)

    faults: list = []
    monkeypatch.setattr(Grader, "_judge", fails_once)
    marks = grade_folder(tmp_path, Grader(QUESTIONS, Limits(30, 10, 1024), 1), workers=1)
    assert [mark.points(QUESTIONS) for mark in marks] == [1, 6]
    assert marks[0].feedback["99-mean"].state is State.NOT_CHECKED
    assert "please report OSError: disk" in marks[0].feedback["99-letter"].message


def test_no_cell_of_the_table_is_a_formula_or_breaks_the_line(tmp_path):
    mark = Mark("=cmd()|x.ipynb", notes=["-1\n@x"])
    for question in QUESTIONS:
        mark.feedback[question.name] = Feedback(question.name, State.WRONG, "a\tb\x00")
    write_marks(tmp_path / "m.csv", [mark], QUESTIONS)
    (row,) = rows(tmp_path / "m.csv")
    assert row["submission"] == "'=cmd()|x.ipynb" and row["notes"] == "'-1 @x"
    assert row["99-mean feedback"] == "wrong. a b "


@pytest.mark.slow
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda path: path.stem)
def test_solutions_earn_every_point_and_blanks_none(exercise):
    """Each notebook of the course runs through the grader from its first cell to its last."""
    questions = questions_of(exercise.name[:2])
    grader = Grader(questions, Limits(), 11, [REPOSITORY / "notebooks"])
    blank, solved = (
        grader.grade(folder, read(NOTEBOOKS / folder / exercise.name))
        for folder in ("exercises", "solutions")
    )
    assert solved.notes == blank.notes == []
    assert {found.state for found in solved.feedback.values()} == {State.RIGHT}
    assert {found.state for found in blank.feedback.values()} == {State.NOT_ATTEMPTED}
    assert solved.points(questions) == sum(question.points for question in questions)


def test_the_questions_of_a_submission_are_read_from_its_cells(tmp_path):
    cells = [*CELLS, "lessons . question( '01-crop' ).hint()", TOTAL]
    assert read(submit(tmp_path / "a.ipynb", cells)).questions() == {
        "99-total", "99-mean", "99-letter", "01-crop"}  # fmt: skip

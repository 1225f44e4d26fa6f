"""From submissions to marks: each read, run and judged by itself, several side by side."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seglib.lessons.exercises.answers import AnswerError
from seglib.lessons.exercises.questions import Feedback, Question, State
from tools.grade.confine import Limits
from tools.grade.session import EndedError, Session
from tools.grade.submission import Submission, read

#: Cells that end or hang the process are left out one after the other, so many at most.
MOST_SKIPPED = 5


@dataclass
class Mark:
    """What a submission has earned.

    Attributes:
        submission: Its path below the folder of submissions.
        feedback: Of each question, by name.
        notes: What the teacher should know of it, and the student may.
        fences: What stood around its process.
    """

    submission: str
    feedback: dict[str, Feedback] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    fences: list[str] = field(default_factory=list)

    def points(self, questions: Sequence[Question]) -> int:
        """The sum over the questions that are right."""
        right = {name for name, found in self.feedback.items() if found.state is State.RIGHT}
        return sum(question.points for question in questions if question.name in right)


class Grader:
    """Grades submissions of one exercise."""

    def __init__(
        self,
        questions: Sequence[Question],
        limits: Limits,
        seed: int,
        closed: Sequence[Path] = (),
    ):
        """Set what all submissions share.

        Args:
            questions: The definitions that count.
            limits: Of each submission.
            seed: Of the hidden inputs.
            closed: Folders that a submission may not read.
        """
        self.questions, self.limits, self.seed, self.closed = questions, limits, seed, closed

    def grade(self, name: str, submission: Submission) -> Mark:
        """Grade one submission; whatever it is, a mark comes of it.

        Args:
            name: What to call it.
            submission: Its cells, or why there are none.
        """
        mark = Mark(printable(name), notes=list(submission.notes))
        try:
            self._grade(mark, submission)
        except Exception as error:  # a fault of the grader must not cost the others their marks
            message = f"The grader failed; please report {type(error).__name__}: {error}"
            self._all(mark, State.NOT_CHECKED, message)
        mark.notes = [printable(note) for note in mark.notes]
        return mark

    def _grade(self, mark: Mark, submission: Submission) -> None:
        if submission.fault:
            self._all(mark, State.NOT_CHECKED, submission.fault)
            return
        asked = submission.questions()
        known = {question.name for question in self.questions}
        if asked and not asked & known:
            others = ", ".join(sorted(asked)[:3])
            mark.notes.append(f"it belongs to another exercise: it asks {others}")
        skipped: dict[int, str] = {}
        deadline = time.monotonic() + self.limits.seconds
        left = list(self.questions)
        while left and len(skipped) <= MOST_SKIPPED:
            with Session(self.limits, deadline, self.closed) as session:
                try:
                    session.run(submission.cells, [q.answer for q in self.questions], [*skipped])
                except EndedError as error:
                    if error.cell is None or time.monotonic() >= deadline:
                        self._all(mark, State.NOT_CHECKED, f"The notebook {error.reason}.")
                        break
                    skipped[error.cell] = error.reason
                    continue
                failed = skipped | session.errors
                mark.fences = session.fences
                while left:
                    question = left.pop(0)
                    found = self._judge(question, session, submission, failed)
                    mark.feedback[question.name] = found
                    if not session.alive:
                        break  # the others are asked in a process of their own
        self._all(mark, State.NOT_CHECKED, f"More than {MOST_SKIPPED} cells end the notebook.")
        mark.notes += [f"cell {n + 1} was left out: it {why}" for n, why in skipped.items()]
        errors = {n: text for n, text in session.errors.items() if n not in skipped}
        mark.notes += [f"cell {n + 1}: {_short(text)}" for n, text in sorted(errors.items())]

    def _judge(
        self, question: Question, session: Session, submission: Submission, failed: dict[int, str]
    ) -> Feedback:
        """Judge the last value that an answer has had; a blank that came later does not count."""
        try:
            kinds = session.kinds(question.answer)
            for which in reversed(range(len(kinds))):
                answer: Any = Function(session, question.answer, which)
                if kinds[which] != "function":
                    answer = session.value(question.answer, which)
                found = question.check(answer, self.seed)
                if found.state is not State.NOT_ATTEMPTED:
                    return found
        except AnswerError as error:
            return Feedback(question.name, State.WRONG, f"Your answer cannot be used: {error}.")
        except EndedError as error:
            return Feedback(question.name, State.NOT_CHECKED, f"The notebook {error.reason}.")
        gives = re.compile(rf"^\s*(?:def\s+{question.answer}\b|{question.answer}\s*[:=])", re.M)
        for number, why in failed.items():
            if gives.search(submission.cells[number]):
                where = f"Cell {number + 1}, which should give `{question.answer}`, failed"
                return Feedback(question.name, State.WRONG, f"{where}: {_short(why)}.")
        absent = "" if kinds else f"There is no `{question.answer}` in the notebook."
        return Feedback(question.name, State.NOT_ATTEMPTED, absent)

    def _all(self, mark: Mark, state: State, message: str) -> None:
        """Give all questions without feedback the same one."""
        for question in self.questions:
            mark.feedback.setdefault(question.name, Feedback(question.name, state, message))


class Function:
    """A function of a submission: called here, it runs there."""

    def __init__(self, session: Session, name: str, which: int):
        self._place = session, name, which

    def __call__(self, *arguments: Any) -> Any:
        session, name, which = self._place
        return session.value(name, which, arguments)


def _short(text: str) -> str:
    """The last line of an error, cut."""
    return text.strip().split("\n")[-1][:200]


def grade_folder(
    folder: Path, grader: Grader, workers: int, report: Callable[[Mark], None] = lambda _: None
) -> list[Mark]:
    """Grade every notebook below a folder.

    Args:
        folder: Holds the submissions, in folders of their own or not.
        grader: Says how.
        workers: How many run side by side.
        report: Called with each mark as soon as it is there.

    Returns:
        The marks, in the order of the paths.
    """
    paths = sorted(
        path
        for path in folder.rglob("*.ipynb")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    )
    # All are read before any runs: none can change another.
    found = {path.relative_to(folder).as_posix(): read(path) for path in paths}

    def grade(name: str) -> Mark:
        mark = grader.grade(name, found[name])
        report(mark)
        return mark

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(grade, found))


def write_marks(path: Path, marks: Sequence[Mark], questions: Sequence[Question]) -> None:
    """Write a line a submission: points in all, notes, and for each question points and feedback.

    Args:
        path: The CSV file.
        marks: Of `grade_folder`.
        questions: Of the exercise.
    """
    total = sum(question.points for question in questions)
    columns = [column for q in questions for column in (q.name, f"{q.name} feedback")]
    rows = [["submission", "points", "of", *columns, "notes", "fences"]]
    for mark in marks:
        row = [mark.submission, mark.points(questions), total]
        for question in questions:
            found = mark.feedback[question.name]
            row += [question.points if found.state is State.RIGHT else 0]
            row += [f"{found.state.value}. {found.message}".strip()]
        rows.append([*row, "; ".join(mark.notes), ", ".join(mark.fences)])
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[_harmless(value) for value in row] for row in rows])


def printable(text: str) -> str:
    """A text in one line, without what would move a terminal's cursor or colour it."""
    return "".join(c if c.isprintable() else " " for c in text)


def _harmless(value: Any) -> Any:
    """A text in one line that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text

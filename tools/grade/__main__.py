"""The command line of the grader: a folder of notebooks in, a table of marks out."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

from seglib.errors import DataError
from seglib.files import REPOSITORY
from seglib.lessons.exercises.question_files import questions_of, read_questions
from seglib.lessons.exercises.questions import Question
from seglib.program import program, seed_number, whole_number
from seglib.staging import require_writable
from tools.grade.confine import Limits, namespaces
from tools.grade.marks import Grader, Mark, grade_folder, write_marks


def definitions(exercise: str) -> list[Question]:
    """The questions of an exercise: a notebook's number, or a file of definitions."""
    path = Path(exercise)
    return read_questions(path.resolve()) if path.suffix == ".py" else questions_of(exercise)


@program("tools.grade")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.grade",
        description="Grade every notebook below a folder; docs/grading.md says how.",
    )
    limits = Limits()
    parser.add_argument("submissions", type=Path, help="folder of .ipynb files")
    parser.add_argument("--exercise", required=True, help="01, 02, ..., or a file of questions")
    parser.add_argument("--output", type=Path, required=True, help="the CSV file to write")
    parser.add_argument("--seed", type=seed_number, help="of the hidden inputs; default: drawn")
    number = whole_number(1)
    parser.add_argument("--seconds", type=number, default=limits.seconds, help="a submission")
    parser.add_argument("--cell-seconds", type=number, default=limits.cell_seconds, help="a cell")
    parser.add_argument("--memory-mb", type=number, default=limits.memory_mb, help="a submission")
    parser.add_argument("--workers", type=number, default=max(1, (os.cpu_count() or 2) // 2))
    options = parser.parse_args(arguments)
    if not options.submissions.is_dir():
        raise DataError(f"{options.submissions} is no folder; name the one with the notebooks")
    require_writable(options.output, "name another file with --output", folder=False)
    questions = definitions(options.exercise)
    seed = secrets.randbits(31) if options.seed is None else options.seed
    chosen = Limits(options.seconds, options.cell_seconds, options.memory_mb)
    needed = [REPOSITORY / "seglib", Path(sys.prefix), Path(sys.base_prefix)]
    private = [REPOSITORY / "notebooks", REPOSITORY / ".git", options.submissions]
    closed = [
        p for p in private if not any(n.resolve().is_relative_to(p.resolve()) for n in needed)
    ]
    grader = Grader(questions, chosen, seed, closed)
    total = sum(question.points for question in questions)

    def say(mark: Mark) -> None:
        notes = f" ({'; '.join(mark.notes)})" if mark.notes else ""
        print(f"{mark.points(questions)}/{total} {mark.submission}{notes}", flush=True)

    if not namespaces():
        print("No network namespaces here: network is refused in Python only.", file=sys.stderr)
    marks = grade_folder(options.submissions, grader, options.workers, say)
    if not marks:
        raise DataError(f"{options.submissions} holds no .ipynb file, in no folder below it")
    write_marks(options.output, marks, questions)
    print(f"{len(marks)} submissions graded, hidden inputs of seed {seed}: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

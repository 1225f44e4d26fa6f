"""The questions of an exercise as tests of otter-grader, for a course that already runs on it::

    python -m tools.grade.otter 01 --output autograder.zip
    otter run -a autograder.zip submission.ipynb

Each test asks a question's own `check`, so that the feedback is the same. Otter knows passed and
failed alone: *not attempted* and *could not be checked* fail, with that text. The tests need seglib
and its notebooks where they run.
"""

from __future__ import annotations

import argparse
import json
import pprint
import sys
import zipfile
from pathlib import Path

from seglib.lessons.exercises.question_files import questions_of
from seglib.lessons.exercises.questions import Question
from seglib.program import program
from seglib.staging import require_writable

#: Prints nothing to a right answer, as the doctest expects, and else the feedback.
CODE = """\
>>> from seglib import lessons
>>> found = lessons.question({name!r}).check(globals().get({answer!r}, ...))
>>> found if found.state.value != "right" else None
"""


def test_file(question: Question) -> str:
    """The test of a question in otter's OK format: a Python file that defines ``test``."""
    case = {
        "code": CODE.format(name=question.name, answer=question.answer),
        "hidden": False,
        "locked": False,
        "points": question.points,
        "success_message": question.right or "Right.",
        "failure_message": "The output below says what was found.",
    }
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    test = {"name": question.name, "points": None, "suites": [suite]}
    return f"OK_FORMAT = True\n\ntest = {pprint.pformat(test, sort_dicts=False, width=96)}\n"


def export(questions: list[Question], path: Path) -> None:
    """Write the zip that ``otter run`` calls the autograder.

    Args:
        questions: Of an exercise.
        path: The file to write.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python", "pdf": False}))
        for question in questions:
            archive.writestr(f"tests/{question.name}.py", test_file(question))


@program("tools.grade.otter")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.grade.otter")
    parser.description = "Write the questions of an exercise as an autograder of otter-grader."
    parser.add_argument("exercise", help="01, 02, ...")
    parser.add_argument("--output", type=Path, default=Path("autograder.zip"))
    options = parser.parse_args(arguments)
    require_writable(options.output, "name another file with --output", folder=False)
    questions = questions_of(options.exercise)
    export(questions, options.output)
    print(f"{len(questions)} tests: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

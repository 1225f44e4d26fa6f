"""Where the questions of the exercises stand, and their solutions: found by a question's name."""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.errors import DataError
from seglib.files import REPOSITORY

if TYPE_CHECKING:
    from seglib.lessons.exercises.questions import Question

NOTEBOOKS = REPOSITORY / "notebooks"


def question(name: str) -> Question:
    """The question of a name.

    Args:
        name: As the exercise writes it, e.g. ``"01-volume"``.

    Raises:
        DataError: There is no such question.
    """
    found = {one.name: one for one in questions_of(name[:2])}
    if name not in found:
        raise DataError(
            f"there is no question {name!r}; notebook {name[:2]} has {', '.join(found)}"
        )
    return found[name]


def questions_of(number: str) -> list[Question]:
    """The questions of a notebook, in their order.

    Args:
        number: Of the notebook: ``"01"``.

    Raises:
        DataError: That notebook has no questions.
    """
    found = sorted((NOTEBOOKS / "questions").glob("[0-9][0-9]_*.py"))
    known = {path.name[:2]: path for path in found}
    if number not in known:
        raise DataError(f"no notebook {number!r} has questions; these have: {', '.join(known)}")
    return read_questions(known[number])


@functools.cache
def read_questions(path: Path) -> list[Question]:
    """The ``QUESTIONS`` that a file defines.

    Args:
        path: A Python file; it is run once.
    """
    spec = importlib.util.spec_from_file_location(f"questions_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.QUESTIONS)


def solution_of(name: str) -> str | None:
    """The reference answer to a question, or None where the solutions are absent.

    It is the last cell tagged as a solution before the cell that checks the question.

    Args:
        name: Of the question.
    """
    for script in sorted((NOTEBOOKS / "solutions").glob(f"{name[:2]}_*.py")):
        last = None
        for cell in re.split(r"^# %%", script.read_text(encoding="utf-8"), flags=re.MULTILINE):
            heading, _, body = cell.partition("\n")
            if '"solution"' in heading:
                last = body.strip()
            elif f'question("{name}").check' in body:
                return last
    return None

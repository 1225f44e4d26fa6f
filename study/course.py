"""The tables of the instructor's guide: what each session reads, runs and asks for."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

from seglib import reporting
from seglib.files import REPOSITORY
from seglib.lessons.exercises.question_files import questions_of
from study.front_page import DURATIONS
from study.notebook_files import NOTEBOOKS

if TYPE_CHECKING:
    from seglib.lessons.exercises.questions import Question

GUIDE = REPOSITORY / "docs" / "course.md"

#: Sessions and their notebooks stand once, where the slides are made from.
SESSIONS = REPOSITORY / "docs" / "book" / "slides.toml"

#: Words that a reader takes in a minute: slow, as for a text in a foreign language.
WORDS_PER_MINUTE = 150


def blocks() -> dict[str, str]:
    """The guide's blocks, by the name of their markers."""
    tables = {
        f"session_{number}": questions_table(session)
        for number, session in enumerate(sessions(), start=1)
    }
    return {"sessions": sessions_table()} | tables


def sessions() -> list[dict]:
    """Each session's ``title``, its ``notebooks`` and the names of the questions of its ``lab``."""
    return tomllib.loads(SESSIONS.read_text(encoding="utf-8"))["session"]


def questions_of_session(session: dict) -> list[Question]:
    """The questions of a session's notebooks, in their order."""
    return [one for name in session["notebooks"] for one in questions_of(name[:2])]


def sessions_table() -> str:
    """One row a session, in Markdown: minutes to read, to run and to answer, and points."""
    import pandas as pd

    seconds = json.loads(DURATIONS.read_text(encoding="utf-8"))
    rows = []
    for number, session in enumerate(sessions(), start=1):
        names, questions = list(session["notebooks"]), questions_of_session(session)
        in_lab = [question for question in questions if question.name in session["lab"]]
        at_home = [question for question in questions if question.name not in session["lab"]]
        rows.append(
            {
                "session": number,
                "title": session["title"],
                "notebooks": ", ".join(name[:2] for name in names),
                "read (min)": round(sum(words(name) for name in names) / WORDS_PER_MINUTE),
                "run (min)": f"{sum(seconds[name] for name in names) / 60:.1f}",
                "lab (min)": sum(question.minutes for question in in_lab),
                "lab points": sum(question.points for question in in_lab),
                "home (min)": sum(question.minutes for question in at_home),
                "home points": sum(question.points for question in at_home),
            }
        )
    return reporting.to_markdown(pd.DataFrame(rows)).strip()


def questions_table(session: dict) -> str:
    """One row a question of a session, in Markdown: what it asks, and where it is answered.

    Args:
        session: One of `sessions`.
    """
    import pandas as pd

    rows = [
        {
            "question": f"`{question.name}`",
            "about": title_of(question.name),
            "level": question.level,
            "minutes": question.minutes,
            "points": question.points,
            "where": "lab" if question.name in session["lab"] else "home",
        }
        for question in questions_of_session(session)
    ]
    return reporting.to_markdown(pd.DataFrame(rows)).strip()


def title_of(question: str) -> str:
    """The heading under which the exercises ask a question.

    Args:
        question: Its name.
    """
    (script,) = (NOTEBOOKS / "exercises").glob(f"{question[:2]}_*.py")
    asked, _, _ = script.read_text(encoding="utf-8").partition(f"`{question}`\n")
    return re.findall(r"^# ## \d · (.+)$", asked, flags=re.MULTILINE)[-1]


def words(name: str) -> int:
    """How many words the text of a notebook has; links count by what is shown of them.

    Args:
        name: Of the notebook, without an ending.
    """
    script = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    cells = re.split(r"^# %%", script, flags=re.MULTILINE)
    text = "\n".join(cell.partition("\n")[2] for cell in cells if cell.startswith(" [markdown]"))
    return len(re.findall(r"\b[^\W\d_]{2,}", re.sub(r"\]\([^)]*\)", "]", text)))

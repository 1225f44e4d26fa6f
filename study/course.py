"""The table of the instructor's guide: what each session reads, runs and asks for."""

from __future__ import annotations

import json
import re
import tomllib

from seglib import reporting
from seglib.files import REPOSITORY
from seglib.lessons.exercises.question_files import questions_of
from study.front_page import DURATIONS
from study.notebook_files import NOTEBOOKS

GUIDE = REPOSITORY / "docs" / "course.md"

#: Sessions and their notebooks stand once, where the slides are made from.
SESSIONS = REPOSITORY / "docs" / "book" / "slides.toml"

#: Words that a reader takes in a minute: slow, as for a text in a foreign language.
WORDS_PER_MINUTE = 150


def blocks() -> dict[str, str]:
    """The guide's blocks, by the name of their markers."""
    return {"sessions": sessions_table()}


def sessions_table() -> str:
    """One row a session, in Markdown: minutes to read, to run, to answer, and the points."""
    import pandas as pd

    seconds = json.loads(DURATIONS.read_text(encoding="utf-8"))
    sessions = tomllib.loads(SESSIONS.read_text(encoding="utf-8"))["session"]
    rows = []
    for number, session in enumerate(sessions, start=1):
        names = list(session["notebooks"])
        questions = [question for name in names for question in questions_of(name[:2])]
        rows.append(
            {
                "session": number,
                "title": session["title"],
                "notebooks": ", ".join(name[:2] for name in names),
                "read (min)": round(sum(words(name) for name in names) / WORDS_PER_MINUTE),
                "run (min)": f"{sum(seconds[name] for name in names) / 60:.1f}",
                "questions": len(questions),
                "answer (min)": sum(question.minutes for question in questions),
                "points": sum(question.points for question in questions),
            }
        )
    return reporting.to_markdown(pd.DataFrame(rows)).strip()


def words(name: str) -> int:
    """How many words the text of a notebook has; links count by what is shown of them.

    Args:
        name: Of the notebook, without an ending.
    """
    script = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    cells = re.split(r"^# %%", script, flags=re.MULTILINE)
    text = "\n".join(cell.partition("\n")[2] for cell in cells if cell.startswith(" [markdown]"))
    return len(re.findall(r"\b[^\W\d_]{2,}", re.sub(r"\]\([^)]*\)", "]", text)))

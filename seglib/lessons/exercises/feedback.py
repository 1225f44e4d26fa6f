"""What a check says: one of four states, and a message; as text and for JupyterLab."""

from __future__ import annotations

import html
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What is known of an answer; the four are never mixed up."""

    NOT_ATTEMPTED = "not attempted"
    WRONG = "wrong"
    RIGHT = "right"
    NOT_CHECKED = "could not be checked"


_COLOURS = {
    State.NOT_ATTEMPTED: "#777777",
    State.WRONG: "#D55E00",
    State.RIGHT: "#009E73",
    State.NOT_CHECKED: "#0072B2",
}


@dataclass(frozen=True)
class Feedback:
    """What a check found, shown as text or, in JupyterLab, with a coloured bar.

    Attributes:
        question: Name of the question.
        state: Which of the four.
        message: What to know or to do, in whole sentences; may be empty.
    """

    question: str
    state: State
    message: str = ""

    def __repr__(self) -> str:
        return f"{self.question}: {self.state.value}. {self.message}".strip()

    def _repr_html_(self) -> str:
        text = html.escape(self.message).replace("\n", "<br>")
        bar = f"border-left: 6px solid {_COLOURS[self.state]}; padding-left: 8px"
        head = f"<b>{html.escape(self.question)}: {self.state.value}.</b>"
        return f'<div style="{bar}">{head} {text}</div>'


class Text(str):
    """A hint or a solution: a notebook shows it as it is written."""

    __repr__ = str.__str__

"""A small exercise and a notebook that solves it: what the grader is tried on."""

import json
from pathlib import Path

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

COMMON = {"level": "apply", "minutes": 1}
QUESTIONS = [
    ValueQuestion(name="99-total", answer="total", points=1, expected=42,
                  mistakes=[Mistake(41, "You forgot one.")], **COMMON),
    FunctionQuestion(name="99-mean", answer="mean", points=3, cases=[([2.0, 4.0],)],
                     reference=lambda values: sum(values) / len(values),
                     draw=lambda rng: (rng.normal(size=5).tolist(),),
                     mistakes=[Mistake(sum, "You did not divide.")], **COMMON),
    ValueQuestion(name="99-letter", answer="letter", points=2, expected="b",
                  mistakes=[Mistake("a", "Not that one.")], **COMMON),
]  # fmt: skip
IMPORTS, GIVEN = "import numpy as np\nfrom seglib import lessons", "numbers = [20, 22]"
TOTAL, MEAN = "total = sum(numbers)", "def mean(values):\n    return sum(values) / len(values)"
LETTER = "letter = 'b'"


def check(name: str, answer: str) -> str:
    return f'lessons.question("{name}").check({answer})'


#: The code cells of a right submission.
CELLS = [IMPORTS, GIVEN, TOTAL, check("99-total", "total"), MEAN, check("99-mean", "mean"), LETTER,
         check("99-letter", "letter")]  # fmt: skip


def notebook(cells: list[str], **metadata) -> dict:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": metadata,
        "cells": [
            {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source,
             "outputs": [], "execution_count": None}
            for number, source in enumerate(cells)
        ],
    }  # fmt: skip


def submit(path: Path, cells: list[str], **metadata) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(cells, **metadata)), encoding="utf-8")
    return path

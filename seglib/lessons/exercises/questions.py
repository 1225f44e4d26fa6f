"""Questions with feedback: what an exercise asks, what is right, and what each mistake means.

A question is known by its name alone, such as ``"01-wall"``; cells of a notebook may be copied,
split, moved or deleted. The definitions stand beside the notebooks, in
``notebooks/questions/01_data_preparation.py`` for names that begin with ``01``; the README in
``notebooks/solutions`` says how to write one. In a notebook::

    lessons.question("01-wall").check(wall_ml)
    lessons.question("01-wall").hint()
    lessons.question("01-wall").solution()
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seglib.errors import SeglibError
from seglib.lessons.exercises.answers import AnswerError, call, plain, same, shown
from seglib.lessons.exercises.feedback import Feedback, State, Text
from seglib.lessons.exercises.question_files import solution_of

#: From easy to hard: foresee what code does, work something out with it, write it.
LEVELS = ("predict", "apply", "build")
#: Hidden inputs that a function is called on, besides those that a question lists.
DRAWS = 5


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer, and what to say to it.

    Attributes:
        wrong: What somebody answers who makes it: a value, or a function.
        message: What went wrong, in words for the student.
        when: Tells the mistake from an answer in plain data; by default the answer must equal
            `wrong`, and a function must give what `wrong` gives on every input.
    """

    wrong: Any
    message: str
    when: Callable[[Any], bool] | None = None

    def made(self, found: Any, tolerance: float = 1e-6) -> bool:
        """Whether a plain answer, or what a function gave on each input, shows this mistake."""
        if self.when is None:
            return same(found, plain(self.wrong), tolerance)
        try:
            return bool(self.when(found))
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            return False  # an answer of another kind


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of an exercise; its subclasses say how an answer is judged.

    Attributes:
        name: Notebook and subject, such as ``"01-wall"``; unique.
        answer: The name that the answer has in the student's notebook.
        level: One of `LEVELS`.
        minutes: How long it takes, an estimate.
        points: What a right answer earns.
        right: What is said to a right answer, beyond that it is right.
        mistakes: Looked at in this order.
        hints: From a nudge to nearly all.
    """

    name: str
    answer: str
    level: str
    minutes: int
    points: int
    right: str = ""
    mistakes: Sequence[Mistake] = ()
    hints: Sequence[str] = ()
    _shown: list[str] = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"{self.name}: level {self.level!r} is none of {LEVELS}")

    @property
    def card(self) -> str:
        """Level, time and points as the exercise's text states them."""
        return (
            f"Level: {self.level} · {self.minutes} minutes · "
            f"{self.points} point{'s' if self.points != 1 else ''} · `{self.name}`"
        )

    def check(self, answer: Any, seed: int = 0) -> Feedback:
        """Judge an answer; never raise, whatever the answer is.

        Args:
            answer: The student's.
            seed: Of the hidden inputs. The grader takes another one.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of wrong answers that are tried for comparison
                state, message = self._judge(answer, np.random.default_rng(seed))
        except AnswerError as error:
            state, message = State.WRONG, f"Your answer cannot be used: {error}."
        except SeglibError as error:
            state, message = State.NOT_CHECKED, f"This is not your mistake: {error}"
        except Exception as error:
            state = State.NOT_CHECKED
            message = f"The check itself failed; please report {type(error).__name__}: {error}"
        return Feedback(self.name, state, message)

    def _judge(self, answer: Any, rng: np.random.Generator) -> tuple[State, str]:
        raise NotImplementedError

    def hint(self) -> Text:
        """The next hint; after the last, where to find the solution."""
        number = len(self._shown)
        if number >= len(self.hints):
            return Text(f'There is no further hint: question("{self.name}").solution() shows one.')
        self._shown.append(self.hints[number])
        return Text(f"Hint {number + 1} of {len(self.hints)}: {self.hints[number]}")

    def solution(self) -> Text:
        """The reference answer, from the notebook of solutions."""
        absent = "The solutions are not in this copy of the course; ask your teacher."
        return Text(solution_of(self.name) or absent)


@dataclass(frozen=True, kw_only=True)
class ValueQuestion(Question):
    """Asks for one value: a number, a letter, an array.

    Attributes:
        expected: The right value, or a function without arguments that computes it.
        tolerance: As `seglib.lessons.exercises.answers.same`.
    """

    expected: Any
    tolerance: float = 1e-3

    def _judge(self, answer: Any, rng: np.random.Generator) -> tuple[State, str]:
        if answer is ...:
            return State.NOT_ATTEMPTED, ""
        expected = plain(self.expected() if callable(self.expected) else self.expected)
        # Where a set is asked for, a list in any order is one.
        in_order = isinstance(answer, list | tuple) and isinstance(self.expected, set)
        found = plain(frozenset(map(str, answer)) if in_order else answer)
        if same(found, expected, self.tolerance):
            return State.RIGHT, self.right
        for mistake in self.mistakes:
            if mistake.made(found, self.tolerance):
                return State.WRONG, mistake.message
        return State.WRONG, f"{shown(found)} is not it.{_other_type(found, expected)}"


def _other_type(found: Any, expected: Any) -> str:
    kinds = {str: "a text", dict: "a dictionary", list: "a list", np.ndarray: "an array"}
    names = [kinds.get(type(value), "a number") for value in (found, expected)]
    return "" if names[0] == names[1] else f" It is {names[0]}; {names[1]} is asked for."


@dataclass(frozen=True, kw_only=True)
class OpenQuestion(Question):
    """Asks for anything of a kind: many answers are right.

    Attributes:
        example: A right answer; what is of another kind is wrong.
        fault: Takes the answer in plain data; returns None if it is right, else what is wrong
            with it, in words for the student.
    """

    example: Any
    fault: Callable[[Any], str | None]

    def _judge(self, answer: Any, rng: np.random.Generator) -> tuple[State, str]:
        if answer is ...:
            return State.NOT_ATTEMPTED, ""
        found, example = plain(answer), plain(self.example)
        if isinstance(example, np.ndarray) and isinstance(found, list):
            found = plain(np.asarray(found))
        if other := _other_type(found, example):
            return State.WRONG, f"{shown(found)} is not it.{other}"
        for mistake in self.mistakes:
            if mistake.made(found):
                return State.WRONG, mistake.message
        fault = self.fault(found)
        return (State.RIGHT, self.right) if fault is None else (State.WRONG, fault)


@dataclass(frozen=True, kw_only=True)
class FunctionQuestion(Question):
    """Asks for a function, which is called on inputs that are shown and on some that are not.

    Attributes:
        reference: A right function.
        cases: Arguments of each call that a message may show.
        draw: Makes the arguments of one hidden call.
        fault: For functions of which many are right: takes the arguments of all calls and what
            they gave; returns None, or what is wrong, in words for the student. The mistakes
            are then examples, each of which gets its message from here.
        tolerance: As `seglib.lessons.exercises.answers.same`.
    """

    reference: Callable
    cases: Sequence[tuple] = ()
    draw: Callable[[np.random.Generator], tuple] | None = None
    fault: Callable[[list[tuple], list], str | None] | None = None
    tolerance: float = 1e-6

    def _judge(self, answer: Any, rng: np.random.Generator) -> tuple[State, str]:
        if answer is ...:
            return State.NOT_ATTEMPTED, ""
        if not callable(answer):
            return State.WRONG, f"`{self.answer}` is no function; it is {shown(plain(answer))}."
        hidden = [self.draw(rng) for _ in range(DRAWS)] if self.draw else []
        # As plain data, so that a function is given the same here and in the grader.
        inputs = [tuple(plain(list(arguments))) for arguments in [*self.cases, *hidden]]
        found: list[Any] = []
        for number, arguments in enumerate(inputs):
            try:
                found.append(call(answer, arguments))
            except AnswerError as error:
                where = self._where(arguments, shows=number < len(self.cases))
                return State.WRONG, f"Your function failed: {error}, {where}."
        if all(value is ... for value in found):
            return State.NOT_ATTEMPTED, ""
        expected = [plain(self.reference(*arguments)) for arguments in inputs]
        if self.fault is not None:
            kinds = [_other_type(a, b) for a, b in zip(found, expected, strict=True)]
            fault = next(filter(None, kinds), None) or self.fault(inputs, found)
            return (State.RIGHT, self.right) if fault is None else (State.WRONG, fault.strip())
        if self._all_same(found, expected):
            return State.RIGHT, self.right
        for mistake in self.mistakes:
            if mistake.made(found) if mistake.when else self._gives(mistake.wrong, inputs, found):
                return State.WRONG, mistake.message
        if all(value is None for value in found):
            return State.WRONG, "Your function returns nothing: is its `return` missing?"
        pairs = enumerate(zip(found, expected, strict=True))
        first = next(n for n, (a, b) in pairs if not same(a, b, self.tolerance))
        where = self._where(inputs[first], shows=first < len(self.cases))
        said = f"It gives {shown(found[first])}, {where}"
        if first >= len(self.cases):
            return State.WRONG, f"{said}; the inputs that the text shows are right."
        kind = _other_type(found[first], expected[first])
        return State.WRONG, f"{said}; {shown(expected[first])} is right.{kind}"

    def _gives(self, function: Callable, inputs: list[tuple], found: list) -> bool:
        try:
            made = [call(function, arguments) for arguments in inputs]
        except AnswerError:
            return False  # it fails on an input on which the student's function did not
        return self._all_same(found, made)

    def _all_same(self, found: list, expected: list) -> bool:
        return all(same(a, b, self.tolerance) for a, b in zip(found, expected, strict=True))

    def _where(self, arguments: tuple, *, shows: bool) -> str:
        names = list(inspect.signature(self.reference).parameters)
        said = ", ".join(f"{n}={shown(plain(a))}" for n, a in zip(names, arguments, strict=False))
        return f"called with {said}" if shows else "on an input that is not shown"

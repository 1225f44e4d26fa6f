"""Questions: four states, each mistake named, and never a traceback for a student's mistake."""

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.lessons.exercises.questions import (
    FunctionQuestion,
    Mistake,
    OpenQuestion,
    State,
    ValueQuestion,
)

COMMON = {"level": "apply", "minutes": 5, "points": 2}


def halves(x):
    return x / 2


VALUE = ValueQuestion(
    name="99-value", answer="area", expected=12.5, right="Well.", hints=["First.", "Second."],
    mistakes=[Mistake(25.0, "Halve it."), Mistake(-1, "Negative.", when=lambda v: v < 0)], **COMMON,
)  # fmt: skip
FUNCTION = FunctionQuestion(
    name="99-half", answer="half", reference=halves, cases=[(4,), (0,)],
    draw=lambda rng: (float(rng.uniform(10, 20)),),
    mistakes=[
        Mistake(lambda x: 2 * x, "You doubled."),
        Mistake(lambda x: x // 2, "You cut the rest off."),
        Mistake(lambda x: 1 / x, "You divided one by it."),
        Mistake(lambda x: str(x), "You gave a text.", when=lambda v: isinstance(v[0], str)),
    ],
    **COMMON,
)  # fmt: skip
OPEN = OpenQuestion(
    name="99-even", answer="even", example=np.array([2]),
    fault=lambda v: "A member is odd." if np.any(v % 2) else None,
    mistakes=[Mistake([], "It is empty.", when=lambda v: not len(v))], **COMMON,
)  # fmt: skip


@pytest.mark.parametrize("question, answer, state, message", [
    (VALUE, 12.5, "right", "Well."),
    (VALUE, np.float32(12.501), "right", "Well."),
    (VALUE, ..., "not attempted", ""),
    (VALUE, 25, "wrong", "Halve it."),
    (VALUE, -3, "wrong", "Negative."),
    (VALUE, 13, "wrong", "13 is not it."),
    (VALUE, "12.5", "wrong", "'12.5' is not it. It is a text; a number is asked for."),
    (VALUE, None, "wrong", "None is not it."),
    (VALUE, print, "wrong", "Your answer cannot be used: a builtin_function_or_method was found "
                            "where numbers, text or arrays belong."),
    (FUNCTION, lambda x: 0.5 * x, "right", ""),
    (FUNCTION, ..., "not attempted", ""),
    (FUNCTION, lambda x: ..., "not attempted", ""),
    (FUNCTION, lambda x: x * 2, "wrong", "You doubled."),
    (FUNCTION, lambda x: int(x / 2), "wrong", "You cut the rest off."),
    (FUNCTION, lambda x: "2", "wrong", "You gave a text."),
    (FUNCTION, lambda x: None, "wrong", "Your function returns nothing: is its `return` missing?"),
    (FUNCTION, lambda x: 2, "wrong", "It gives 2, called with x=0; 0 is right."),
    (FUNCTION, lambda x: {4: 2, 0: 0}.get(x, 7), "wrong",
     "It gives 7, on an input that is not shown; the inputs that the text shows are right."),
    (FUNCTION, lambda x: 1 / x, "wrong",
     "Your function failed: it raised ZeroDivisionError: division by zero, called with x=0."),
    (FUNCTION, lambda: 1, "wrong", "Your function failed: it raised TypeError: "),
    (FUNCTION, 3, "wrong", "`half` is no function; it is 3."),
    (OPEN, [2, 4], "right", ""),
    (OPEN, np.array([2, 3]), "wrong", "A member is odd."),
    (OPEN, [], "wrong", "It is empty."),
    (OPEN, 2, "wrong", "2 is not it. It is a number; an array is asked for."),
    (OPEN, ..., "not attempted", ""),
])  # fmt: skip
def test_each_answer_gets_its_feedback(question, answer, state, message):
    found = question.check(answer)
    assert found.state is State(state)
    assert found.message == message or message.endswith(": ") and found.message.startswith(message)


@pytest.mark.parametrize("answer, right", [
    ({"a", "b"}, True), (["b", "a"], True), (("b", "a", "b"), True), (["a"], False), ("a", False),
])  # fmt: skip
def test_a_set_is_a_set_in_whatever_order(answer, right):
    question = ValueQuestion(name="99-set", answer="s", expected={"a", "b"}, **COMMON)
    assert (question.check(answer).state is State.RIGHT) == right


def broken(error):
    def reference(x):
        raise error

    return FunctionQuestion(
        name="99-broken", answer="f", reference=reference, cases=[(1,)], **COMMON
    )


def test_a_check_that_fails_is_not_the_students_mistake():
    found = broken(RuntimeError("boom")).check(halves)
    assert found.state is State.NOT_CHECKED and "RuntimeError: boom" in found.message
    absent = broken(DataError("the data are not here")).check(halves)
    assert absent.state is State.NOT_CHECKED
    assert absent.message == "This is not your mistake: the data are not here"


def test_a_function_that_fails_is_told_from_a_check_that_fails():
    assert broken(RuntimeError("boom")).check(lambda x: 1 / 0).state is State.WRONG


def test_hidden_inputs_follow_from_the_seed():
    seen = []
    for seed in (0, 0, 1):
        inputs = []
        FUNCTION.check(lambda x, inputs=inputs: inputs.append(x), seed)
        seen.append(inputs)
    assert seen[0] == seen[1] != seen[2]
    assert seen[0][:2] == seen[2][:2] == [4, 0]


def test_where_many_functions_are_right_a_rule_judges_all_that_one_gives():
    def fault(inputs, found):
        odd = [n for (n,), value in zip(inputs, found, strict=True) if value % n]
        return f"{odd[0]} does not divide it." if odd else None

    question = FunctionQuestion(
        name="99-multiple", answer="f", reference=halves, cases=[(2,), (3,)], fault=fault, **COMMON
    )
    assert question.check(lambda n: 7 * n).state is State.RIGHT
    assert question.check(lambda n: 4).message == "3 does not divide it."
    assert question.check(lambda n: ...).state is State.NOT_ATTEMPTED
    assert question.check(lambda n: "x").state is State.WRONG


def test_a_check_warns_of_nothing(recwarn):
    wrong = Mistake(lambda x: np.mean([]), "Empty.")
    question = FunctionQuestion(
        name="99-warns", answer="f", reference=halves, cases=[(1,)], mistakes=[wrong], **COMMON
    )
    assert question.check(lambda x: 3).state is State.WRONG
    assert not recwarn.list


def test_hints_come_one_by_one():
    texts = [repr(VALUE.hint()) for _ in range(3)]
    assert texts[:2] == ["Hint 1 of 2: First.", "Hint 2 of 2: Second."]
    assert texts[2] == 'There is no further hint: question("99-value").solution() shows one.'


def test_the_card_and_its_level():
    assert VALUE.card == "Level: apply · 5 minutes · 2 points · `99-value`"
    with pytest.raises(ValueError, match="level 'hard'"):
        ValueQuestion(name="99-x", answer="x", expected=1, level="hard", minutes=1, points=1)

"""Answers as plain data: read from anything, compared with sense, sent without being run."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from seglib.lessons.exercises.answers import AnswerError, call, decode, encode, plain, same, shown


class Tensor:
    def __array__(self, dtype=None, copy=None):
        return np.array([1.0, 2.0])


class Network:
    layers = ["a", 1]
    input_shape, output_shape = (None, 8, 8, 1), (None, 8, 8, 2)

    def count_params(self):
        return np.int64(12)


@pytest.mark.parametrize("value, expected", [
    (np.float32(0.5), 0.5),
    ((1, 2), [1, 2]),
    ({"b", "a"}, ["a", "b"]),
    ({1: (2,)}, {"1": [2]}),
    (np.array(3), 3),
    (np.array([1, None], object), [1, None]),
    (..., ...),
    (Network(), {"parameters": 12, "input_shape": [None, 8, 8, 1],
                 "output_shape": [None, 8, 8, 2], "layers": ["str", "int"]}),
])  # fmt: skip
def test_what_a_student_writes_becomes_plain(value, expected):
    found = plain(value)
    assert found == expected and type(found) is type(expected)


def test_tensors_and_tables_become_arrays():
    assert plain(Tensor()).tolist() == [1.0, 2.0]
    table = plain(pd.DataFrame({"dice": [0.5, 1.0]}))
    assert list(table) == ["dice"] and table["dice"].tolist() == [0.5, 1.0]


@pytest.mark.parametrize("value", [print, object(), [print], 1j, np.array([1j])])
def test_what_has_no_plain_data_is_refused(value):
    with pytest.raises(AnswerError, match="was found where"):
        plain(value)


@pytest.mark.parametrize("found, expected, equal", [
    (0.1 + 0.2, 0.3, True),
    (1000.0001, 1000, True),
    (0.3001, 0.3, False),
    (float("nan"), float("nan"), True),
    (float("nan"), 0.0, False),
    (True, 1, True),
    (" B ", "b", True),
    ("1", 1, False),
    ([1, 2], np.array([1, 2]), True),
    ([1, 2], [1, 2, 3], False),
    ([[1, 2], [3]], [[1, 2], [3]], True),
    ([["a", 1.0]], [["A", 1.0]], True),
    (np.ones((2, 1)), np.ones(2), False),
    ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"b": 1}, False),
    (None, 0, False),
    (..., None, False),
    (10**400, 1, False),
])  # fmt: skip
def test_the_same_means_the_same(found, expected, equal):
    assert same(found, expected) is equal
    assert same(expected, found) is equal


@pytest.mark.parametrize("value", [
    None, ..., 1.5, float("inf"), "text", [1, [..., "b"]], {"a": [True]}, np.zeros((0, 3)),
    np.arange(6, dtype=np.uint8).reshape(2, 3), {"x": np.array(["a", "bc"])},
])  # fmt: skip
def test_plain_data_come_back_as_they_were(value):
    line = encode(value)
    assert "\n" not in line
    found = decode(line)
    assert type(found) is type(value) and same(found, value)
    if isinstance(value, np.ndarray):
        assert found.dtype == value.dtype


def test_nothing_that_is_sent_is_run():
    """An array of objects is a pickle, and reading a pickle runs what its writer wants."""
    spoilt = json.loads(encode(np.zeros(1)))
    (key,) = spoilt
    spoilt[key] = __import__("base64").b64encode(pickle.dumps(print)).decode()
    for line in (
        json.dumps(spoilt),
        json.dumps({key: "%%%"}),
        json.dumps({key: 3}),
        "{",
        "[" * 9999,
    ):
        with pytest.raises(ValueError):
            decode(line)


def test_a_value_is_shown_in_a_line_and_cut():
    assert shown(1 / 3) == "0.333333"
    assert shown(np.arange(3)) == "[0, 1, 2]"
    assert shown(np.zeros((5, 5))) == "an array of shape (5, 5)"
    assert shown([0.5, "a"]) == "[0.5, 'a']"
    assert len(shown("x" * 500)) == 90


def test_a_function_cannot_change_what_the_check_gives_it():
    given = ([3, 1], np.zeros(2))

    def spoils(values, array):
        values.sort()
        array[:] = 9
        return array

    assert call(spoils, given).tolist() == [9, 9]
    assert given[0] == [3, 1] and not given[1].any()


def test_what_a_function_raises_is_told_in_words():
    with pytest.raises(AnswerError, match="^it raised ZeroDivisionError: division by zero$"):
        call(lambda x: 1 / x, (0,))
    with pytest.raises(AnswerError, match="^it raised KeyError: 'a'$"):
        call(lambda x: x["a"], ({},))

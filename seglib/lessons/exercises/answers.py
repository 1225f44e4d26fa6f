"""An answer to an exercise as plain data: read from anything a student writes, compared, sent.

A check never looks at a student's own objects but at plain data made from them: numbers, texts,
arrays, lists and dictionaries. So it sees the same in a notebook and in the grader, where the
student's code runs in another process and only plain data cross over.
"""

from __future__ import annotations

import base64
import copy
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from seglib.errors import SeglibError

#: Kinds of arrays that are plain: bool, integers, floats, texts.
_PLAIN_KINDS = "biufU"
_ARRAY, _BLANK = "array as npy, base64", "not written yet"
#: Longest text of a value in a message.
_SHOWN = 90


class AnswerError(SeglibError):
    """A student's answer cannot be used; the message says why, in words for the student."""


def plain(value: Any) -> Any:
    """The plain data that stand for an answer.

    Args:
        value: Anything. Tensors become arrays, a table a dictionary of its columns, a Keras model
            a dictionary of what can be counted in it, a set a sorted list. ``...`` stays itself.

    Returns:
        None, bool, int, float, str, ``...``, an array, a list or a dictionary with str keys.

    Raises:
        AnswerError: There are no plain data for it, as for a function or an open file.
    """
    if value is None or value is ... or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(inner) for inner in sorted(value, key=repr)]
    if isinstance(value, list | tuple | range):
        return [plain(inner) for inner in value]
    if hasattr(value, "count_params") and hasattr(value, "layers"):
        return _network(value)
    if hasattr(value, "columns") and hasattr(value, "iloc"):  # a table
        return {str(name): plain(value[name].to_numpy()) for name in value.columns}
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind == "O":
            return plain(array.tolist())
        if array.dtype.kind in _PLAIN_KINDS:
            return array.copy() if array.ndim else plain(array.item())
    raise AnswerError(f"a {type(value).__name__} was found where numbers, text or arrays belong")


def _network(model: Any) -> dict[str, Any]:
    """What can be counted in a Keras model."""
    return {
        "parameters": int(model.count_params()),
        "input_shape": plain(model.input_shape),
        "output_shape": plain(model.output_shape),
        "layers": [type(layer).__name__ for layer in model.layers],
    }


def same(found: Any, expected: Any, tolerance: float = 1e-6) -> bool:
    """Whether two plain values mean the same.

    Args:
        found: The student's.
        expected: The right one.
        tolerance: Of numbers, relative for those above 1 and absolute below.

    Returns:
        True where numbers agree within the tolerance (NaN agrees with NaN), texts but for capitals
        and outer blanks, and lists, arrays and dictionaries in shape, keys and members.
    """
    if isinstance(expected, str) or isinstance(found, str):
        both = isinstance(expected, str) and isinstance(found, str)
        return both and found.strip().lower() == expected.strip().lower()
    if isinstance(expected, dict) or isinstance(found, dict):
        both = isinstance(expected, dict) and isinstance(found, dict)
        return (
            both
            and found.keys() == expected.keys()
            and all(same(found[key], expected[key], tolerance) for key in expected)
        )
    if found is None or expected is None or found is ... or expected is ...:
        return found is expected
    try:
        a, b = np.asarray(found), np.asarray(expected)
    except ValueError:  # lists of different lengths in a list
        a = b = np.asarray(None)
    if a.dtype.kind in "biuf" and b.dtype.kind in "biuf":
        close = np.allclose(a, b, tolerance, tolerance, equal_nan=True) if a.shape == b.shape else 0
        return bool(close)
    lists = isinstance(found, list | np.ndarray) and isinstance(expected, list | np.ndarray)
    return (
        lists
        and len(found) == len(expected)
        and all(same(x, y, tolerance) for x, y in zip(found, expected, strict=True))
    )


def shown(value: Any) -> str:
    """A plain value as a message shows it: in one line, and cut where it is long."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, separator=", ", threshold=20, precision=4)
        text = text if value.size <= 12 else f"an array of shape {value.shape}"
    elif isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, list) and not any(isinstance(inner, list | dict) for inner in value):
        text = f"[{', '.join(map(shown, value))}]"
    else:
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def encode(value: Any) -> str:
    """Plain data as one line of JSON."""
    return json.dumps(value, default=_encode_other)


def decode(line: str) -> Any:
    """What `encode` wrote. Nothing in it is ever run, whoever wrote it.

    Raises:
        ValueError: It is not what `encode` writes.
    """
    try:
        return json.loads(line, object_hook=_decode_other)
    except (TypeError, KeyError, EOFError, RecursionError, MemoryError) as error:
        raise ValueError(f"unreadable: {type(error).__name__}") from error


def _encode_other(value: Any) -> Any:
    if value is ...:
        return {_BLANK: True}
    if isinstance(value, np.ndarray):
        stream = io.BytesIO()
        np.save(stream, value, allow_pickle=False)
        return {_ARRAY: base64.b64encode(stream.getvalue()).decode("ascii")}
    raise TypeError(f"not plain: {type(value).__name__}")


def _decode_other(found: dict[str, Any]) -> Any:
    if found.keys() == {_BLANK}:
        return ...
    if found.keys() == {_ARRAY}:
        array = np.load(io.BytesIO(base64.b64decode(found[_ARRAY])), allow_pickle=False)
        if array.dtype.kind not in _PLAIN_KINDS:
            raise ValueError(f"not plain: {array.dtype}")
        return array
    return found


def call(function: Callable, arguments: tuple) -> Any:
    """Call a student's function on copies of the arguments; return plain data.

    Raises:
        AnswerError: The function raised, or returned what has no plain data.
    """
    try:
        value = function(*copy.deepcopy(arguments))
    except AnswerError:
        raise
    except Exception as error:
        text = f": {error}" if str(error) else ""
        raise AnswerError(f"it raised {type(error).__name__}{text}") from error
    return plain(value)

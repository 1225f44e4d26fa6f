"""The regular expression by which a user says who the patient of a file is."""

from __future__ import annotations

import re

from seglib.errors import DataError


def compile_pattern(pattern: str, option: str) -> re.Pattern:
    """Compile a pattern that must have the group ``patient``.

    Args:
        pattern: The regular expression.
        option: What the user calls it, for the message.

    Raises:
        DataError: It is no regular expression, or lacks the group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DataError(f"{option} {pattern!r} is no regular expression: {error}") from error
    if "patient" not in compiled.groupindex:
        raise DataError(
            f"{option} {pattern!r} has no group named patient; write e.g. "
            r"'^(?P<patient>[^_]+)_'"
        )
    return compiled

"""The library's messages in the words of the command line's options."""

import ast

from seglib.commands.wording import IN_OPTIONS, in_options
from seglib.files import REPOSITORY


def test_every_message_that_the_command_line_rewords_is_one_of_the_library():
    messages = []
    for path in (REPOSITORY / "seglib").rglob("*.py"):
        if path.name != "wording.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                parts = node.values if isinstance(node, ast.JoinedStr) else [node]
                texts = [str(p.value) for p in parts if isinstance(p, ast.Constant)]
                messages.append("".join(texts))
    stale = [words for words in IN_OPTIONS if not any(words in text for text in messages)]
    assert stale == []


def test_a_message_names_options_and_keeps_the_rest():
    said = in_options("no patient_pattern was given; pass size (e.g. size=256) to bring them")
    assert said == "no --patients was given; use --size (e.g. --size 256) to bring them"
    assert in_options("a.png: not a readable picture") == "a.png: not a readable picture"

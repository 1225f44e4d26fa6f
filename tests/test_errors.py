"""Errors that a user can mend: one family, of which a program says each in one line."""

import ast

import pytest

from seglib import errors
from seglib.files import REPOSITORY
from seglib.program import program

#: Each error and the one it is a kind of.
FAMILY = {
    "DataError": "SeglibError",
    "WriteError": "DataError",
    "LeakError": "SeglibError",
    "ModelFileError": "SeglibError",
    "PackageError": "SeglibError",
}


def defined() -> dict[str, type]:
    return {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}


def test_the_family_has_these_members_and_no_others():
    bases = {name: [base.__name__ for base in kind.__bases__] for name, kind in defined().items()}
    assert bases == {name: [base] for name, base in FAMILY.items()} | {"SeglibError": ["Exception"]}


@pytest.mark.parametrize("name", ["SeglibError", *FAMILY])
def test_a_program_says_each_in_one_line_and_ends_with_1(name, capsys):
    @program("a program")
    def fails(arguments):
        raise defined()[name]("mask.png: is empty; draw one")

    assert fails() == 1
    assert capsys.readouterr().err == "a program: error: mask.png: is empty; draw one\n"


def test_an_error_defined_elsewhere_in_the_library_belongs_to_the_family():
    """Else it would reach the user as a traceback."""
    strangers = {}
    for path in (REPOSITORY / "seglib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                if path.name != "errors.py" and not bases & {"SeglibError", *FAMILY}:
                    strangers[node.name] = path
    assert not strangers

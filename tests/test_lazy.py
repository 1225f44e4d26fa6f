"""A package's face: nothing is imported before it is asked for, and a name is there once."""

import ast
import importlib
import sys

import pytest

from seglib.files import REPOSITORY

FACE = """
from seglib.lazy import lazy_face
__getattr__, __dir__, __all__ = lazy_face(
    __name__, {"answer": "inner.numbers", "count": "words", "lost": "words"}, modules=("words",)
)
"""


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A package with a face, freshly imported."""
    package = tmp_path / "house_of_tests"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text(FACE)
    (package / "inner" / "__init__.py").touch()
    (package / "inner" / "numbers.py").write_text("answer = [42]\n")
    (package / "words.py").write_text("count = 1\nother = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(package.name)
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


def loaded() -> set[str]:
    names = {name for name in sys.modules if name.startswith("house_of_tests.")}
    return {name.partition(".")[2] for name in names}


def test_nothing_is_imported_before_it_is_asked_for(house):
    assert loaded() == set()
    assert house.answer == [42]
    assert loaded() == {"inner", "inner.numbers"}
    assert house.words.other == 2
    assert loaded() == {"inner", "inner.numbers", "words"}


def test_a_name_is_asked_for_once_and_is_the_one_of_its_module(house):
    assert "answer" not in vars(house)
    first = house.answer
    assert vars(house)["answer"] is first is sys.modules["house_of_tests.inner.numbers"].answer


def test_the_public_names_are_sorted_and_listed_without_an_import(house):
    assert dir(house) == house.__all__ == ["answer", "count", "lost", "words"]
    assert loaded() == set()


def test_an_unknown_name_is_an_attribute_error_of_the_package(house):
    with pytest.raises(AttributeError, match="module 'house_of_tests' has no attribute 'anser'"):
        house.anser  # noqa: B018
    assert not hasattr(house, "other")  # public in its module, but not on the face
    with pytest.raises(ImportError, match="cannot import name 'anser'"):
        exec("from house_of_tests import anser")


def test_a_name_that_its_module_lacks_is_not_hidden(house):
    with pytest.raises(AttributeError, match=r"house_of_tests\.words.*'lost'"):
        house.lost  # noqa: B018


def faces() -> dict[str, ast.Call]:
    """The call of `lazy_face` in each package of the library."""
    found = {}
    for path in sorted((REPOSITORY / "seglib").rglob("__init__.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lazy_face":
                found[path.parent.relative_to(REPOSITORY).as_posix()] = node
    return found


def top_level_names(module: str) -> set[str]:
    """What a module or a package of the library defines or imports; `module` with slashes."""
    path = (REPOSITORY / module).with_suffix(".py")
    path = path if path.is_file() else REPOSITORY / module / "__init__.py"
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("package", faces())
def test_what_a_face_of_the_library_promises_its_modules_hold(package):
    call = faces()[package]
    promised = ast.literal_eval(call.args[1])
    given = [ast.literal_eval(keyword.value) for keyword in call.keywords]
    lacking = {
        name: module
        for name, module in promised.items()
        if name not in top_level_names(f"{package}/{module.replace('.', '/')}")
    }
    assert promised and not lacking
    for module in (module for modules in given for module in modules):
        place = REPOSITORY / package / module
        assert place.with_suffix(".py").is_file() or (place / "__init__.py").is_file(), module

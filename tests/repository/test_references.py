"""What docstrings and pages name in backticks exists: nothing is imported to find out."""

import ast
import re
from pathlib import Path

import pytest

from seglib.files import REPOSITORY

TOPS = ("seglib", "study", "tools", "benchmarks")
NAME = re.compile(rf"`((?:{'|'.join(TOPS)})(?:\.[A-Za-z_]\w*)+)[`(]")


def defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The names that a module or class defines at its top, and what defines each."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                found |= {n.id: node for n in ast.walk(target) if isinstance(n, ast.Name)}
    return found


def resolves(dotted: str) -> bool:
    """Whether a full name is that of a module, of something in one, or on a room's face."""
    place, *rest = dotted.split(".")
    path = REPOSITORY / place
    while rest and (path / rest[0]).is_dir():
        path /= rest.pop(0)
    if rest and (path / f"{rest[0]}.py").is_file():
        module = path / f"{rest.pop(0)}.py"
    else:
        module = path / "__init__.py"
        if rest and f'"{rest[0]}"' in module.read_text(encoding="utf-8"):
            return True  # given by the face
    if not rest:
        return module.is_file()
    body = ast.parse(module.read_text(encoding="utf-8")).body
    for name in rest:
        known = defined(body)
        if name not in known:
            return False
        body = getattr(known[name], "body", [])
        if not isinstance(body, list):
            return False
    return True


def pages() -> list[Path]:
    code = [path for top in TOPS for path in (REPOSITORY / top).rglob("*.py")]
    documents = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]
    documents += [REPOSITORY / name for name in ("seglib/README.md", "data/README.md")]
    documents += [*REPOSITORY.glob("reports/*.md"), *REPOSITORY.glob("reports/*/*.md")]
    return sorted(code + documents + [*REPOSITORY.glob("notebooks/*.py")])


@pytest.mark.parametrize("name, known", [
    ("seglib.training", True),
    ("seglib.training.train", True),
    ("seglib.training.runs.train", True),
    ("seglib.slices.SliceSet.take", True),
    ("seglib.losses.DiceLoss", True),
    ("seglib.losses.DiceLos", False),
    ("seglib.training.run", False),
    ("seglib.slices.SliceSet.takes", False),
])  # fmt: skip
def test_names_are_told_from_mistakes(name, known):
    assert resolves(name) == known


def test_every_name_in_backticks_exists():
    wrong = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in pages()
        for name in NAME.findall(path.read_text(encoding="utf-8"))
        if not resolves(name)
    ]
    assert not wrong, "\n".join(wrong)

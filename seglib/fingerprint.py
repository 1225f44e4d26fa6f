"""The fingerprint of code: a result made by other code is another result.

What counts is computed, not listed: a module, and all of this library that it imports.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


@functools.cache
def fingerprint(module: str) -> str:
    """Fingerprint of a module and of every module of seglib that it needs.

    Comments, docstrings and imports have no part in it: better words, or a move to another
    file, do not make another result. The files are read once, as they are imported once:
    editing one while a program runs does not change what that program does.

    Args:
        module: Full name, e.g. ``"seglib.training.runs"``.

    Returns:
        16 hexadecimal digits.
    """
    texts = sorted(without_words(_source(name)) for name in needed_modules(module))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@functools.cache
def needed_modules(module: str) -> frozenset[str]:
    """The module and all of seglib that it imports, directly or not, early or late.

    What is imported for type checkers alone does not count.
    """
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imported(ast.parse(_source(name)))
    return frozenset(found)


def imported(tree: ast.AST, checking: bool = False) -> Iterator[str]:
    """The modules of seglib that a parsed module imports, the ones inside functions too.

    Args:
        tree: A parsed module.
        checking: Also what stands under ``if TYPE_CHECKING:``.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not checking:
            continue
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] == "seglib")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "seglib":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if is_module(inner) else node.module
        else:
            yield from imported(node, checking)


@functools.cache
def is_module(name: str) -> bool:
    """Whether a full name below ``seglib`` is that of a module or package."""
    return _path(name) is not None


def without_words(source: str) -> str:
    """Python source without its comments, docstrings, imports and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
                body[0] = ast.Pass()
    return ast.unparse(_NoImports().visit(tree))


class _NoImports(ast.NodeTransformer):
    def visit_Import(self, node: ast.Import) -> ast.Pass:  # noqa: D102, N802
        return ast.Pass()

    visit_ImportFrom = visit_Import  # noqa: N815


def _path(name: str) -> Path | None:
    """The file of a module below ``seglib``, found without importing it."""
    base = Path(find_spec("seglib").submodule_search_locations[0])
    inside = base.joinpath(*name.split(".")[1:])
    options = (inside / "__init__.py", inside.with_suffix(".py"))
    return next((path for path in options if path.is_file()), None)


def _source(name: str) -> str:
    return _path(name).read_text(encoding="utf-8")

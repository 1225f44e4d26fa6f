"""Packages that import their parts only when somebody asks for them (PEP 562).

``import seglib`` must cost nothing: it is what the command line does before it knows the
command, and what a notebook does before the packages it needs are installed. So nothing but
Python itself is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_face(
    package: str, names: dict[str, str], modules: tuple[str, ...] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """What a package's ``__init__`` needs to give names that stand in its modules.

    Args:
        package: ``__name__`` of the package.
        names: For each public name the module that defines it, e.g. ``{"train": "training.runs"}``
            for ``seglib.training.runs``, below `package`.
        modules: Modules or packages below `package` that are given as they are.

    Returns:
        ``__getattr__``, ``__dir__`` and ``__all__``.
    """

    def get(name: str) -> Any:
        if name in modules:
            return import_module(f"{package}.{name}")
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{names[name]}"), name)
        setattr(sys.modules[package], name, value)  # asked for once
        return value

    public = sorted({*names, *modules})
    return get, lambda: public, public

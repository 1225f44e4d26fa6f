"""The fingerprint of the code that trains: a run by other code is another run."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path

#: The modules whose code decides what a training gives; a change to one makes a new run.
_DECISIVE = (
    "augmentation",
    "batches",
    "compiled",
    "deep_supervision",
    "layers",
    "losses",
    "metrics",
    "models",
    "normalisation",
    "optimizers",
    "patches",
    "preprocessing",
    "published_models",
    "sampling",
    "training",
    "volumes",
)


@functools.cache
def code_hash() -> str:
    """Fingerprint of the modules that decide what a training gives.

    Comments and docstrings have no part in it: better words do not make another run.
    The files are read once, as they are imported once: editing one while a program runs
    does not change what that program does.
    """
    digest = hashlib.sha256()
    for name in _DECISIVE:
        source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        digest.update(without_words(source).encode())
    return digest.hexdigest()[:16]


def without_words(source: str) -> str:
    """Python source with its comments, docstrings and layout normalised away."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
                body[0] = ast.Pass()
    return ast.unparse(tree)

"""What an import costs: each room loads what it needs, and nothing that is heavy besides."""

import ast
import json
import subprocess
import sys

import pytest

from seglib.files import REPOSITORY

SEGLIB = REPOSITORY / "seglib"
#: These work on arrays and tables: they load neither a backend nor what draws.
LIGHT = """
slices formats datasets phantoms splits preprocessing augmentation evaluation recipes
""".split()
#: These build and train networks with Keras on whichever backend.
LEARNING = "models losses metrics optimizers batches training".split()
#: The first uses Keras' old generator, which TensorFlow alone still has; the second, where it is
#: asked to, the strategies of the backend; the third TensorFlow's own normalisation, where it runs.
MAY_NAME_A_BACKEND = {
    "batches/image_data_generator.py",
    "training/devices.py",
    "training/working_copy.py",
}


def modules(room: str) -> list[str]:
    """The full names of a room's modules, or of the one module."""
    place = SEGLIB / room
    paths = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    names = [".".join(path.relative_to(REPOSITORY).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names]


def loaded_by(*names: str) -> set[str]:
    """The packages that a fresh Python holds once it has imported these modules."""
    code = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_the_library_imports_nothing_heavy():
    loaded = loaded_by("seglib", "seglib.__main__")
    assert not loaded & {"numpy", "pandas", "keras", "tensorflow", "matplotlib", "scipy", "cv2"}


@pytest.mark.slow
def test_data_and_scores_need_no_backend_and_nothing_that_draws():
    names = [name for room in LIGHT for name in modules(room)]
    assert len(names) > 30
    loaded = loaded_by(*names)
    assert "numpy" in loaded  # or nothing was imported
    assert not loaded & {"keras", "tensorflow", "jax", "torch", "matplotlib"}


@pytest.mark.parametrize("room", LEARNING)
def test_what_learns_names_no_backend(room):
    place = SEGLIB / room
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module] if isinstance(node, ast.ImportFrom) else []
            if {name.partition(".")[0] for name in names} & {"tensorflow", "jax", "torch"}:
                found.add(path.relative_to(SEGLIB).as_posix())
    assert found <= MAY_NAME_A_BACKEND

"""What an import costs: each room loads what it needs, and nothing that is heavy besides."""

import ast
import json
import subprocess
import sys

import pytest
from command_line import mask, run

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


#: One small command each, and what it must not have loaded when it has done its work.
COMMANDS = {
    "--help": "numpy",
    "recipes": "pandas scipy sklearn nibabel pydicom",
    "predict --input {images} --output {folder}/masks": "pandas scipy cv2 sklearn nibabel pydicom",
    "evaluate --truth {images} --prediction {copy} --output {folder}/s.json": "sklearn nibabel "
    "pydicom requests",
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[0])
def test_a_command_starts_without_what_it_does_not_use(command, tmp_path):
    """Each of these packages takes a tenth of a second to import, or half a one, or six."""
    for name in ("images", "copy"):
        mask(tmp_path / name / "a.png", slice(4, 9), slice(4, 9), (128, 128))
    places = {name: tmp_path / name for name in ("images", "copy")}
    arguments = [part.format(folder=tmp_path, **places) for part in command.split()]
    code = (
        "import json, sys\nfrom seglib.commands.main import main\n"
        f"try: status = main({arguments!r})\nexcept SystemExit as end: status = end.code\n"
        "loaded = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "print(json.dumps([status, loaded]))"
    )
    status, loaded = json.loads(run("-c", code).stdout.splitlines()[-1])
    assert status == 0
    unwanted = {"keras", "tensorflow", "jax", "torch", "matplotlib", *COMMANDS[command].split()}
    assert not unwanted & set(loaded)


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

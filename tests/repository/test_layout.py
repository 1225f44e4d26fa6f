"""The plan of the house: who may import whom, and how large each room may grow.

What fails here is not wrong code but code in the wrong place. CONTRIBUTING.md says where things go.
"""

import ast
import re
from pathlib import Path

import pytest

from seglib.files import REPOSITORY
from seglib.fingerprint import imported

FLOOR = {"errors", "environment", "files", "fingerprint", "progress", "slices"}
LEARNING = {"models", "losses", "metrics", "optimizers"}
#: What each room of seglib may import: rooms, or modules beside them. Nothing looks back.
MAY_IMPORT = {
    "lazy": set(),
    "quiet": set(),
    "fingerprint": set(),
    "version": set(),
    "errors": set(),
    "environment": {"errors", "version"},
    "program": {"errors"},
    "progress": set(),
    "files": {"errors"},
    "staging": {"errors", "files"},
    "slices": {"errors"},
    "formats": {"errors", "files", "slices"},
    "splits": {"errors", "slices"},
    "augmentation": {"errors", "slices"},
    "models": set(),
    "losses": set(),
    "metrics": set(),
    "optimizers": set(),
    "preprocessing": {"errors", "slices", "formats"},
    "datasets": {"errors", "files", "fingerprint", "slices", "formats", "splits"},
    "phantoms": {"errors", "files", "staging", "slices", "formats", "splits", "datasets"},
    "batches": {"errors", "slices", "augmentation", "preprocessing"},
    "recipes": {"errors", "slices", "augmentation", "preprocessing"},
    "inference": {"errors", "files", "progress", "slices", "preprocessing", "models"},
    "evaluation": {"errors", "progress", "slices"},
    "plotting": {"errors", "slices", "evaluation"},
    "reporting": {"errors", "files", "environment", "slices", "plotting"},
    "training": FLOOR | LEARNING | {"preprocessing", "batches", "recipes", "inference", "staging"},
    "audit": {"errors", "slices", "splits", "preprocessing", "recipes", "training", "inference"}
    | {"evaluation", "plotting"},
    "uncertainty": {"errors", "evaluation", "plotting"},
    "clinical": {"errors", "slices", "evaluation", "plotting"},
}
EXTRAS = {"audit", "uncertainty", "clinical", "lessons", "commands"}
MAY_IMPORT["lessons"] = (set(MAY_IMPORT) | LEARNING) - {"audit", "uncertainty", "clinical"}
MAY_IMPORT["commands"] = set(MAY_IMPORT) - {"lessons"}
#: Beside seglib: which top folders each may import, and the rooms of seglib it may not.
BESIDE = {
    "study": ({"seglib", "study"}, {"commands"}),
    "benchmarks": ({"seglib", "study", "benchmarks"}, set()),
    "tools": ({"seglib", "study", "tools"}, set()),
    "notebooks": ({"seglib", "study"}, {"commands"}),
}
#: In this order a student reads the library.
READING_PATH = """
slices preprocessing/steps preprocessing/normalisation splits/patients augmentation batches/slices
models/layers models/networks losses metrics optimizers recipes/recipe training/compile
training/fitting training/runs inference/model_files inference/prediction evaluation/scores
evaluation/tables plotting/style plotting/slices plotting/charts reporting files errors
""".split()
SEGLIB = REPOSITORY / "seglib"


def sources(top: str) -> list[Path]:
    return sorted((REPOSITORY / top).rglob("*.py"))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> list[tuple[str, str]]:
    """``(module, name)`` of each import, the lazy ones and those for type checkers too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found += [(node.module, alias.name) for alias in node.names]
    return found


def rooms_imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {room_of(module) for module in imported(tree, checking=True)} - {""}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_lies_before_it(room):
    place = SEGLIB / room
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert files and all(path.is_file() for path in files)
    wrong = {
        path.name: sorted(rooms_imported(path) - MAY_IMPORT[room] - {room})
        for path in files
        if path.name != "__init__.py"
    }
    assert not {name: rooms for name, rooms in wrong.items() if rooms}


def test_every_room_has_a_rule_and_the_rules_run_one_way():
    rooms = {path.stem for path in SEGLIB.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__main__", "__pycache__", "README"} == set(MAY_IMPORT)
    order: list[str] = []
    while len(order) < len(MAY_IMPORT):
        free = [room for room in MAY_IMPORT if room not in order and MAY_IMPORT[room] <= {*order}]
        assert free, f"a circle among {sorted(set(MAY_IMPORT) - set(order))}"
        order += free
    main_way = set(MAY_IMPORT) - EXTRAS
    assert not [room for room in main_way if MAY_IMPORT[room] & EXTRAS]


def test_no_two_modules_need_each_other():
    """Imports inside functions count: a circle that does not show is a circle."""
    needs = {
        dotted(path): set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sources("seglib")
        if path.name != "__init__.py"
    }
    while free := {module for module, others in needs.items() if not others & needs.keys()}:
        needs = {module: others for module, others in needs.items() if module not in free}
    assert not needs, f"a circle among {sorted(needs)}"


@pytest.mark.parametrize("top", BESIDE)
def test_what_stands_beside_the_library_keeps_to_its_side(top):
    allowed, closed = BESIDE[top]
    folders = {"seglib", "study", "tools", "benchmarks", "tests"}
    for path in sources(top):
        for module, name in imports(path):
            first = module.partition(".")[0]
            assert first not in folders or first in allowed, f"{path}: imports {module}"
            full = f"{module}.{name}" if module == "seglib" else module
            assert first != "seglib" or room_of(full) not in closed, f"{path}: imports {full}"


def test_the_library_does_not_know_the_study():
    for path in sources("seglib"):
        found = re.search(
            r"`(study|tools|benchmarks)\.|(from|import) (study|tools|benchmarks)\b"
            r"|-m (study|tools|benchmarks)|make (runs|bench)\b",
            path.read_text(encoding="utf-8"),
        )
        assert not found, f"{path}: {found[0]}"


def test_inside_the_library_a_name_is_imported_from_where_it_is_defined():
    for path in sources("seglib"):
        for module, name in imports(path):
            place = REPOSITORY / module.replace(".", "/")
            if module.partition(".")[0] == "seglib" and (place / "__init__.py").is_file():
                inner = place / name
                known = inner.is_dir() or inner.with_suffix(".py").is_file()
                defined = name in (place / "__init__.py").read_text(encoding="utf-8").split('"')
                assert known or not defined, f"{path}: {name} stands in a module of {module}"


def test_no_private_name_leaves_its_room():
    for top in ("seglib", "study", "tools", "benchmarks", "notebooks"):
        for path in sources(top):
            modules = {}
            for module, name in imports(path):
                own = room_of(module) == room_of(dotted(path)) and top == module.partition(".")[0]
                private = name.startswith("_") and not name.startswith("__")
                assert own or not private, f"{path}: imports {name} of {module}"
                modules[name or module] = own
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    if re.match(r"_[a-z]", node.attr) and node.value.id in modules:
                        assert modules[node.value.id], f"{path}: {node.value.id}.{node.attr}"


def test_the_reading_path_can_be_read_in_an_afternoon():
    lengths = {
        name: len((SEGLIB / f"{name}.py").read_text(encoding="utf-8").splitlines())
        for name in READING_PATH
    }
    assert sum(lengths.values()) <= 4000, sum(lengths.values())
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}


def test_no_room_is_crowded():
    rooms = [path for path in SEGLIB.iterdir() if (path / "__init__.py").is_file()]
    assert len(rooms) <= 17
    for room in rooms:
        modules = [path for path in room.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= 10 or room.name in ("datasets", "recipes", "commands"), room


def test_each_module_has_its_test():
    missing = set()
    for path in sources("seglib"):
        inside = path.relative_to(SEGLIB)
        if inside.name in ("__init__.py", "__main__.py"):
            continue
        folder = REPOSITORY / "tests" / inside.parent
        stem = inside.stem
        if not sorted(folder.glob(f"test_{stem}.py")) and not sorted(
            folder.glob(f"test_{stem}_*.py")
        ):
            missing.add(inside.with_suffix("").as_posix())
    assert not missing

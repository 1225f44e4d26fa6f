"""What the cells of a notebook may do: import from faces, and show only figures that are saved."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from seglib.files import REPOSITORY
from tools import notebooks

SCRIPTS = sorted(notebooks.NOTEBOOKS.glob("[0-9]*.py"))
DRAWING = ("plot_", "show_", "box_plot_", "cases_best_")
#: Each makes a figure of its own, without a name of that kind.
FIGURES = {"subplots", "figure", "new_figure"}
MOST_IMPORT_LINES = 12

each_notebook = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def cells(script: Path) -> list[ast.Module]:
    """The code cells but the set-up, which is the same in every notebook."""
    found = notebooks.build(script).cells
    return [
        ast.parse(cell.source)
        for cell in found
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", [])
    ]


def called(call: ast.Call) -> str:
    """The last part of a function's name."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def makes_a_figure(call: ast.Call) -> bool:
    """A plotting function that is not given the axes to draw into."""
    given = bool(call.args) and ast.unparse(call.args[0]).split("[")[0] in ("axes", "grid")
    draws = called(call).startswith(DRAWING) and called(call) != "show_table"
    return called(call) in FIGURES or (draws and not given)


@each_notebook
def test_every_figure_is_saved_where_it_is_shown_and_so_bears_its_label(script):
    for cell in cells(script):
        calls = [node for node in ast.walk(cell) if isinstance(node, ast.Call)]
        made = [call for call in calls if makes_a_figure(call)]
        saved = [call for call in calls if called(call) == "save_figure"]
        text = ast.unparse(cell)
        assert len(made) == len(saved), text
        names = [called(call) for call in calls]
        films = [name for name in names if name.startswith("render_")]
        assert len(films) == names.count("save_animation"), text


@each_notebook
def test_no_cell_begins_with_a_page_of_imports(script):
    for cell in cells(script):
        lines = [
            node.end_lineno - node.lineno + 1
            for node in cell.body
            if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        assert sum(lines) <= MOST_IMPORT_LINES, ast.unparse(cell)


@each_notebook
def test_the_library_is_imported_by_its_faces(script):
    """`seglib`, a room, or what a room's face gives; its names are not used for anything else."""
    tree = ast.Module([node for cell in cells(script) for node in cell.body], [])
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            deep = [alias.name for alias in node.names if alias.name.startswith("seglib.")]
            assert not deep and not [alias for alias in node.names if alias.asname == "seglib"]
            if "seglib" in [alias.name for alias in node.names]:
                modules["seglib"] = "seglib"
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "seglib":
            assert node.module.count(".") <= 1, f"{node.module} stands below a room"
            for alias in node.names:
                assert not alias.asname, f"{alias.name} under another name"
                assert gives(node.module, alias.name), f"{node.module} gives no {alias.name}"
                modules[alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            assert node.id not in modules, f"{node.id} is the name of a module"
        elif isinstance(node, ast.arg):
            assert node.arg not in modules, f"{node.arg} is the name of a module"
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules:
            module = modules[ast.unparse(node.value)]
            assert not is_module(module) or gives(module, node.attr), ast.unparse(node)


def is_module(name: str) -> bool:
    place = REPOSITORY / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").is_file()


def gives(face: str, name: str) -> bool:
    """Whether a face lists a name; data sets are modules, and their face need not list them."""
    inner = face == "seglib.datasets" and is_module(f"{face}.{name}")
    return inner or name in dir(import_module(face))

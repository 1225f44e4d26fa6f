"""Every notebook runs top to bottom in a fresh kernel, in the smoke profile."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jupytext
import pytest
from ipykernel.kernelspec import get_kernel_dict
from nbformat import NotebookNode
from origin import OFFLINE, publish
from PIL import Image

from seglib.files import REPOSITORY
from study.notebook_execution import environment, execute
from tools import notebooks

SCRIPTS = sorted(notebooks.NOTEBOOKS.glob("[0-9]*.py"))
#: Notes what it is asked to install, and does not.
PIP = """
import json, os, sys
with open(os.environ["PIP_SAID"], "a") as file:
    print(json.dumps([sys.argv[1:], open(sys.argv[-1]).read()]), file=file)
sys.exit(int(os.environ.get("PIP_FAILS", "0")))
"""


def test_both_halves_of_every_notebook_agree():
    assert notebooks.check(notebooks.NOTEBOOKS) == []


@pytest.mark.slow
@pytest.mark.parametrize("opened", [".ipynb", ".py"])
def test_opening_and_saving_in_jupyterlab_changes_neither_half(
    opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))  # notes what it saved there
    folder = shutil.copytree(notebooks.NOTEBOOKS, tmp_path / "notebooks")
    scripts = notebooks.files(folder, ".py")
    halves = [*scripts, *notebooks.files(folder, ".ipynb")]
    before = {path: path.read_bytes() for path in halves}
    kernel = {key: get_kernel_dict()[key] for key in ("display_name", "language")}
    server = jupytext.TextFileContentsManager(root_dir=str(folder))
    for script in scripts:
        path = script.with_suffix(opened).relative_to(folder).as_posix()
        content = server.get(path)["content"]
        content["metadata"]["kernelspec"] = {"name": "python3", **kernel}  # JupyterLab does that
        server.save({"type": "notebook", "format": "json", "content": content}, path)
    assert [path.name for path in halves if path.read_bytes() != before[path]] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_parameters_cell_reads_the_environment(script: Path):
    cells = notebooks.build(script).cells
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    read = set(re.findall(r"SEGLIB_\w+", tagged[0].source))
    assert {"SEGLIB_PROFILE", "SEGLIB_DATASET", "SEGLIB_SEED"} <= read


class Machine:
    """A folder like Colab's /content, a repository to clone, and a pip that only takes notes."""

    def __init__(self, folder: Path):
        self.content, self.said = folder / "content", folder / "pip.jsonl"
        self.clone = self.content / "seglib"
        self.content.mkdir()
        (folder / "fakes" / "pip").mkdir(parents=True)
        (folder / "fakes" / "pip" / "__init__.py").touch()
        (folder / "fakes" / "pip" / "__main__.py").write_text(PIP)
        self.variables = {
            **os.environ,
            "PYTHONPATH": str(folder / "fakes"),
            "PIP_SAID": str(self.said),
            **OFFLINE,
        }
        origin = folder / "origin"
        for part in ("seglib", "notebooks"):
            shutil.copytree(
                REPOSITORY / part, origin / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(REPOSITORY / "requirements.txt", origin)
        self.published = publish(origin)

    def sets_up(self, folder: Path, **variables: str) -> subprocess.CompletedProcess:
        """Run the set-up cell in a folder and print where Python then is and finds seglib."""
        (cell,) = {setup_cell(script) for script in SCRIPTS}
        code = f"{cell}\nimport seglib\nprint(os.getcwd(), seglib.__file__, sep='|')"
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def clones(self) -> subprocess.CompletedProcess:
        """Run the cell where the repository is absent and its address leads to the origin."""
        return self.sets_up(self.content, **self.published)


def setup_cell(script: Path) -> str:
    cells = notebooks.build(script).cells
    (cell,) = [cell for cell in cells if "setup" in cell.metadata.get("tags", [])]
    return cell.source


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.slow
def test_the_set_up_cell_fetches_the_repository_once_and_finds_it_again(machine: Machine):
    first = machine.clones()
    found = f"{machine.clone}/notebooks|{machine.clone}/seglib/__init__.py\n"
    assert (first.returncode, first.stdout) == (0, found), first.stderr
    for folder in (machine.content, machine.clone, machine.clone / "notebooks"):
        again = machine.sets_up(folder)  # where another clone would fail
        assert (again.returncode, again.stdout, again.stderr) == (0, found, "")
    assert not machine.said.exists()  # this Python has all that the study needs


def test_the_set_up_cell_does_nothing_in_a_clone_that_make_has_prepared(machine: Machine):
    done = machine.sets_up(notebooks.NOTEBOOKS)
    assert done.stdout == f"{notebooks.NOTEBOOKS}|{REPOSITORY}/seglib/__init__.py\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert not machine.said.exists()


@pytest.mark.slow
def test_the_set_up_cell_installs_what_is_missing_and_holds_the_rest(machine: Machine):
    machine.clones()
    with (machine.clone / "requirements.txt").open("a") as file:
        file.write("no-such-package>=2,<3   # for this test\n")
    done = machine.sets_up(machine.content)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Installing what is missing here: no-such-package\n")
    ((arguments, held),) = map(json.loads, machine.said.read_text().splitlines())
    assert arguments[0] == "install"
    assert arguments[-3:-1] == ["no-such-package>=2,<3", "--constraint"]
    assert [name for name in arguments[1:-3] if not name.startswith("--")] == []
    for name in ("tensorflow", "keras", "numpy"):
        assert f"{name}=={metadata.version(name)}" in held.splitlines()


@pytest.mark.slow
def test_the_set_up_cell_says_what_it_could_not_install(machine: Machine):
    machine.clones()
    with (machine.clone / "requirements.txt").open("a") as file:
        file.write("no-such-package>=2,<3   # for this test\n")
    done = machine.sets_up(machine.content, PIP_FAILS="1")
    assert done.returncode == 1
    assert "PackageError: pip could not install no-such-package" in done.stderr


#: These read networks that those before them have trained, as in a study run from the first on.
SHARING = ("03", "04", "05", "06")


def together(script: Path):
    """Those that share networks run one after the other, in one process; the others anywhere."""
    marks = [] if script.stem[:2] in SHARING else [pytest.mark.alone]
    return pytest.param(script, marks=marks, id=script.stem)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.mark.slow
@pytest.mark.parametrize("script", [together(script) for script in SCRIPTS])
def test_notebook_runs(script: Path, trained: Path, tmp_path: Path):
    dataset = "sunnybrook" if os.environ.get("SEGLIB_DATA_DIR") else "phantom"
    executed = tmp_path / script.with_suffix(".ipynb").name
    reports = trained if script.stem[:2] in SHARING else tmp_path / "reports"
    notebook = execute(script, executed, environment("smoke", dataset, 0, reports))
    ran = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert ran
    assert all(cell.execution_count for cell in ran)
    assert executed.exists()
    outputs = [output for cell in ran for output in cell.outputs]
    assert [fault for output in outputs for fault in shown_badly(output)] == []


#: Pixels of a page that a phone shrinks by half at most.
WIDEST = 800


def shown_badly(output: NotebookNode) -> list[str]:
    """What a reader of an output would stumble over; nothing where it is shown well."""
    data, about, faults = output.get("data", {}), output.get("metadata", {}), []
    for kind in {"image/png", "image/gif"} & data.keys():
        with Image.open(io.BytesIO(base64.b64decode(data[kind]))) as picture:
            width = about.get(kind, {}).get("width", picture.width)
        if width > WIDEST:
            faults.append(f"a picture of {width} pixels")
        if not about.get(kind, {}).get("alt"):
            faults.append(f"a {kind} without alternative text")
    if "<style" in data.get("text/html", ""):  # as pandas writes tables
        faults.append(f"a table that no helper has made readable: {data['text/plain'][:80]}")
    text = data.get("text/plain", "") + output.get("text", "")
    return faults + re.findall(r"np\.\w+\([^)]*\)", text if "def " not in text else "")

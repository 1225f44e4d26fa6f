"""The first notebooks on Colab's stack, from an empty folder: `make test-colab`, some minutes.

`colab.txt` holds the stack. It is installed for real into an environment of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from origin import publish

from seglib.files import REPOSITORY
from study.notebook_files import NOTEBOOKS

pytestmark = [
    pytest.mark.colab,
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("SEGLIB_TEST_COLAB"),
        reason="installs 3 GB: `make test-colab` runs it, or SEGLIB_TEST_COLAB=1",
    ),
]
PINS = Path(__file__).with_name("colab.txt")
PYTHON = "python3.13"
#: What may come from the tests' own environment, and would hide what Colab lacks.
OURS = ("PYTHONPATH", "SEGLIB_REPORTS_DIR", "VIRTUAL_ENV", "TF_CPP_MIN_LOG_LEVEL")


def name(line: str) -> str:
    """The package that a line of requirements or of a freeze names."""
    return re.match(r"[\w.-]+", line)[0].lower().replace("_", "-")


def named(path: Path) -> set[str]:
    return {name(line) for line in path.read_text("utf-8").splitlines() if re.match(r"\w", line)}


def find_python() -> str:
    """A Python of Colab's version that can make environments."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [shutil.which(PYTHON), *sorted(pyenv.glob(f"versions/3.13*/bin/{PYTHON}"))]
    for python in filter(None, candidates):
        # A shim of pyenv is found too where that version is not chosen, and then fails.
        if subprocess.run([python, "-c", "import ensurepip, venv"], check=False).returncode == 0:
            return str(python)
    pytest.skip(f"Colab has {PYTHON}, and there is none here")


class Runtime:
    """Colab's packages, the empty folder that a session starts in, and its variables."""

    def __init__(self, folder: Path):
        origin = copy_of_this_checkout(folder / "origin")
        subprocess.run([find_python(), "-m", "venv", folder / "runtime"], check=True)
        self.python = str(folder / "runtime" / "bin" / "python")
        self.pip("install", "--quiet", "--requirement", str(PINS))
        kernel = folder / "kernels" / "colab"
        kernel.mkdir(parents=True)
        argv = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (kernel / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": "Colab", "language": "python"})
        )
        self.kernels = KernelSpecManager(kernel_dirs=[str(kernel.parent)])
        self.content = folder / "content"
        self.content.mkdir()
        self.variables = {
            **{key: value for key, value in os.environ.items() if key not in OURS},
            **publish(origin),
            "COLAB_RELEASE_TAG": "test",
            "SEGLIB_PROFILE": "smoke",
            "SEGLIB_DATASET": "sunnybrook" if os.environ.get("SEGLIB_DATA_DIR") else "phantom",
        }

    def pip(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.python, "-m", "pip", "--disable-pip-version-check", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def packages(self) -> set[str]:
        """What is installed now: lines such as ``keras==3.13.2``."""
        return set(self.pip("freeze", "--all").split("\n"))

    def run(self, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
        """Run a notebook in a new kernel, which starts in the session's folder."""
        manager = AsyncKernelManager(kernel_name="colab", kernel_spec_manager=self.kernels)
        resources = {"metadata": {"path": str(self.content)}}
        client = NotebookClient(
            notebook, km=manager, timeout=None, startup_timeout=600, resources=resources
        )
        return client.execute(env=self.variables, cleanup_kc=True)  # its end ends the kernel

    def run_first_cell(self) -> str:
        """Run the set-up cell alone, in a new kernel; return what it prints."""
        first = read("01")
        setup = [cell for cell in first.cells if "setup" in cell.metadata.get("tags", [])]
        first.cells = [*setup, nbformat.v4.new_code_cell("import seglib; print(seglib.__file__)")]
        return printed(self.run(first))


def copy_of_this_checkout(folder: Path) -> Path:
    """The files that a commit of the working tree would hold."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy is not a git checkout, so there is nothing that Colab could clone")
    for path in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / path, folder / path)
    return folder


def read(number: str) -> nbformat.NotebookNode:
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    return nbformat.read(path, as_version=4)


def printed(notebook: nbformat.NotebookNode, stream: str = "stdout") -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.get("name") == stream)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("colab")
    yield Runtime(folder)
    shutil.rmtree(folder)


def test_the_first_cell_brings_what_colab_lacks_and_touches_nothing_else(runtime: Runtime):
    before = runtime.packages()
    lacking = named(REPOSITORY / "requirements.txt") - named(PINS)
    said = runtime.run_first_cell()
    installing, found = said.split("\n", 1)
    assert installing.startswith("Installing what is missing here: ")
    assert set(installing.split(": ")[1].split(", ")) == lacking
    assert found == f"{runtime.content}/seglib/seglib/__init__.py\n"
    after = runtime.packages()
    assert before <= after
    assert lacking <= {name(line) for line in after - before}
    # "Restart session": a new kernel in the same folder, with nothing left to do.
    assert runtime.run_first_cell() == found
    assert runtime.packages() == after


@pytest.mark.parametrize("number", ["01", "02", "03"])  # data, pictures, a training
def test_a_notebook_runs_to_its_end_and_says_where_its_results_are(runtime: Runtime, number: str):
    notebook = runtime.run(read(number))
    # In the first cell pip may warn.
    notebook.cells = [c for c in notebook.cells if "setup" not in c.metadata.get("tags", [])]
    assert printed(notebook, "stderr") == ""
    results = runtime.content / "seglib" / "reports" / "local"
    assert f"Results go to {results} and are deleted with the runtime" in printed(notebook)
    assert "Runtime > Change runtime type" in printed(notebook)
    assert list(results.glob(f"figures/{number}_*.png"))

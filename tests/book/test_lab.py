"""A notebook in JupyterLab, in a real browser: it runs, its slider moves a figure, nothing is red."""

import os
import subprocess
import sys

import nbformat
import pytest
from chromium import chromium
from web import serving  # noqa: F401

from seglib.files import REPOSITORY
from study.notebook_files import NOTEBOOKS, build

pytestmark = pytest.mark.slow
NAME = "01_data_preparation"
SLIDER = """
import ipywidgets

@ipywidgets.interact(moved=(0, 40))
def show_moved(moved=0):
    fig, axes = plt.subplots(figsize=(3, 3))
    axes.imshow(np.roll(truth, moved, axis=1))
    plt.show()
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of the notebook beside the library; what is saved by mistake does not touch the own."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "seglib").symlink_to(REPOSITORY / "seglib")
    (tmp_path / "notebooks" / "matplotlibrc").symlink_to(NOTEBOOKS / "matplotlibrc")
    notebook = build(NOTEBOOKS / f"{NAME}.py")
    notebook.metadata.pop("jupytext")
    notebook.cells.append(nbformat.v4.new_code_cell(SLIDER.strip()))
    nbformat.write(notebook, tmp_path / "notebooks" / f"{NAME}.ipynb")
    return tmp_path


@pytest.fixture
def lab(folder):
    """The address of a JupyterLab that a script in its page may drive."""
    env = dict(os.environ, SEGLIB_PROFILE="smoke", SEGLIB_DATASET="phantom")
    env |= {"SEGLIB_REPORTS_DIR": str(folder / "reports"), "JUPYTER_CONFIG_DIR": str(folder / "a")}
    env |= {"JUPYTER_RUNTIME_DIR": str(folder / "b"), "IPYTHONDIR": str(folder / "c")}
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.port=0"]
    options += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=test"]
    options += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class="
                "jupyterlab.handlers.announcements.NeverCheckForUpdate"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = (line for line in process.stderr if "http://127.0.0.1:" in line)
        found = next(lines, None)
        assert found, "JupyterLab ended before it served"
        yield "http://127.0.0.1:" + found.split("http://127.0.0.1:")[1].split("/")[0]
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stderr.close()

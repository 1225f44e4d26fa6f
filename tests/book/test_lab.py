"""A notebook in JupyterLab, in a real browser: it runs, a slider moves a figure, nothing is red."""

import os
import subprocess
import sys

import nbformat
import pytest
from chromium import chromium

from seglib.files import REPOSITORY
from study.notebook_files import NOTEBOOKS, build

pytestmark = pytest.mark.slow
NAME = "01_data_preparation"


@pytest.fixture
def folder(tmp_path):
    """A copy of the notebook beside the library; what is saved by mistake spoils nothing."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "seglib").symlink_to(REPOSITORY / "seglib")
    (tmp_path / "notebooks" / "matplotlibrc").symlink_to(NOTEBOOKS / "matplotlibrc")
    notebook = build(NOTEBOOKS / f"{NAME}.py")
    notebook.metadata.pop("jupytext")
    nbformat.write(notebook, tmp_path / "notebooks" / f"{NAME}.ipynb")
    return tmp_path


@pytest.fixture
def lab(folder):
    """The address of a JupyterLab that a script in its page may drive."""
    env = dict(os.environ, SEGLIB_PROFILE="smoke", SEGLIB_DATASET="phantom")
    env |= {"SEGLIB_REPORTS_DIR": str(folder / "reports"), "JUPYTER_CONFIG_DIR": str(folder / "a")}
    env |= {"JUPYTER_RUNTIME_DIR": str(folder / "b"), "IPYTHONDIR": str(folder / "c")}
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.port=0"]
    options += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token="]
    options += ["--LabApp.news_url=None"]  # it asks no other machine
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


PANEL = "[...jupyterapp.shell.widgets('main')].find((w) => w.context?.path.endsWith('.ipynb'))"


def results(page) -> list[dict]:
    """What the notebook's cells hold as results: type, names of the forms."""
    return page.evaluate(
        f"""[...{PANEL}.content.model.cells].flatMap((cell) =>
            (cell.toJSON().outputs ?? []).map((output) => ({{
                kind: output.output_type,
                forms: Object.keys(output.data ?? {{}}),
                error: output.evalue ?? "",
            }})))"""
    )


def test_a_notebook_runs_its_slider_moves_the_figure_and_nothing_is_red(lab, folder):
    with chromium() as page:
        page.look_like(1280, 1000)
        page.open(f"{lab}/lab/tree/notebooks/{NAME}.ipynb")
        page.wait(f"{PANEL}.sessionContext.session.kernel.status === 'idle'", 30)
        content = f"{PANEL}.content"
        page.evaluate(f"jupyterapp.shell.activateById({PANEL}.id)")
        # Else only what the window shows is drawn.
        page.evaluate(
            f"{content}.notebookConfig = {{...{content}.notebookConfig, windowingMode: 'none'}}"
        )
        assert page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        outputs = results(page)
        assert len(outputs) > 20
        assert [output for output in outputs if output["kind"] == "error"] == []
        figures = [output for output in outputs if "image/png" in output["forms"]]
        assert len(figures) >= 9
        # The first slider is the slice browser's; the picture above it follows.
        handle, figure = ".jupyter-widgets .noUi-handle", "img.widget-image"
        page.wait(f"document.querySelector({handle!r}) && document.querySelector({figure!r})")
        before = page.evaluate(f"document.querySelector({figure!r}).src")
        box = page.box(handle)
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.drag(middle, (middle[0] + 40, middle[1]), (middle[0] + 90, middle[1]))
        page.wait(f"document.querySelector({figure!r})?.src !== {before!r}")
        shown = page.evaluate("document.querySelector('.jp-Notebook').innerText")
        for text in ("(children=", "IntSlider(", "Traceback (most"):
            assert text not in shown, shown[max(0, shown.index(text) - 200) :][:400]
        red = '[data-mime-type="application/vnd.jupyter.stderr"]'
        assert page.evaluate(f"document.querySelectorAll({red!r}).length") == 0

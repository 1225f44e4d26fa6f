"""Every notebook runs top to bottom in a fresh kernel, in the smoke profile."""

import os
import re
import shutil
from pathlib import Path

import jupytext
import pytest
from ipykernel.kernelspec import get_kernel_dict

from tools import notebooks
from tools.run_study import environment, execute

SCRIPTS = sorted(notebooks.NOTEBOOKS.glob("[0-9]*.py"))


def test_both_halves_of_every_notebook_agree():
    assert notebooks.check(notebooks.NOTEBOOKS) == []


@pytest.mark.parametrize("opened", [".ipynb", ".py"])
def test_opening_and_saving_in_jupyterlab_changes_neither_half(
    opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))  # notes what it saved there
    folder = shutil.copytree(notebooks.NOTEBOOKS, tmp_path / "notebooks")
    halves = [path for path in folder.iterdir() if path.suffix in (".py", ".ipynb")]
    before = {path: path.read_bytes() for path in halves}
    kernel = {key: get_kernel_dict()[key] for key in ("display_name", "language")}
    server = jupytext.TextFileContentsManager(root_dir=str(folder))
    for script in SCRIPTS:
        path = script.with_suffix(opened).name
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


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_notebook_runs(script: Path, tmp_path: Path):
    dataset = "sunnybrook" if os.environ.get("SEGLIB_DATA_DIR") else "phantom"
    executed = tmp_path / script.with_suffix(".ipynb").name
    notebook = execute(script, executed, environment("smoke", dataset, 0, tmp_path / "reports"))
    ran = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert ran
    assert all(cell.execution_count for cell in ran)
    assert executed.exists()

"""A notebook's results are kept only while nothing that made them has changed."""

import json

import nbformat
import pytest

from study import unchanged
from study.unchanged import KEY, kept, signature


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")])


def test_cells_options_and_data_make_another_signature(notebook, tmp_path):
    first = signature(notebook, "quick", "auto", 0)
    assert signature(notebook, "quick", "auto", 0) == first
    assert signature(notebook, "quick", "auto", 1) != first
    (tmp_path / "scan.png").write_bytes(b"1")
    second = signature(notebook, "quick", "auto", 0)
    assert second != first
    (tmp_path / "scan.png").write_bytes(b"12")
    assert signature(notebook, "quick", "auto", 0) != second
    (tmp_path / "scan.png").unlink()
    notebook.cells[0].source = "6 * 8"
    assert signature(notebook, "quick", "auto", 0) != first


def test_the_library_and_what_is_installed_make_another_signature(notebook, tmp_path, monkeypatch):
    first = signature(notebook)
    monkeypatch.setattr(unchanged.metadata, "distributions", lambda: [])
    without = signature(notebook)
    assert without != first
    (tmp_path / "seglib").mkdir()
    (tmp_path / "seglib" / "slices.py").write_text("")
    monkeypatch.setattr(unchanged, "REPOSITORY", tmp_path)
    emptied = signature(notebook)
    assert emptied != without
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path / "seglib"))
    before = signature(notebook)
    (tmp_path / "reports" / "runs").mkdir(parents=True)
    (tmp_path / "reports" / "runs" / "history.csv").write_text("epoch\n")
    stored = signature(notebook)
    assert stored != before
    (tmp_path / "reports" / "local").mkdir()
    (tmp_path / "reports" / "local" / "history.csv").write_text("epoch\n")  # made by notebooks
    assert signature(notebook) == stored


def test_only_a_complete_copy_of_the_same_things_is_kept(tmp_path):
    output = tmp_path / "01.ipynb"
    assert not kept(output, "abc")
    output.write_text(json.dumps({"metadata": {}}))  # it failed, or an older version ran it
    assert not kept(output, "abc")
    output.write_text(json.dumps({"metadata": {KEY: "abc"}}))
    assert kept(output, "abc") and not kept(output, "xyz")

"""Files of reports: complete or absent, with their provenance, and hashes that notice change."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from seglib import reporting
from seglib.errors import DataError
from seglib.files import atomic_write, make_folder
from seglib.staging import check_output, check_results
from seglib.training.devices import Devices


def test_save_figure_writes_picture_and_provenance(reports):
    fig = Figure(figsize=(4, 2))
    fig.subplots().plot([0, 1])
    path = reporting.save_figure(fig, "a-figure", dataset="phantom", profile="quick", runs=["r1"])
    assert path == reports / "figures" / "a-figure.png"
    with Image.open(path) as picture:
        assert picture.size == (600, 300)  # 4 by 2 inches at 150 dpi
        corner = np.asarray(picture.convert("RGB"))[-40:, 300:]
    assert (corner == (0xD5, 0x5E, 0x00)).all(axis=-1).any()  # the phantom's mark is in the pixels
    note = json.loads(path.with_suffix(".json").read_text())
    assert (note["dataset"], note["profile"], note["runs"]) == ("phantom", "quick", ["r1"])
    assert note["created"].endswith("+00:00") and "numpy" in note["versions"]


def test_save_table_round_trip_with_markdown(reports):
    frame = pd.DataFrame({"mean": [0.91234, math.nan], "n": [29, 0]}, index=["dice", "hd95"])
    frame = frame.rename_axis("metric")
    path = reporting.save_table(
        frame, "summary", dataset="Sunnybrook", profile="full", markdown=True
    )
    pd.testing.assert_frame_equal(pd.read_csv(path, index_col="metric"), frame)
    assert (reports / "tables" / "summary.md").read_text() == (
        "| metric | mean | n |\n| --- | ---: | ---: |\n| dice | 0.912 | 29 |\n| hd95 |  | 0 |\n"
    )
    assert json.loads(path.with_suffix(".json").read_text())["profile"] == "full"


def test_a_result_that_comes_out_the_same_keeps_its_date(reports, monkeypatch):
    frame = pd.DataFrame({"a": [1]})
    note = reporting.save_table(frame, "t", dataset="phantom", profile="quick").with_suffix(".json")
    old = note.read_text(encoding="utf-8").replace('"created": "20', '"created": "19')
    note.write_text(old, encoding="utf-8")
    reporting.save_table(frame, "t", dataset="phantom", profile="quick")
    assert note.read_text(encoding="utf-8") == old
    reporting.save_table(frame, "t", dataset="phantom", profile="full")
    assert json.loads(note.read_text(encoding="utf-8"))["created"].startswith("20")
    note.write_text(old, encoding="utf-8")
    reporting.save_table(frame + 1, "t", dataset="phantom", profile="quick")
    assert json.loads(note.read_text(encoding="utf-8"))["created"].startswith("20")


def test_markdown_escapes_what_would_break_the_table():
    text = reporting.to_markdown(pd.DataFrame({"a|b": ["x|y", "two\nlines"]}), decimals=1)
    assert text.splitlines() == [r"| a\|b |", "| --- |", r"| x\|y |", "| two lines |"]


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".hidden", "with space"])
def test_names_that_are_no_file_names_are_refused(reports, name):
    with pytest.raises(DataError, match="cannot name a result"):
        reporting.save_table(pd.DataFrame({"a": [1]}), name, dataset="x", profile="quick")
    assert not reports.exists()


def test_results_that_cannot_be_written_name_the_variable(reports, tmp_path):
    reports.write_text("a file")
    for write in (
        lambda: reporting.save_table(
            pd.DataFrame({"a": [1]}), "t", dataset="phantom", profile="quick"
        ),
        lambda: make_folder(reports / "runs"),
        lambda: Devices().folder(reports / "runs" / "a-run"),
        check_results,
    ):
        with pytest.raises(DataError, match="set SEGLIB_REPORTS_DIR to a folder"):
            write()
    with pytest.raises(DataError, match="choose another place"):
        atomic_write(tmp_path, "text")
    assert reports.read_text() == "a file"


IMPOSSIBLE = {
    "a file in the way": (lambda folder: folder / "file" / "out.txt", "found a file"),
    "a link to nothing": (lambda folder: folder / "link" / "out.txt", "found a file"),
    "a name too long": (lambda folder: folder / ("x" * 300) / "out.txt", "name too long"),
    "a file's name too long": (lambda folder: folder / ("x" * 300 + ".txt"), "name too long"),
    "a system's folder": (lambda folder: Path("/proc/none/out.txt"), "cannot be written"),
    "no permission": (lambda folder: folder / "locked" / "new" / "out.txt", "Permission denied"),
    "a folder": (lambda folder: folder / "folder.txt", "expected a file that ends in .txt"),
    "another ending": (lambda folder: folder / "out.png", "expected a file that ends in .txt"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_an_impossible_output_is_refused_before_the_work(what, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "none")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "locked").mkdir(mode=0o500)
    if what == "no permission" and os.access(tmp_path / "locked", os.W_OK):
        pytest.skip("this user may write everywhere")
    if what == "a system's folder" and not Path("/proc").is_dir():
        pytest.skip("no such folder on this system")
    found = sorted(tmp_path.rglob("*"))
    make, message = IMPOSSIBLE[what]
    with pytest.raises(DataError, match=message):
        check_output(make(tmp_path), ending=".txt")
    assert sorted(tmp_path.rglob("*")) == found


def test_a_possible_output_is_checked_without_a_trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.txt").write_text("old")
    for output in ("new.txt", "old.txt", "a/b/new.txt", tmp_path / "c" / "new.txt"):
        check_output(Path(output), ending=".txt")
    for output in (".", "a/b", tmp_path / "c"):
        check_output(Path(output))
    assert [path.name for path in tmp_path.rglob("*")] == ["old.txt"]
    assert (tmp_path / "old.txt").read_text() == "old"


def test_a_folder_that_is_named_is_written_to_instead(reports, tmp_path):
    note = {"dataset": "phantom", "profile": "smoke", "folder": tmp_path / "other"}
    reporting.save_table(pd.DataFrame({"a": [1]}), "one", **note, markdown=True)
    reporting.save_figure(Figure(), "two", **note)
    assert {path.name for path in (tmp_path / "other" / "tables").iterdir()} == {
        "one.csv",
        "one.json",
        "one.md",
    }
    assert (tmp_path / "other" / "figures" / "two.png").is_file()
    assert not reports.exists()

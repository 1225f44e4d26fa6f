"""Folders written aside: all of the files or none."""

import os
import subprocess
import sys

import pytest
from command_line import contents

from seglib.errors import DataError
from seglib.files import REPOSITORY
from seglib.staging import made_once, staged_folder


def test_staged_folder_looks_again_before_it_moves_anything(tmp_path):
    output = tmp_path / "out"
    with pytest.raises(DataError, match="d: is a file"), staged_folder(output) as folder:
        (folder / "a.txt").write_text("new")
        (folder / "d").mkdir()
        (folder / "d" / "b.txt").write_text("new")
        output.mkdir()
        (output / "d").write_text("meanwhile")
    assert contents(tmp_path) == {(output / "d").relative_to(tmp_path): b"meanwhile"}


@pytest.mark.parametrize("output_exists", [True, False])
def test_staged_folder_takes_back_what_it_moved(output_exists, tmp_path, monkeypatch):
    """The disk refuses the last of three files, after one was replaced and one made."""
    output = tmp_path / "out"
    if output_exists:
        output.mkdir()
        (output / "a.txt").write_text("old")
        (output / "kept.txt").write_text("kept")
    before, found = contents(tmp_path), sorted(tmp_path.rglob("*"))
    replace = os.replace

    def refuse(source, target):
        if target == output / "z.txt":
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(DataError, match="No space left"), staged_folder(output) as folder:
        for name in ("a.txt", "d/b.txt", "z.txt"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("new")
    assert contents(tmp_path) == before and sorted(tmp_path.rglob("*")) == found


def test_staged_folder_survives_an_interruption(tmp_path):
    (tmp_path / "out").mkdir()
    for output in (tmp_path / "out", tmp_path / "new"):
        with pytest.raises(KeyboardInterrupt), staged_folder(output) as folder:
            (folder / "a.txt").write_text("half")
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not list((tmp_path / "out").iterdir())


#: Fills a folder, or waits for whoever does; what it says goes to its standard output.
FILL = """
import sys
from pathlib import Path
from seglib.staging import made_once

folder = Path(sys.argv[1])
with made_once(folder, "last") as finished:
    print("finished" if finished else "filling", flush=True)
    if not finished:
        sys.stdin.readline()  # until the test says so
        (folder / "last").touch()
"""


def start_filling(folder):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, "-c", FILL, str(folder)], env=environment, **pipes)


def test_who_comes_second_waits_and_finds_it_made(tmp_path):
    folder = tmp_path / "run"
    first = start_filling(folder)
    assert first.stdout.readline() == "filling\n"
    second = start_filling(folder)
    assert second.stdout.readline() == "run is being made by another process: waiting for it\n"
    first.communicate("go on\n")
    assert second.communicate()[0] == "finished\n"
    assert [path.name for path in folder.iterdir()] == ["last"]


def test_the_lock_of_a_process_that_is_killed_is_free(tmp_path):
    folder = tmp_path / "run"
    first = start_filling(folder)
    assert first.stdout.readline() == "filling\n"
    first.kill()
    first.communicate()
    with made_once(folder, "last") as finished:
        assert not finished

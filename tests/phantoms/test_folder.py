"""A phantom's new folder: marked as simulated, and there complete or not at all."""

from dataclasses import replace

import pytest

from seglib.datasets.locations import is_phantom
from seglib.errors import DataError
from seglib.phantoms.folder import mark_as_phantom, new_phantom_folder


def contents(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("inside", ["", "Task02_Heart"])
def test_files_arrive_at_the_end_with_the_mark_in_the_layout_s_root(phantom_set, tmp_path, inside):
    folder = tmp_path / "above" / "new"
    with new_phantom_folder(phantom_set, "phantom", str(folder), "some.module", inside) as root:
        assert contents(root) == []
        (root / "images").mkdir()
        (root / "images" / "one.png").write_bytes(b"1")
        assert not folder.exists()
    written = folder / inside
    assert contents(written) == ["PHANTOM.txt", "images", "images/one.png"]
    assert (written / "images" / "one.png").read_bytes() == b"1"
    assert is_phantom(written)
    left = [path.name for path in (*tmp_path.iterdir(), *folder.parent.iterdir())]
    assert left == ["above", "new"]  # nothing of what was written aside


def test_the_mark_names_the_module_and_says_that_no_patient_is_shown(tmp_path):
    assert not is_phantom(tmp_path)
    mark_as_phantom(tmp_path, "seglib.phantoms.heart")
    assert is_phantom(tmp_path)
    text = (tmp_path / "PHANTOM.txt").read_text(encoding="utf-8")
    assert text == "Simulated data, written by seglib.phantoms.heart: no patient is shown.\n"


def test_an_empty_folder_may_be_there_already(phantom_set, tmp_path):
    with new_phantom_folder(phantom_set, "phantom", tmp_path, "some.module"):
        pass
    assert contents(tmp_path) == ["PHANTOM.txt"]


def test_a_folder_that_holds_something_is_refused_and_kept(phantom_set, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="is not empty; name a new folder"):
        with new_phantom_folder(phantom_set, "phantom", tmp_path, "some.module"):
            pytest.fail("was opened")
    assert contents(tmp_path) == ["notes.txt"]


def test_a_file_in_its_place_is_refused_and_kept(phantom_set, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="file: expected a folder, found a file"):
        with new_phantom_folder(phantom_set, "phantom", tmp_path / "file", "some.module"):
            pytest.fail("was opened")
    assert (tmp_path / "file").read_text() == "mine"


def test_another_set_is_refused_so_that_no_patient_is_written_as_a_phantom(phantom_set, tmp_path):
    real = replace(phantom_set, name="Sunnybrook")
    with pytest.raises(DataError, match="only the phantom is written, found.*Sunnybrook"):
        with new_phantom_folder(real, "phantom", tmp_path / "new", "some.module"):
            pytest.fail("was opened")
    assert contents(tmp_path) == []


def test_a_writer_that_fails_leaves_nothing_behind(phantom_set, tmp_path):
    with pytest.raises(ZeroDivisionError):
        with new_phantom_folder(phantom_set, "phantom", tmp_path / "new", "some.module") as root:
            (root / "half.png").write_bytes(b"1")
            raise ZeroDivisionError
    assert contents(tmp_path) == []

"""Files: complete or absent, and JSON that any program reads."""

import json

import numpy as np
import pytest

from seglib.errors import DataError, WriteError
from seglib.files import atomic_write, results_dir, write_json, written_aside


def test_results_dir_follows_the_variable_and_else_stays_out_of_the_committed_reports(
    reports, monkeypatch
):
    assert results_dir() == reports
    monkeypatch.delenv("SEGLIB_REPORTS_DIR")
    assert results_dir().parts[-2:] == ("reports", "local")


def test_atomic_write_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "a" / "b.txt"
    assert atomic_write(path, "old") == path
    atomic_write(path, "new é")
    assert path.read_bytes() == "new é".encode()
    atomic_write(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]  # nothing left aside


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_aside(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(DataError, match="cannot write"):
        atomic_write(path, "text")  # a folder stands where the file should go
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DataError, match="cannot write"):
        atomic_write(tmp_path / "file" / "below", "text")
    assert (tmp_path / "file").read_text() == "kept"


def test_manifest_holds_plain_json(tmp_path):
    values = {
        "loss": np.float32(0.5),
        "epochs": np.int64(3),
        "nothing": float("nan"),
        "scores": np.array([1.0, np.inf]),
        "patients": ("A", "B"),
        "nested": {1: True},
    }
    path = write_json(tmp_path / "m.json", values)
    assert json.loads(path.read_text()) == {
        "loss": 0.5,
        "epochs": 3,
        "nothing": None,
        "scores": [1.0, None],
        "patients": ["A", "B"],
        "nested": {"1": True},
    }


def test_text_with_a_file_name_that_is_no_utf_8_is_written(tmp_path):
    name = b"h\xe9rz".decode(errors="surrogateescape")
    path = write_json(tmp_path / "m.json", {"patient": name})
    assert path.read_bytes().isascii()
    assert json.loads(path.read_text()) == {"patient": name}
    csv = atomic_write(tmp_path / "t.csv", f"patient\n{name}\n")
    assert csv.read_text() == "patient\nh\\udce9rz\n"


def test_what_is_written_aside_has_the_ending_and_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "model.keras"
    with written_aside(path) as aside:
        assert aside.suffix == ".keras" and aside.parent == path.parent
        aside.write_text("whole")
        assert not path.exists()
    with pytest.raises(ZeroDivisionError), written_aside(path) as aside:
        aside.write_text("half")
        raise ZeroDivisionError
    with pytest.raises(WriteError, match="model.keras: No space left"), written_aside(path):
        raise OSError(28, "No space left on device")
    assert [file.read_text() for file in path.parent.iterdir()] == ["whole"]

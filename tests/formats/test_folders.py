"""Walking through folders with links, and what cannot be walked."""

import os

import pytest

from seglib.errors import DataError
from seglib.formats.folders import files_below


def test_links_are_followed_to_files_and_folders(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / ".hidden").mkdir()
    for name in ("real/1.png", "other.png", "set/a.png", "set/.b.png", "set/.hidden/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "set" / "linked.png").symlink_to(tmp_path / "other.png")
    found = [
        path.relative_to(tmp_path / "set").as_posix() for path in files_below(tmp_path / "set")
    ]
    assert found == ["a.png", "linked/1.png", "linked.png"]


def refuse_to_open(monkeypatch, folder):
    """As the system does where a folder has no permission: a superuser may read all."""
    scandir = os.scandir

    def scan(path):
        if os.fspath(path) == os.fspath(folder):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)


LINK_FAULTS = {
    "a link up": (lambda f, _: (f / "in" / "up").symlink_to(f), "are one folder, by a link"),
    "two names": (lambda f, _: (f / "twin").symlink_to(f / "in"), "are one folder, by a link"),
    "broken": (lambda f, _: (f / "b.png").symlink_to(f / "gone"), "b.png: is a link that leads"),
    "broken folder": (lambda f, _: (f / "ben").symlink_to(f / "gone"), "ben: is a link that leads"),
    "circle": (lambda f, _: (f / "c.png").symlink_to(f / "c.png"), "c.png: is a link that leads"),
    "pipe": (lambda f, _: os.mkfifo(f / "p.png"), "p.png: is neither a file nor a folder"),
    "unreadable": (lambda f, m: refuse_to_open(m, f / "in"), "in: cannot be read .Permission"),
}


@pytest.mark.parametrize("fault", LINK_FAULTS)
def test_what_cannot_be_walked_is_named(fault, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_text("")
    plant, message = LINK_FAULTS[fault]
    plant(tmp_path, monkeypatch)
    with pytest.raises(DataError, match=message):
        files_below(tmp_path)

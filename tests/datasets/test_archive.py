"""The Decathlon's archive: it arrives once, whole or not at all, and only what is wanted."""

import gzip
import hashlib
import io
import json
import re
import shutil
import tarfile
from collections import namedtuple
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import nibabel
import numpy as np
import pytest
from disk import small_files
from web import closed_address, serving

from seglib.datasets import archive, msd_heart
from seglib.datasets.archive import BLOCK_BYTES, Archive, fetch_msd_heart
from seglib.datasets.download import NetworkError
from seglib.errors import DataError, WriteError

AFFINE = np.diag([1.25, 1.25, 1.37, 1])
SUBJECTS = ("la_003", "la_004")
KEPT = {
    "Task02_Heart/dataset.json",
    *(
        f"Task02_Heart/{part}/{name}.nii.gz"
        for part in ("imagesTr", "labelsTr")
        for name in SUBJECTS
    ),
}


class Ranges(BaseHTTPRequestHandler):
    """Serves one file or the rest of it, as its server's attributes say.

    `content` is the file; `cut` how many bytes are sent before the connection breaks, None for
    all; `ranges` whether a request for the rest is understood.
    """

    def do_GET(self):
        wanted = self.headers["Range"]
        self.server.asked.append(wanted)
        begun = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if self.server.ranges else 0
        rest = self.server.content[begun:]
        if begun and not rest:
            self.send_response(416)
            self.end_headers()
            return
        self.send_response(206 if self.server.ranges else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.cut])

    def log_message(self, *args):
        """Keep the test output clean."""


def volume(values: np.ndarray) -> bytes:
    return nibabel.Nifti1Image(values, AFFINE).to_bytes()


def as_tar(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in more:
            tar.addfile(member)
    return stored.getvalue()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """What the published archive holds, with two small subjects and macOS's files."""
    rng = np.random.default_rng(0)
    names = [
        {"image": f"./imagesTr/{n}.nii.gz", "label": f"./labelsTr/{n}.nii.gz"} for n in SUBJECTS
    ]
    content = {"labels": {"0": "background", "1": "left atrium"}, "training": names}
    held = {
        "./._Task02_Heart": b"Mac OS X",
        "Task02_Heart/dataset.json": json.dumps(content).encode(),
        "Task02_Heart/._dataset.json": b"Mac OS X",
        "Task02_Heart/imagesTs/la_001.nii.gz": b"a volume without label",
    }
    for subject in SUBJECTS:
        image = rng.normal(500, 100, (48, 40, 16)).astype(np.float32)
        label = (image > 600).astype(np.uint8)
        for part, values in (("imagesTr", image), ("labelsTr", label)):
            held[f"./Task02_Heart/{part}/{subject}.nii.gz"] = gzip.compress(volume(values))
            held[f"./Task02_Heart/{part}/._{subject}.nii.gz"] = b"Mac OS X"
    return held


@pytest.fixture
def server(files, monkeypatch):
    monkeypatch.setattr(archive, "RETRIES", 0)  # a second try waits a second
    with serving(Ranges) as server:
        server.content, server.cut, server.ranges = as_tar(files), None, True
        yield server


def offered(server) -> Archive:
    """What the server has, as the pinned address would describe it."""
    content = server.content
    return Archive(
        f"{server.url}Task02_Heart.tar", hashlib.sha256(content).hexdigest(), len(content)
    )


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}


def test_the_labelled_volumes_arrive_and_load(tmp_path, server):
    destination = tmp_path / "raw" / "msd_heart"
    assert fetch_msd_heart(destination, offered(server)) == destination
    assert files_in(destination) == KEPT
    assert [path.name for path in destination.parent.iterdir()] == ["msd_heart"]
    slices = msd_heart.load(destination)
    assert slices.name == "Decathlon heart" and slices.patients == SUBJECTS
    assert slices.images.dtype == np.float32 and 0 < slices.masks.mean() < 0.5


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, server):
    destination, published = tmp_path / "msd_heart", offered(server)
    server.cut = 150_000
    with pytest.raises(DataError, match=r"Task02_Heart\.tar.*run the same command again"):
        fetch_msd_heart(destination, published)
    assert not destination.exists()
    part = tmp_path / "msd_heart.part" / "Task02_Heart.tar.part"
    came = part.read_bytes()
    assert server.cut - BLOCK_BYTES < len(came) <= server.cut < len(server.content)
    assert server.content.startswith(came)
    server.cut = None
    fetch_msd_heart(destination, published)
    assert server.asked == ["bytes=0-", f"bytes={len(came)}-"]
    assert files_in(destination) == KEPT


@pytest.mark.slow
def test_one_broken_connection_is_mended_without_the_user(tmp_path, server, monkeypatch):
    monkeypatch.setattr(archive, "RETRIES", 1)
    sent = iter((BLOCK_BYTES, None))
    monkeypatch.setattr(type(server), "cut", property(lambda self: next(sent)), raising=False)
    del server.__dict__["cut"]
    fetch_msd_heart(tmp_path / "msd_heart", offered(server))
    assert server.asked == ["bytes=0-", f"bytes={BLOCK_BYTES}-"]


def test_a_server_that_knows_no_ranges_sends_everything_again(tmp_path, server):
    server.ranges = False
    part = tmp_path / "msd_heart.part" / "Task02_Heart.tar.part"
    part.parent.mkdir()
    part.write_bytes(server.content[:5000])
    assert files_in(fetch_msd_heart(tmp_path / "msd_heart", offered(server))) == KEPT


def test_what_came_whole_before_a_stop_is_used(tmp_path, server):
    part = tmp_path / "msd_heart.part" / "Task02_Heart.tar.part"
    part.parent.mkdir()
    part.write_bytes(server.content)
    (part.parent / "unpacked" / "half").mkdir(parents=True)
    assert files_in(fetch_msd_heart(tmp_path / "msd_heart", offered(server))) == KEPT
    assert server.asked == [f"bytes={len(server.content)}-"]


def test_another_file_than_the_pinned_one_is_refused_and_removed(tmp_path, server):
    published = replace(offered(server), sha256="0" * 64)
    with pytest.raises(DataError, match="expected SHA-256 0000"):
        fetch_msd_heart(tmp_path / "msd_heart", published)
    assert files_in(tmp_path) == set()


def test_bytes_of_another_file_in_the_part_are_found_by_the_checksum(tmp_path, server):
    part = tmp_path / "msd_heart.part" / "Task02_Heart.tar.part"
    part.parent.mkdir()
    part.write_bytes(b"x" * 5000)
    with pytest.raises(DataError, match="does not have the expected SHA-256"):
        fetch_msd_heart(tmp_path / "msd_heart", offered(server))
    assert files_in(fetch_msd_heart(tmp_path / "msd_heart", offered(server))) == KEPT


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


@pytest.mark.parametrize("unsafe", [
    member("../evil"),
    member("Task02_Heart/imagesTr/../../../evil.nii.gz"),
    member("/evil"),
    member("Task02_Heart/imagesTr/la_009.nii.gz", tarfile.SYMTYPE, "../../../evil"),
    member("Task02_Heart/imagesTr/la_009.nii.gz", tarfile.LNKTYPE, "Task02_Heart/dataset.json"),
    member("Task02_Heart/imagesTr", tarfile.SYMTYPE, "/"),
    member("Task02_Heart/labelsTr/la_009.nii.gz", tarfile.CHRTYPE),
    member("Task02_Heart/labelsTr/la_009.nii.gz", tarfile.FIFOTYPE),
], ids=lambda made: f"{made.name}-{made.type.decode()}")  # fmt: skip
def test_an_archive_that_reaches_out_of_its_folder_is_refused(tmp_path, server, files, unsafe):
    server.content = as_tar(files, unsafe)
    with pytest.raises(DataError, match=f"holds {unsafe.name!r}"):
        fetch_msd_heart(tmp_path / "deep" / "msd_heart", offered(server))
    assert files_in(tmp_path) == set()


def without(files: dict[str, bytes], name: str) -> bytes:
    return as_tar({key: content for key, content in files.items() if name not in key})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda files: b"<html>no archive</html>" * 100, "is not a readable tar archive"),
        (lambda files: as_tar(files)[:9000], "is not a readable tar archive"),
        (lambda files: without(files, "/labelsTr/la_004"), "la_004.*is missing"),
        (lambda files: without(files, "/dataset.json"), "dataset.json: no such file"),
    ],
)
def test_a_damaged_archive_leaves_nothing(tmp_path, server, files, spoil, message):
    server.content = spoil(files)
    with pytest.raises(DataError, match=message):
        fetch_msd_heart(tmp_path / "msd_heart", offered(server))
    assert files_in(tmp_path) == set()


def test_a_complete_folder_is_left_as_it_is(tmp_path, server):
    destination = fetch_msd_heart(tmp_path / "msd_heart", offered(server))
    server.asked.clear()
    assert fetch_msd_heart(destination, offered(server)) == destination
    assert server.asked == []


def test_a_folder_with_something_else_is_not_touched(tmp_path, server):
    destination = fetch_msd_heart(tmp_path / "msd_heart", offered(server))
    (destination / "Task02_Heart" / "labelsTr" / "la_003.nii.gz").unlink()
    before = files_in(tmp_path)
    with pytest.raises(DataError, match="does not hold the whole set.*la_003.*--to"):
        fetch_msd_heart(destination, offered(server))
    assert files_in(tmp_path) == before
    empty = tmp_path / "empty"
    empty.mkdir()
    assert files_in(fetch_msd_heart(empty, offered(server))) == KEPT


def test_a_full_disk_is_seen_before_the_download(tmp_path, server, monkeypatch):
    usage = namedtuple("usage", "total used free")
    published = replace(offered(server), size=456_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 911_000_000))
    with pytest.raises(WriteError, match="911 MB are free, 912 MB are needed"):
        fetch_msd_heart(tmp_path / "msd_heart", published)
    assert server.asked == []


def test_a_disk_that_fills_up_is_named_and_with_room_it_goes_on(tmp_path, server, files):
    """It is full while the archive comes, and then while a volume is unpacked."""
    server.content = as_tar(files)
    destination, published = tmp_path / "msd_heart", offered(server)
    assert 8192 < max(len(content) for content in files.values()) < len(server.content)
    with small_files(8192), pytest.raises(WriteError, match=r"Heart\.tar: cannot be written"):
        fetch_msd_heart(destination, published)
    part = tmp_path / "msd_heart.part" / "Task02_Heart.tar.part"
    part.write_bytes(server.content)
    with small_files(8192), pytest.raises(WriteError, match="unpacked: cannot be written"):
        fetch_msd_heart(destination, published)
    assert not destination.exists()
    assert files_in(fetch_msd_heart(destination, published)) == KEPT
    assert server.asked[0] == "bytes=0-" and len(server.asked) == 2  # the archive has stayed


def test_refused_connection(tmp_path, server):
    nobody = replace(offered(server), url=f"{closed_address()}Task02_Heart.tar")
    with pytest.raises(NetworkError, match="cannot be reached.*SEGLIB_DATA_DIR.*msd_heart/"):
        fetch_msd_heart(tmp_path / "msd_heart", nobody)
    assert not (tmp_path / "msd_heart").exists()

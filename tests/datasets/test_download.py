import functools
import hashlib
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from web import closed_address, serving

from seglib import datasets
from seglib.datasets import download, locations, sunnybrook
from seglib.datasets.download import NetworkError, fetch_sunnybrook
from seglib.errors import DataError


class CountingHandler(SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked for."""

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args):
        """Keep the test output clean."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A tiny copy of the public folder: one image, one mask, one table."""
    folder = tmp_path / "site"
    for kind, value in (("Images", 90), ("Labels", 255)):
        path = folder / f"Data/Train/{kind}/Sunnybrook_Part1/SC-N-02-IM-0001-0020.dcm.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((16, 16), value, np.uint8)).save(path)
    (folder / "scd_patientdata.csv").write_text("PatientID\n")
    return folder


@pytest.fixture
def server(site: Path):
    with serving(functools.partial(CountingHandler, directory=site)) as server:
        yield server


@pytest.fixture
def closed_url() -> str:
    return closed_address()


@pytest.fixture
def registry(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*.*"))
    }


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_everything_arrives_and_loads(tmp_path, site, server, registry):
    destination = tmp_path / "raw" / "sunnybrook"
    assert fetch_sunnybrook(destination, server.url, registry) == destination
    assert files_in(destination) == set(registry)
    for name in registry:
        assert (destination / name).read_bytes() == (site / name).read_bytes()
    assert not destination.with_name("sunnybrook.part").exists()
    assert len(sunnybrook.load(destination)) == 1


def test_complete_files_are_kept_and_damaged_ones_fetched_again(tmp_path, server, registry):
    destination = fetch_sunnybrook(tmp_path / "sunnybrook", server.url, registry)
    damaged, missing, kept = sorted(registry)
    (destination / damaged).write_bytes(b"half a fi")
    (destination / missing).unlink()
    server.asked.clear()
    fetch_sunnybrook(destination, server.url, registry)
    assert sorted(server.asked) == [f"/{damaged}", f"/{missing}"]
    assert files_in(destination) == {damaged, missing, kept}
    assert hashlib.sha256((destination / damaged).read_bytes()).hexdigest() == registry[damaged]


@pytest.mark.slow
def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, site, server, registry):
    destination = tmp_path / "sunnybrook"
    last = sorted(registry)[-1]
    hidden = (site / last).rename(tmp_path / "hidden")
    with pytest.raises(DataError, match=f"{last}.*404"):
        fetch_sunnybrook(destination, server.url, registry)
    assert not destination.exists()  # incomplete, so it does not carry the name yet
    part = destination.with_name("sunnybrook.part")
    arrived = files_in(part)
    assert last not in arrived
    hidden.rename(site / last)
    server.asked.clear()
    fetch_sunnybrook(destination, server.url, registry)
    assert {f"/{name}" for name in set(registry) - arrived} == set(server.asked)
    assert files_in(destination) == set(registry)


@pytest.mark.slow
def test_a_wrong_checksum_fails_and_leaves_no_file(tmp_path, server, registry):
    wrong = sorted(registry)[0]
    registry[wrong] = "0" * 64
    with pytest.raises(DataError, match=f"{wrong}: .*expected SHA-256 0000"):
        fetch_sunnybrook(tmp_path / "sunnybrook", server.url, registry)
    assert not (tmp_path / "sunnybrook").exists()
    assert wrong not in files_in(tmp_path / "sunnybrook.part")
    assert files_in(tmp_path / "sunnybrook.part") <= set(registry)  # nothing half-written either


@pytest.mark.slow
def test_refused_connection(tmp_path, closed_url, registry):
    with pytest.raises(NetworkError, match="cannot be reached.*SEGLIB_DATA_DIR"):
        fetch_sunnybrook(tmp_path / "sunnybrook", closed_url, registry)
    assert not (tmp_path / "sunnybrook").exists()


@pytest.mark.slow
def test_auto_takes_the_phantom_only_without_a_network(tmp_path, closed_url, monkeypatch, capsys):
    monkeypatch.delenv("SEGLIB_DATA_DIR", raising=False)
    monkeypatch.setattr(locations, "REPOSITORY", tmp_path)
    monkeypatch.setattr(download, "REPOSITORY", tmp_path)
    monkeypatch.setattr(download, "PAIRS_URL", closed_url)
    monkeypatch.setattr(download, "PATIENTS_URL", closed_url)
    slices = datasets.load("auto")
    assert slices.name == "phantom"
    printed = capsys.readouterr().out
    assert "could not be downloaded" in printed
    assert "simulated hearts" in printed
    with pytest.raises(NetworkError):
        datasets.load("sunnybrook")
    (tmp_path / "data" / "raw" / "sunnybrook").mkdir(parents=True)
    with pytest.raises(DataError, match="no images found"):
        datasets.load("auto")


@pytest.mark.slow
def test_auto_does_not_hide_a_bad_server_behind_the_phantom(tmp_path, server, monkeypatch):
    monkeypatch.delenv("SEGLIB_DATA_DIR", raising=False)
    monkeypatch.setattr(locations, "REPOSITORY", tmp_path)
    monkeypatch.setattr(download, "REPOSITORY", tmp_path)
    monkeypatch.setattr(download, "PAIRS_URL", server.url)
    monkeypatch.setattr(download, "PATIENTS_URL", server.url)
    with pytest.raises(DataError, match="404"):
        datasets.load("auto")


def test_the_pinned_list_names_every_file_of_the_study():
    registry = download.read_checksums()
    images = [name for name in registry if "/Images/" in name]
    assert len(images) == 805
    assert all(name.replace("/Images/", "/Labels/") in registry for name in images)
    assert len(registry) == 2 * 805 + 1
    assert download.PATIENTS_FILE in registry


@pytest.mark.parametrize("text", ["abc  file.png", "0" * 64 + " file.png", "0" * 64])
def test_bad_checksum_list(tmp_path, text):
    path = tmp_path / "list.sha256"
    path.write_text(text + "\n")
    with pytest.raises(DataError, match="line 1: expected '<sha256>  <path>'"):
        download.read_checksums(path)
    with pytest.raises(DataError, match="no such checksum list"):
        download.read_checksums(tmp_path / "nowhere")

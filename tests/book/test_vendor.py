"""Packages for the browser are what was committed, or the build ends."""

import json
import shutil

import pytest

from seglib.errors import SeglibError
from tools.book import vendor


@pytest.fixture
def frame(tmp_path, monkeypatch):
    """A list of one small package of the real list."""
    name = "guid-typescript"
    lock = json.loads((vendor.FRAME / "package-lock.json").read_text(encoding="utf-8"))
    package = lock["packages"][f"node_modules/{name}"]
    wanted = {"name": "small", "dependencies": {name: package["version"]}}
    lock |= {"name": "small", "packages": {"": wanted, f"node_modules/{name}": package}}
    monkeypatch.setattr(vendor, "FRAME", tmp_path / "frame")

    def write():
        vendor.FRAME.mkdir(exist_ok=True)
        (vendor.FRAME / "package.json").write_text(json.dumps(wanted), encoding="utf-8")
        (vendor.FRAME / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
        return package

    write()
    return write


def fetch(folder):
    try:
        return vendor.fetch(folder)
    except SeglibError as error:
        pytest.skip(f"npm, or the registry, cannot be had: {error}")


@pytest.mark.slow
def test_a_package_that_is_not_the_committed_one_is_refused(frame, tmp_path):
    packages = fetch(tmp_path / "npm")  # with the right checksum
    assert (packages / "guid-typescript" / "package.json").is_file()
    frame()["integrity"] = "sha512-" + 86 * "A" + "=="
    frame()  # writes the wrong checksum
    with pytest.raises(SeglibError, match="EINTEGRITY"):
        vendor.fetch(tmp_path / "npm")
    assert (packages / "guid-typescript").is_dir()  # what was there stays


def test_without_npm_the_way_out_is_named(frame, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SeglibError, match="--plain"):
        vendor.fetch(tmp_path / "npm")


def test_every_package_has_its_checksum_and_no_registry_is_named():
    text = (vendor.FRAME / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert {"node_modules/onnxruntime-web", "node_modules/reveal.js"} <= packages.keys()
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "resolved" not in text

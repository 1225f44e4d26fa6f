"""Fixtures for the tests; those on real files are skipped, with the reason, without the files."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import study  # noqa: F401  (before notebooks are read, see there)
from seglib.datasets import cache
from seglib.datasets import sunnybrook as sunnybrook_data
from seglib.phantoms import heart
from seglib.slices import SliceSet

HERE = Path(__file__).parent
matplotlib.use("Agg")  # no window opens, also where there is a screen


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs real files, and what one process of several runs together."""
    if "data_dir" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.real)
    xdist = item.config.pluginmanager.hasplugin("xdist")
    if xdist and not item.get_closest_marker("alone"):
        # A file trains once what its tests share.
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(HERE).as_posix()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of many slow tests, so that several processes end together."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session", autouse=True)
def kept_sets(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests, and the programs that they start, keep no data set beyond their own end."""
    os.environ[cache.VARIABLE] = str(tmp_path_factory.mktemp("kept"))


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """A figure that a test leaves open ends with it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def rng() -> np.random.Generator:
    """Each test draws from a beginning of its own: what others drew changes nothing."""
    return np.random.default_rng(0)


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that results go to while this test runs."""
    monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(tmp_path / "reports"))
    return tmp_path / "reports"


def _subfolder(data_dir: Path, name: str) -> Path:
    folder = data_dir / name
    if not folder.is_dir():
        pytest.skip(f"real files absent: SEGLIB_DATA_DIR has no folder {name}")
    return folder


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data that the environment variable names."""
    value = os.environ.get("SEGLIB_DATA_DIR")
    if not value:
        pytest.skip("real files absent: SEGLIB_DATA_DIR is not set")
    if not Path(value).is_dir():
        pytest.skip(f"real files absent: SEGLIB_DATA_DIR={value} is not a folder")
    return Path(value).resolve()


@pytest.fixture(scope="session")
def sunnybrook_dir(data_dir: Path) -> Path:
    return _subfolder(data_dir, "sunnybrook")


@pytest.fixture(scope="session")
def scd_dicom_dir(data_dir: Path) -> Path:
    return _subfolder(data_dir, "scd_dicom")


@pytest.fixture(scope="session")
def hostile_dicom_dir(data_dir: Path) -> Path:
    return _subfolder(data_dir, "hostile/dicom")


@pytest.fixture(scope="session")
def msd_heart_dir(data_dir: Path) -> Path:
    return _subfolder(data_dir, "msd_heart")


@pytest.fixture(scope="session")
def lgg_dir(data_dir: Path) -> Path:
    return _subfolder(data_dir, "lgg")


@pytest.fixture(scope="session")
def sunnybrook(sunnybrook_dir: Path) -> SliceSet:
    """The 44 patients with right masks."""
    return sunnybrook_data.load(sunnybrook_dir)


@pytest.fixture(scope="session")
def phantom_set() -> SliceSet:
    """Six simulated patients, three slices a phase, 64x64."""
    return heart.make(patients=6, slices=3, size=64)

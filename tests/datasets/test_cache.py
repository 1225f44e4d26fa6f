"""Kept data sets: exactly what the reader gives, at once, and never what it gave before."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from seglib.datasets import cache, folder, lgg, msd_heart, oasis, sunnybrook
from seglib.datasets.locations import PHANTOM_MARK
from seglib.errors import DataError
from seglib.formats import packed
from seglib.phantoms import atrium, brain, tumour
from seglib.slices import SliceSet

NAME = "{patient}-IM-0001-{number:04d}.dcm.png"


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the kept sets of one test."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def write_pair(root: Path, number: int, patient: str = "SC-HYP-07") -> None:
    """An image and its mask, without compression: all images have files of one size."""
    pixels = np.random.default_rng(number).integers(0, 256, (32, 32), np.uint8)
    mask = np.zeros((32, 32), np.uint8)
    mask[5 : 5 + number % 20, 5:9] = 255
    for part, values in (("Images", pixels), ("Labels", mask)):
        path = root / "Data" / "Train" / part / "Sunnybrook_Part1"
        path.mkdir(parents=True, exist_ok=True)
        name = NAME.format(patient=patient, number=number)
        Image.fromarray(values).save(path / name, compress_level=0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two slices of a patient in two frames, and one slice of a patient with wrong masks."""
    for number in (6, 26, 10, 30):
        write_pair(tmp_path / "sunnybrook", number)
    write_pair(tmp_path / "sunnybrook", 3, patient="SC-N-06")
    return tmp_path / "sunnybrook"


def image_file(root: Path, number: int = 6) -> Path:
    (path,) = root.glob(f"Data/Train/Images/*/{NAME.format(patient='*', number=number)}")
    return path


def rename(root: Path, old: str, new: str) -> None:
    """Another name for every file and folder that bears the old one, and in each JSON list."""
    for path in sorted(root.rglob(f"*{old}*"), reverse=True):  # files before their folder
        path.rename(path.with_name(path.name.replace(old, new)))
    for path in root.rglob("*.json"):
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def read_anew(load, *args, **options) -> SliceSet:
    """What the reader gives without any kept set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, cache.OFF)
        return load(*args, **options)


def assert_same(one: SliceSet, other: SliceSet) -> None:
    assert (one.name, one.class_names) == (other.name, other.class_names)
    assert (one.images.dtype, one.masks.dtype) == (other.images.dtype, other.masks.dtype)
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.masks, other.masks)
    pd.testing.assert_frame_equal(one.table, other.table)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_the_second_load_is_the_kept_set_and_the_same(root, kept):
    expected = read_anew(sunnybrook.load, root)
    assert not kept.exists()
    assert_same(sunnybrook.load(root), expected)
    assert_same(sunnybrook.load(root), expected)
    # A planted set shows that the second load does not read the pictures.
    planted = replace(expected, name="planted")
    packed.save(planted, only_file(kept))
    assert_same(sunnybrook.load(root), planted)


def test_the_folder_may_move(root, kept):
    expected = sunnybrook.load(root)
    moved = root.rename(root.with_name("elsewhere"))
    assert_same(sunnybrook.load(moved), expected)
    assert only_file(kept)


def test_other_pixels_in_a_file_of_equal_size_and_date(root):
    before = sunnybrook.load(root)
    path = image_file(root)
    stat = path.stat()
    Image.fromarray(np.full((32, 32), 7, np.uint8)).save(path, compress_level=0)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    now = path.stat()
    assert (now.st_size, now.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    after = sunnybrook.load(root)
    assert not np.array_equal(before.images, after.images)
    assert_same(after, read_anew(sunnybrook.load, root))


def add(root: Path) -> None:
    write_pair(root, 46)


def remove(root: Path) -> None:
    for path in root.rglob(NAME.format(patient="SC-HYP-07", number=26)):
        path.unlink()


def move_to_another_part(root: Path) -> None:
    rename(root, "Sunnybrook_Part1", "Sunnybrook_Part3")


def exchange_two_names(root: Path) -> None:
    rename(root, "0001-0006", "aside")
    rename(root, "0001-0026", "0001-0006")
    rename(root, "aside", "0001-0026")


@pytest.mark.parametrize("change", [add, remove, move_to_another_part, exchange_two_names])
def test_other_files_are_another_set(root, change):
    before = sunnybrook.load(root)
    change(root)
    after = sunnybrook.load(root)
    assert_same(after, read_anew(sunnybrook.load, root))
    with pytest.raises(AssertionError):
        assert_same(after, before)


PHANTOMS = [
    (msd_heart.load, atrium, (2, 8, 32), {}, ("phantom-01", "phantom-05")),
    (lgg.load, tumour, (2, 2, 64), {"size": 64}, ("TCGA_XX_0001", "TCGA_YY_0001")),
    (oasis.load, brain, (4, 1, 64), {"size": 64}, ("_004_", "_007_")),
]


@pytest.mark.parametrize(
    ("load", "module", "shape", "options", "names"),
    PHANTOMS,
    ids=["msd_heart", "lgg", "oasis"],
)
def test_no_reader_overlooks_a_name(load, module, shape, options, names, tmp_path, kept):
    root = tmp_path / "set"
    module.write(module.make(*shape), root)
    first = load(root, **options)
    assert_same(load(root, **options), first)
    assert only_file(kept)
    assert_same(read_anew(load, root, **options), first)
    for change in (
        lambda: rename(root, *names),
        lambda: next(root.rglob(PHANTOM_MARK)).unlink(),  # now it passes for the real set
    ):
        change()
        after = load(root, **options)
        assert_same(after, read_anew(load, root, **options))
        with pytest.raises(AssertionError):
            assert_same(after, first)
        first = after


@pytest.mark.filterwarnings("ignore:no patient_pattern")
def test_other_arguments_are_another_set(root):
    pictures = [root / "Data" / "Train" / part for part in ("Images", "Labels")]
    calls = [
        (sunnybrook.load, (root,), {}),
        (sunnybrook.load, (root,), {"exclude_wrong": False}),
        (folder.load, pictures, {}),
        (folder.load, pictures, {"size": 16}),
        (folder.load, pictures, {"size": (16, 32)}),
        (folder.load, pictures, {"name": "mine"}),
        (folder.load, pictures, {"patient_pattern": r"(?P<patient>SC-\w+-\d+)"}),
    ]
    for _ in range(2):
        for load, args, options in calls:
            assert_same(load(*args, **options), read_anew(load, *args, **options))


def test_a_warning_is_given_each_time(root):
    pictures = [root / "Data" / "Train" / part for part in ("Images", "Labels")]
    for _ in range(2):
        with pytest.warns(UserWarning, match="no patient_pattern"):
            folder.load(*pictures)


@pytest.mark.parametrize("damage", ["cut", "bit", "text"])
def test_a_damaged_kept_set_is_made_anew(root, kept, damage, capsys):
    expected = sunnybrook.load(root)
    path = only_file(kept)
    intact = path.read_bytes()
    middle = len(intact) // 2
    path.write_bytes(
        {
            "cut": intact[:middle],
            "bit": intact[:middle] + bytes([intact[middle] ^ 1]) + intact[middle + 1 :],
            "text": b"no archive",
        }[damage]
    )
    assert_same(sunnybrook.load(root), expected)
    assert "damaged and will be made anew" in capsys.readouterr().out
    assert_same(sunnybrook.load(root), expected)
    assert capsys.readouterr().out == ""


def test_a_folder_that_cannot_be_written_is_no_error(root, kept, capsys):
    kept.write_text("a file in the folder's place")
    assert_same(sunnybrook.load(root), read_anew(sunnybrook.load, root))
    assert f"Set {cache.VARIABLE} to a folder" in capsys.readouterr().out


def test_a_fault_in_a_file_is_told_as_ever_and_nothing_is_kept(root, kept):
    image_file(root).write_bytes(b"no picture")
    with pytest.raises(DataError) as plain:
        read_anew(sunnybrook.load, root)
    for _ in range(2):
        with pytest.raises(DataError) as error:
            sunnybrook.load(root)
        assert str(error.value) == str(plain.value)
    assert not kept.exists()


def test_files_that_change_while_they_are_read_are_not_kept(root, kept):
    slices = sunnybrook.load(root)
    only_file(kept).unlink()
    path = image_file(root)

    def read(files):
        path.write_bytes(b"something else")
        return slices

    read.__module__ = sunnybrook.__name__  # whose code decides what is read
    assert_same(cache.cached(read, [(path,)]), slices)
    assert list(kept.iterdir()) == []


def test_other_code_reads_anew(root, kept, monkeypatch):
    sunnybrook.load(root)
    packed.save(replace(sunnybrook.load(root), name="old"), only_file(kept))
    monkeypatch.setattr(cache, "fingerprint", lambda module: "other")
    assert sunnybrook.load(root).name == "Sunnybrook"


def test_those_not_used_for_longest_make_room(root, kept, monkeypatch):
    pictures = [root / "Data" / "Train" / part for part in ("Images", "Labels")]

    def load(name: str) -> Path:
        before = set(kept.glob("*"))
        folder.load(*pictures, name=name, patient_pattern="(?P<patient>N|HYP)")
        return next(iter(set(kept.glob("*")) - before), None)

    first, second = load("first"), load("second")
    for seconds, path in enumerate((first, second)):
        os.utime(path, (seconds, seconds))
    assert load("first") is None  # is kept, and has now been used last
    monkeypatch.setattr(cache, "LIMIT", int(2.5 * first.stat().st_size))
    third = load("third")
    assert set(kept.iterdir()) == {first, third}
    monkeypatch.setattr(cache, "LIMIT", 100)
    assert load("too large to be kept") is None
    assert set(kept.iterdir()) == {first, third}


@pytest.mark.slow
def test_threads_and_programs_that_start_together(root, kept):
    program = f"from seglib.datasets import sunnybrook; print(len(sunnybrook.load({str(root)!r})))"
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(sunnybrook.load, [root] * 8))
    assert [program.communicate()[0] for program in running] == ["4\n", "4\n"]
    for slices in together:
        assert_same(slices, read_anew(sunnybrook.load, root))
    assert_same(packed.load(only_file(kept)), together[0])


def modes(folder: Path) -> dict[str, int]:
    """Who may do what with a folder (under the name ".") and with what lies in it."""
    found = {".": folder, **{path.name.split("-")[0]: path for path in folder.iterdir()}}
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}


@pytest.fixture
def open_to_all():
    """What is made may be read by everybody, unless its maker says otherwise."""
    if os.name == "nt":
        pytest.skip("Windows has no such modes")
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_nobody_else_reads_a_kept_set(root, kept, open_to_all):
    sunnybrook.load(root)
    assert modes(kept) == {".": 0o700, "sunnybrook": 0o600}
    # What an earlier version kept is closed when it is used, or when anything is.
    only_file(kept).chmod(0o644)
    sunnybrook.load(root)
    assert modes(kept)["sunnybrook"] == 0o600
    only_file(kept).chmod(0o644)
    add(root)
    sunnybrook.load(root)
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.iterdir()} == {0o600}


def test_a_folder_of_the_user_keeps_its_mode_and_its_files(root, kept, open_to_all, monkeypatch):
    kept.mkdir()
    own = kept / "results-of-mine.npz"
    np.savez(own, np.zeros(1000))
    monkeypatch.setattr(cache, "LIMIT", 20_000)
    sunnybrook.load(root)
    assert modes(kept) == {".": 0o755, "results": 0o644, "sunnybrook": 0o600}
    for number in (46, 66, 86):  # each a set of its own, for which others make room
        write_pair(root, number)
        sunnybrook.load(root)
    assert own.is_file() and len(list(kept.iterdir())) == 2


def test_the_library_s_own_folder_is_closed(root, tmp_path, open_to_all, monkeypatch):
    monkeypatch.setattr(cache, "OWN_FOLDER", tmp_path / "data" / "cache")
    monkeypatch.delenv(cache.VARIABLE)
    sunnybrook.load(root)
    assert modes(tmp_path / "data" / "cache") == {".": 0o700, "sunnybrook": 0o600}
    assert modes(tmp_path / "data")["."] == 0o755
    (tmp_path / "data" / "cache").chmod(0o755)
    sunnybrook.load(root)
    assert modes(tmp_path / "data" / "cache")["."] == 0o700

"""What the repository promises: its commands, its versions, and what it never holds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from seglib.files import REPOSITORY

PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (("linux", "posix"), ("darwin", "posix"), ("win32", "nt"))

DATA_ENDINGS = (".dcm", ".nii", ".nii.gz", ".tif", ".tiff", ".jpg", ".jpeg", ".mhd", ".raw",
                ".npy", ".npz", ".h5", ".hdf5", ".zip", ".tar", ".gz", ".7z")  # fmt: skip
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:home|Users|root)/\w|\bC:\\{1,2}\w{3,}")


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files git tracks, as paths relative to the top folder."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this copy is not a git checkout, so there are no tracked files to look at")
    paths = [Path(name) for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]
    if not paths:
        pytest.skip("git tracks no file here yet")
    return paths


def requirement_lines(name: str) -> list[str]:
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def requirements(name: str) -> list[Requirement]:
    return [Requirement(line.split(" #")[0]) for line in requirement_lines(name)]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(python: str, platform: str, os_name: str) -> dict[str, str]:
    """Return the version of each package that the lock file gives one Python and system."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "os_name": os_name,
    }
    chosen = [
        pin
        for pin in requirements("requirements.lock")
        if pin.marker is None or pin.marker.evaluate(environment)
    ]
    assert len({canonical(pin.name) for pin in chosen}) == len(chosen)
    assert all(re.fullmatch(r"==[^*,]+", str(pin.specifier)) for pin in chosen)
    return {canonical(pin.name): str(pin.specifier)[2:] for pin in chosen}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_range_and_a_reason(name):
    for line in requirement_lines(name):
        requirement, _, reason = line.partition(" # ")
        assert Requirement(requirement).specifier, line
        assert len(reason.split()) >= 2, line


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("platform", "os_name"), SYSTEMS)
def test_the_lock_file_fits_the_ranges(python, platform, os_name):
    locked = pins(python, platform, os_name)
    for name in ("requirements.txt", "requirements-dev.txt"):
        for wanted in requirements(name):
            version = locked[canonical(wanted.name)]
            assert wanted.specifier.contains(version), f"{wanted} is locked at {version}"


def test_the_lock_file_names_no_host():
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text, flags=re.MULTILINE)


def test_what_a_colab_runtime_has_is_within_the_ranges():
    runtime = {pin.name: pin.specifier for pin in requirements("tests/notebooks/colab.txt")}
    ranges = {wanted.name: wanted.specifier for wanted in requirements("requirements.txt")}
    assert {"tensorflow", "keras", "numpy"} <= {*runtime} & {*ranges}
    wrong = [
        f"{name}{runtime[name]}"
        for name in {*runtime} & {*ranges}
        if not ranges[name].contains(str(runtime[name]).removeprefix("=="))
    ]
    assert wrong == []


def test_no_version_of_keras_is_allowed_in_which_a_model_file_can_run_code():
    (keras,) = [w.specifier for w in requirements("requirements.txt") if w.name == "keras"]
    assert not [version for version in ("3.12.0", "3.13.0", "3.13.1") if version in keras]


def test_every_make_command_in_the_documents_exists():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert {"study", "test", "lab", "report", "notebooks", "lint", "help"} <= targets
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        used = re.findall(r"(?:^ {4}|`|^)make ([a-z-]+)", text, flags=re.MULTILINE)
        assert used, f"{name} names no make command"
        assert set(used) <= targets, name


def test_importing_seglib_loads_no_backend():
    code = (
        "import seglib, sys; "
        "print([m for m in ('tensorflow', 'jax', 'torch', 'keras') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_tracked_file_is_large(tracked):
    large = [str(path) for path in tracked if (REPOSITORY / path).stat().st_size > 10_000_000]
    assert large == []


def test_no_data_set_is_tracked(tracked):
    def looks_like_data(path: Path) -> bool:
        name = path.name.lower()
        picture = name.endswith((".png", ".gif", ".svg")) and path.parts[0] != "reports"
        contour = "contour-manual" in name
        local = path.parts[:2] in {("data", "raw"), ("data", "cache"), ("reports", "local")}
        predicted = path.parts[:2] == ("reports", "runs") and name == "masks.npz"
        data = name.endswith(DATA_ENDINGS) and not predicted
        return data or picture or contour or local

    assert [str(path) for path in tracked if looks_like_data(path)] == []


def test_no_path_of_one_machine_is_tracked(tracked):
    found = []
    for path in tracked:
        try:
            text = (REPOSITORY / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a model
        found += [f"{path}: {match}" for match in MACHINE_PATHS.findall(text)]
    assert found == []


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("/ho" + "me/someone/data", True),
        ("open('/Us" + "ers/someone/x.png')", True),
        ("/ro" + "ot/x", True),
        ("C:" + "\\\\Users", True),
        ("data/ho" + "me/x", False),
        ("https://example.org/ho" + "me/x", False),
        ("the root / of it", False),
    ],
)
def test_machine_paths_are_recognised(text, caught):
    assert bool(MACHINE_PATHS.search(text)) is caught

"""What a result is recorded with, and what is installed where a notebook lacks something.

A fresh Python shows the latter: one that sees no installed package but those planted here, and
whose pip, started without a network, finds no others than the wheels that lie here.
"""

import getpass
import json
import os
import platform
import re
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from seglib.environment import KernelError, colab_advice, environment, versions
from seglib.files import REPOSITORY
from seglib.version import __version__

NO_PACKAGE = "-S"  # Python's option to see its standard library alone
INSTALL = "from seglib.environment import install_missing; install_missing()"


def fresh(code: str, *options: str, cwd: Path = REPOSITORY, **variables: str):
    """Run a line of Python in a process of its own."""
    surroundings = {**os.environ, "PYTHONPATH": str(cwd), **variables}
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(
        command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False
    )


def test_it_names_versions_but_no_person_machine_or_path():
    found = environment()
    assert found["versions"]["numpy"] == np.__version__
    assert found["python"] == platform.python_version() and found["cpu_count"] >= 1
    assert found["versions"]["seglib"] and found["device"]
    text = json.dumps(found)
    assert str(Path.home()) not in text and str(Path.cwd()) not in text
    for name in (platform.node(), getpass.getuser()):
        assert f'"{name}"' not in text


def test_absent_packages_are_left_out_and_the_library_knows_its_version():
    done = fresh("from seglib.environment import versions; print(versions())", NO_PACKAGE)
    assert done.stdout == f"{{'seglib': '{__version__}'}}\n", done.stderr
    assert versions()["keras"] == version("keras")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not bound here")
def test_only_cores_that_the_process_may_use_are_counted():
    code = (
        "import os; from seglib.environment import environment\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "print(environment()['cpu_count'])"
    )
    assert fresh(code, NO_PACKAGE).stdout == "1\n"


def test_gpus_are_named_as_an_imported_backend_names_them(monkeypatch):
    gpu, processor = (
        SimpleNamespace(platform=kind, device_kind=name)
        for kind, name in (("gpu", "NVIDIA H100"), ("cpu", "cpu"))
    )
    for name in ("tensorflow", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(devices=lambda: [gpu, gpu]))
    assert environment()["device"] == "NVIDIA H100, NVIDIA H100"
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(devices=lambda: [processor]))
    assert environment()["device"] not in ("cpu", "")  # the processor's own name


def test_on_colab_one_reads_which_runtime_to_choose_and_how_to_keep_results(monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert colab_advice(Path("/content/seglib/reports/local")) == ""
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    advice = colab_advice(Path("/content/seglib/reports/local"))
    assert "Runtime > Change runtime type" in advice
    assert "/content/seglib/reports/local and are deleted with the runtime" in advice
    kept = re.search(r'"SEGLIB_REPORTS_DIR"\] = "(.+)"', advice)[1]
    assert "deleted" not in colab_advice(Path(kept))  # whoever follows it is not told so again


@pytest.fixture
def bare(tmp_path):
    """A checkout with nothing but what `install_missing` needs, and a requirement of its own."""
    (tmp_path / "seglib").mkdir()
    (tmp_path / "seglib" / "__init__.py").touch()
    for name in ("environment.py", "errors.py", "version.py"):
        code = (REPOSITORY / "seglib" / name).read_text(encoding="utf-8")
        (tmp_path / "seglib" / name).write_text(code, encoding="utf-8")
    return tmp_path


def plant(folder: Path, package: str, number: str) -> None:
    """Make a package installed in `folder`, as far as its metadata say."""
    info = folder / f"{package.replace('-', '_')}-{number}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n")


@pytest.mark.parametrize(
    ("requirements", "package"),
    [
        ("tensorflow>=2.20,<2.22  # trains\n", "tensorflow"),
        ("# a reason\n\ntensorflow>=2.20  # trains\n", "tensorflow-cpu"),
        ("opencv-python-headless>=4.9\n", "opencv-contrib-python"),
        ("numpy>=2\n", "numpy"),
    ],
)
def test_what_is_there_or_another_build_of_it_is_kept_in_silence(bare, requirements, package):
    (bare / "requirements.txt").write_text(requirements)
    plant(bare, package, "0.1")  # older than asked for: not touched on a machine like Colab's
    done = fresh(INSTALL, NO_PACKAGE, cwd=bare)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_kernel_without_tensorflow_is_told_in_one_sentence_and_nothing_is_installed(bare, capsys):
    (bare / "requirements.txt").write_text("numpy>=2\ntensorflow>=2.20  # trains\npydicom>=3\n")
    plant(bare, "numpy", "2.1")
    done = fresh(INSTALL, NO_PACKAGE, cwd=bare)
    sentence = done.stderr.splitlines()[-1]
    assert "KernelError" in sentence
    assert "lacks tensorflow, pydicom. " in sentence and "`make lab`" in sentence
    assert "`%pip install -r requirements.txt`" in sentence and done.stdout == ""

    def a_cell() -> None:
        raise KernelError("choose another kernel")

    shell = InteractiveShell(colors="nocolor", user_ns={"a_cell": a_cell})
    assert not shell.run_cell("a_cell()").success
    assert capsys.readouterr().out == "KernelError: choose another kernel\n"


def test_a_library_installed_as_a_package_has_no_list_and_installs_nothing(bare):
    done = fresh(INSTALL, NO_PACKAGE, cwd=bare)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def wheel(folder: Path, package: str, number: str, needs: str = "") -> None:
    """The smallest wheel that pip installs: one module that knows its version."""
    info = f"{package}-{number}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n"
    files = {
        f"{package}.py": f"version = '{number}'\n",
        f"{info}/METADATA": metadata + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{package}-{number}-py3-none-any.whl", "w") as archive:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(name, text)


@pytest.fixture
def installing(bare):
    """Run `install_missing` with wheels of ``bare/wheels`` alone, into the folder ``bare/site``."""
    (bare / "wheels").mkdir()
    (bare / "site").mkdir()
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare / "wheels")}
    pip |= {"PIP_TARGET": str(bare / "site"), "PIP_CONFIG_FILE": os.devnull}
    places = os.pathsep.join([str(bare), str(bare / "site")])

    def run(after: str = ""):
        return fresh(f"{INSTALL}; {after}", cwd=bare, **pip, PYTHONPATH=places)

    return run


@pytest.mark.slow
def test_what_is_missing_is_installed_said_and_can_be_imported_at_once(bare, installing):
    (bare / "requirements.txt").write_text("numpy>=2  # there\nseglib_newcomer>=1,<2  # is not\n")
    for number in ("1.5", "2.0"):
        wheel(bare / "wheels", "seglib_newcomer", number)
    done = installing("import seglib_newcomer; print(seglib_newcomer.version)")
    assert done.stdout == "Installing what is missing here: seglib_newcomer\n1.5\n", done.stderr
    assert installing().stdout == ""  # a second time there is nothing to do


@pytest.mark.slow
def test_a_newcomer_may_not_replace_what_is_there(bare, installing):
    (bare / "requirements.txt").write_text("numpy>=2\nseglib_newcomer\n")
    wheel(bare / "wheels", "seglib_newcomer", "1.0", needs="numpy<1")
    wheel(bare / "wheels", "numpy", "0.1")
    done = installing()
    assert done.returncode == 1
    assert "PackageError: pip could not install seglib_newcomer" in done.stderr
    assert "conflicting dependencies" in done.stderr  # what pip said stands above
    assert not list((bare / "site").iterdir())

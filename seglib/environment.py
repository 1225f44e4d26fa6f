"""What a result may depend on besides its code and data: versions, processor, GPU.

The notebooks' set-up cell imports this module before anything else is installed: it needs the
standard library alone.
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from seglib.errors import PackageError
from seglib.version import __version__

#: Packages whose versions can change a result.
PACKAGES = (
    "seglib",
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "onnxruntime",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "opencv-python",
    "opencv-python-headless",
    "pillow",
    "matplotlib",
)

#: Other builds of a package, any of which does; two of them would spoil each other.
OTHER_BUILDS = {
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python"),
    "tensorflow": ("tensorflow-cpu",),
}


class KernelError(PackageError):
    """A notebook runs in a Python that was not made for it."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the sentence alone, for no line of code is at fault."""
        return [f"{type(self).__name__}: {self}"]


def versions() -> dict[str, str]:
    """The installed versions of `PACKAGES`; absent ones are left out."""
    found = _installed(PACKAGES)
    if "seglib" not in found:  # imported from a folder without being installed, as on Colab
        found["seglib"] = __version__
    return found


def _installed(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def install_missing() -> None:
    """Install what ``requirements.txt`` names and this Python lacks; what it has, it keeps.

    On Colab that is very little. In an environment that ``make`` made it is nothing, and
    nothing is done or said.

    Raises:
        KernelError: Not even TensorFlow is there: most likely another kernel than the study's was
            chosen, and gigabytes would go where nobody wants them.
        PackageError: pip could not install it; what pip said stands above.
    """
    requirements = Path(__file__).resolve().parents[1] / "requirements.txt"
    if not requirements.is_file():
        return  # seglib was installed as a package, and what it needs with it
    lines = [line.split("#")[0].strip() for line in requirements.read_text("utf-8").splitlines()]
    wanted = {re.match(r"[\w.-]+", line)[0]: line for line in lines if line}
    present = _installed(wanted)
    missing = [
        name
        for name in wanted
        if name not in present and not _installed(OTHER_BUILDS.get(name, ()))
    ]
    if not missing:
        return
    if "tensorflow" in missing:
        raise KernelError(
            f"this notebook's Python ({sys.executable}) lacks {', '.join(missing)}. Open the "
            "notebooks with `make lab`, which brings a Python that has them; or install them into "
            f"this one with `%pip install -r {os.path.relpath(requirements)}`, and run all again"
        )
    print(f"Installing what is missing here: {', '.join(missing)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        # No newcomer may replace what the notebook's other packages were made for.
        held = Path(folder) / "held.txt"
        held.write_text("".join(f"{name}=={version}\n" for name, version in present.items()))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        names = [wanted[name] for name in missing]
        done = subprocess.run([*pip, *names, "--constraint", str(held)], check=False)
    if done.returncode != 0:
        raise PackageError(
            f"pip could not install {', '.join(missing)}; what it said stands above. Without a "
            "network, or where Python is not yours to change, make an environment of your own: "
            "see README.md, Run it"
        )
    importlib.invalidate_caches()


def colab_advice(results: Path) -> str:
    """What a user of Colab must know before the first training; nothing on another machine.

    Args:
        results: The folder that results go to.

    Returns:
        Which runtime to choose and how to keep results; empty where this is not Colab.
    """
    if not os.environ.get("COLAB_RELEASE_TAG"):  # every Colab runtime has it
        return ""
    runtime = "The profile quick needs no GPU. For full, choose one: Runtime > Change runtime type."
    if results.is_relative_to("/content/drive"):
        return f"{runtime}\nResults go to your Drive: {results}"
    return (
        f"{runtime}\n"
        f"Results go to {results} and are deleted with the runtime. Download what you want to\n"
        "keep (Files, at the left), or keep all in your Drive: run this before the next cell.\n"
        "    from google.colab import drive\n"
        '    drive.mount("/content/drive")\n'
        '    os.environ["SEGLIB_REPORTS_DIR"] = "/content/drive/MyDrive/seglib"'
    )


def environment() -> dict[str, Any]:
    """What a result may depend on besides its code and data.

    Returns:
        ``python``, ``platform``, ``cpu_count`` (cores that this process may use), ``device`` and
        the package ``versions``. No host name, no user, no path.
    """
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu_count": _cores(),
        "device": _device(),
        "versions": versions(),
    }


def _cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):  # a job may be bound to some of them
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _device() -> str:
    """The GPUs that an already imported backend sees, else the processor's name."""
    names = []
    if (tensorflow := sys.modules.get("tensorflow")) is not None:
        names += [
            tensorflow.config.experimental.get_device_details(gpu).get("device_name", "GPU")
            for gpu in tensorflow.config.list_physical_devices("GPU")
        ]
    if not names and (jax := sys.modules.get("jax")) is not None:
        names += [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    if not names and (torch := sys.modules.get("torch")) is not None:
        names += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if names:
        return ", ".join(names)
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.is_file():
        model = re.search(r"^model name\s*:\s*(.+)$", cpu_info.read_text(), re.MULTILINE)
        if model:
            return model[1]
    return platform.processor() or platform.machine()

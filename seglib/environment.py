"""What a result may depend on besides its code and data: versions, processor, GPU."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

#: Packages whose versions can change a result.
PACKAGES = (
    "seglib",
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "opencv-python",
    "opencv-python-headless",
    "pillow",
    "matplotlib",
)


def versions() -> dict[str, str]:
    """The installed versions of `PACKAGES`; absent ones are left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    if "seglib" not in found:  # imported from a folder without being installed, as on Colab
        from seglib import __version__

        found["seglib"] = __version__
    return found


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

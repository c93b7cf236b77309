"""Versions of what results depend on."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = ("neurobot", "numpy", "numba", "gymnasium", "mujoco", "safetensors")


def versions() -> dict[str, str]:
    """Python, the platform and the packages that results depend on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found

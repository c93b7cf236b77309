"""Versions of what results depend on."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = ("neurobot", "numpy", "numba", "gymnasium", "mujoco", "safetensors")


def packages() -> dict[str, str]:
    """Python and the packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def versions() -> dict[str, str]:
    """The platform too."""
    return {"platform": platform.platform(), **packages()}

"""Which way of rendering without a screen works on this machine, found out by really doing it.

OpenGL libraries that are missing or half installed end in crashes and hangs as often as in errors, so the trial is
another process with a time limit.
"""

from __future__ import annotations

import os
import subprocess
import sys

BACKENDS = ("egl", "osmesa")
PATIENCE = 30.0  # [s]
INSTALL = (
    "install one with: apt-get install libegl1 libopengl0 libgl1-mesa-dri (EGL), or apt-get install libosmesa6 (OSMesa)"
)

_TRIAL = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    "<mujoco><worldbody><light pos='0 0 3'/><geom type='sphere' size='.5'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 16, 16) as renderer:
    renderer.update_scene(data)
    print("rendered" if renderer.render().any() else "a black picture")
"""


def problem(backend: str) -> str:
    """What is wrong with a backend of MuJoCo's; empty if it renders.

    Args:
        backend: one of `BACKENDS`.
    """
    environment = os.environ | {"MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    command = [sys.executable, "-P", "-c", _TRIAL]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"no picture within {PATIENCE:g} s"
    said = done.stdout.decode(errors="replace").strip()
    if done.returncode == 0 and said == "rendered":
        return ""
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip() and line[0] != " "]
    wrong = [line for line in lines if "Error" in line]
    return said or (wrong or lines or [f"it ended with code {done.returncode}"])[-1 if not wrong else 0]


def choose() -> str | None:
    """The backend to render with: what MUJOCO_GL says, else the first that works, else None."""
    given = os.environ.get("MUJOCO_GL")
    return given or next((backend for backend in BACKENDS if not problem(backend)), None)


def prepare() -> None:
    """Tell MuJoCo how to render, which it reads once, when it is imported."""
    backend = choose()
    if backend is not None:
        os.environ["MUJOCO_GL"] = backend

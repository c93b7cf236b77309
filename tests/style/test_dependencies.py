"""Dependencies point one way, and nothing heavy is imported before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RANKS = ["errors", "files", "versions", "spec", "program", "core", "controller", "loop"]
LAST = ["simulation", "train", "view", "config", "cli", "board", "interop", "testing", "zoo", "__main__"]
"""Above all of RANKS, and free to use each other."""

ALLOWED = {name: set(RANKS[: RANKS.index(name) + 1]) for name in RANKS} | {name: {*RANKS, *LAST} for name in LAST}
ALLOWED["kernels"] = {"kernels"}
ALLOWED["program"] |= {"kernels"}
ALLOWED["core"] |= {"kernels"}
for above in ("controller", "loop", *LAST):
    ALLOWED[above] |= {"kernels"}
for last in LAST:
    ALLOWED[last] |= {"envs", "link"}  # envs inside of functions only, to register the ids
ALLOWED["envs"] = {"errors", "envs"}
ALLOWED["link"] = {"errors", "kernels", "link"}
OUTSIDE = {
    "kernels": {"numpy", "numba", "llvmlite"},  # llvmlite is how Numba says what Python cannot
    "envs": {"gymnasium", "mujoco", "numpy"},
    "link": {"numpy", "serial"},
}
"""Rooms that may import these packages only; a room that is not here may import any."""


def sources(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def imported(tree, at_once=False):
    """Modules that a file imports; with at_once only those that are imported as soon as it is."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            if node.module in ("neurobot", "neurobot.kernels", "neurobot.program"):
                found += [(f"{node.module}.{alias.name}", node) for alias in node.names]
            else:
                found.append((node.module, node))
    inner = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) for n in ast.walk(f)}
    checking = {
        n for f in ast.walk(tree) if isinstance(f, ast.If) and "TYPE_CHECKING" in ast.dump(f.test) for n in ast.walk(f)
    }
    return [name for name, node in found if not at_once or node not in inner | checking]


def room(path):
    parts = path.relative_to(ROOT).parts
    return "envs" if parts[0] == "envs" else parts[1].removesuffix(".py")


def wrong_imports(path):
    where = room(path)
    for name in imported(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] == "neurobot":
            if len(parts) > 1 and parts[1] not in ALLOWED[where]:
                yield name
        elif where in OUTSIDE and parts[0] not in OUTSIDE[where] | set(sys.stdlib_module_names):
            yield name


FILES = [p for p in sources("neurobot") + sources("envs") if p != ROOT / "neurobot/__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_what_lies_below_it(path):
    assert list(wrong_imports(path)) == []


def test_no_part_of_neurobot_names_envs_in_an_import_at_module_level():
    named = [
        p
        for p in sources("neurobot")
        if any(n.startswith("neurobot.envs") for n in imported(ast.parse(p.read_text()), True))
    ]
    assert named == []


def test_programs_know_of_kernels_only_the_op_table():
    for path in sources("neurobot/program"):
        kernels = {n for n in imported(ast.parse(path.read_text())) if n.startswith("neurobot.kernels")}
        assert kernels <= {"neurobot.kernels.ops"}, path


def loaded_after(code):
    """Names of the modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_neurobot_loads_nothing_heavy():
    assert loaded_after("import neurobot") & {"mujoco", "serial", "numba", "gymnasium", "matplotlib"} == set()


def test_the_settings_of_every_training_load_nothing_heavy():
    assert loaded_after("import neurobot.config, neurobot.cli.train") & {"mujoco", "numba", "gymnasium", "ray"} == set()


def test_robots_run_without_training_views_and_simulators():
    blocked = ["neurobot.train", "neurobot.view", "neurobot.cli", "mujoco", "matplotlib"]
    code = f"import sys\nfor name in {blocked}: sys.modules[name] = None\nimport neurobot.controller, neurobot.loop"
    assert "numba" in loaded_after(code)

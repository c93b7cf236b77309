"""The house budget: small files and functions, docstrings, and nothing that executes data."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("neurobot", "envs", "launch", "benchmarks", "firmware", "tests")
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))
SHIPPED = [p for p in FILES if p.relative_to(ROOT).parts[0] in ("neurobot", "envs", "launch")]
FORBIDDEN_IMPORTS = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "yaml", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def name(path):
    return str(path.relative_to(ROOT))


def tree_of(path):
    return ast.parse(path.read_text())


def body_lines(function):
    """Lines of a function without its docstring."""
    first = function.body[0]
    doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if doc else 0)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_has_at_most_400_lines_of_at_most_120_characters(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 400
    assert [k for k, line in enumerate(lines, 1) if len(line) > 120] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_has_at_most_40_lines_and_a_kernel_60(path):
    most = 60 if path.parent.name == "kernels" else 40
    long = {f.name: body_lines(f) for f in ast.walk(tree_of(path)) if isinstance(f, FUNCTION) and body_lines(f) > most}
    assert long == {}


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_nothing_executes_data(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            assert not {a.name.partition(".")[0] for a in node.names} & FORBIDDEN_IMPORTS
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in FORBIDDEN_IMPORTS
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno}"
        if isinstance(node, ast.keyword):
            assert not (node.arg == "allow_pickle" and ast.dump(node.value) != ast.dump(ast.Constant(False)))


def public(tree):
    """Public functions and classes of a module, and the public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, FUNCTION | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (f for f in node.body if isinstance(f, FUNCTION) and not f.name.startswith("_"))


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_everything_public_has_a_docstring(path):
    tree = tree_of(path)
    assert ast.get_docstring(tree), "the file itself"
    assert [node.name for node in public(tree) if not ast.get_docstring(node)] == []

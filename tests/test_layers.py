"""The layers of the package, read from its source: what may import what, and which words belong where."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import control_pgm

ROOT = Path(control_pgm.__file__).parent
LAYERS = [
    {"errors", "display", "_version"},
    ("writing", "keywords", "progress"),
    {"tables"},
    {"layout"},
    {"models"},
    {"inference"},
    {"control"},
    {"problems"},
    {"interop", "viz"},
    {"explorer"},
    {"cli"},
    {"__init__", "__main__"},
]
RANK = {name: i for i, names in enumerate(LAYERS) for name in names}
LATE = {"pgmpy", "matplotlib", "networkx", "pyagrum", "pandas", "xarray", "gymnasium", "IPython"}
LATE_PARTS = {"scipy"}  # imported at the top as a rule; its slow parts late
FILES = sorted(ROOT.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def layer_of(module):
    """The first part below the package; the package itself is its ``__init__``."""
    return module.split(".")[1] if "." in module else "__init__"


def imported(path, node):
    """The full names of the modules that an import statement loads."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        package = module_of(path).split(".")
        package = package if path.name == "__init__.py" else package[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])
    parts = [f"{base}.{alias.name}" for alias in node.names]
    submodules = [name for name in parts if name in MODULES]
    return submodules if len(submodules) == len(parts) else [base, *submodules]


def is_typing_only(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(path):
    """(module, line, whether it stands in a function) of every import that can happen at run time."""
    found = []

    def walk(node, inside):
        if is_typing_only(node):
            for child in node.orelse:
                walk(child, inside)
            return
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.extend((name, node.lineno, inside) for name in imported(path, node))
        deeper = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            walk(child, deeper)

    walk(TREES[path], False)
    return found


def test_the_source_is_where_it_is_looked_for():
    assert {"tables", "models", "inference"} <= {layer_of(m) for m in MODULES}
    assert any(name.startswith("control_pgm.tables") for name, _, _ in imports(ROOT / "inference" / "exact.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_to_lower_layers_only(path):
    own = layer_of(module_of(path))
    assert own in RANK, f"{path.name} belongs to no layer"
    for name, line, _ in imports(path):
        if not name.startswith("control_pgm"):
            continue
        target = layer_of(name)
        if target == "__init__" and own == "__init__":
            continue
        assert target == own or RANK[target] < RANK[own], f"{path.relative_to(ROOT)}:{line} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_optional_or_slow_packages_are_imported_inside_functions(path):
    late = {(name, line) for name, line, inside in imports(path) if inside}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {name}" for name, line in late if name.split(".")[0] not in LATE | LATE_PARTS
    ]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_slow_packages_are_not_imported_at_the_top(path):
    top = {name.split(".")[0] for name, _, inside in imports(path) if not inside}
    assert not top & LATE


def test_no_module_imports_itself_by_a_detour():
    graph = {m: set() for m in MODULES}
    for path in FILES:
        for name, _, inside in imports(path):
            if name in MODULES and name != module_of(path) and not inside:
                graph[module_of(path)].add(name)
    done, path = set(), []

    def visit(module):
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module in done:
            return
        path.append(module)
        for target in sorted(graph[module]):
            visit(target)
        path.pop()
        done.add(module)

    for module in sorted(graph):
        visit(module)


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if layer_of(module_of(p)) in {"tables", "models", "inference"}],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_engine_knows_no_decision_process(path):
    words = re.compile(r"\b(rewards?|actions?|polic(?:y|ies)|optimality)\b", re.IGNORECASE)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{i}: {line.strip()}" for i, line in enumerate(lines, 1) if words.search(line.replace("_", " "))] == []


def test_importing_the_package_loads_nothing_slow():
    code = "import sys, control_pgm; print(sorted({m.split('.')[0] for m in sys.modules}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(result.stdout))
    assert "numpy" in loaded
    assert not loaded & (LATE | {"torch"})

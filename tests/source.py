"""Syntax trees of the package: its modules, their imports and the names they define."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import control_pgm

ROOT = Path(control_pgm.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
FOLDERS = sorted({path.parent for path in FILES})
LAYERS: list[set[str]] = [
    {"errors", "display", "_version"},
    {"lazy", "writing", "keywords", "progress"},
    {"tables"},
    {"layout"},
    {"models"},
    {"inference"},
    {"control"},
    {"problems"},
    {"interop"},
    {"viz"},
    {"explorer"},
    {"cli"},
    {"__init__", "__main__"},
]
RANK = {name: i for i, names in enumerate(LAYERS) for name in names}


class Import(NamedTuple):
    """A module that an import statement loads: its full name, the line, whether it stands in a function."""

    module: str
    line: int
    inside: bool


def shown(path: Path) -> str:
    """The path below the package."""
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def layer_of(module: str) -> str:
    """The first part below the package; the package itself is its ``__init__``."""
    return module.split(".")[1] if "." in module else "__init__"


def imported(path: Path, node: ast.Import | ast.ImportFrom) -> list[str]:
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


def _imports(path: Path, node: ast.AST, inside: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (Import(name, node.lineno, inside) for name in imported(path, node))
    deeper = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(path, child, deeper)


IMPORTS = {path: list(_imports(path, TREES[path], False)) for path in FILES}


def own_imports(path: Path) -> list[Import]:
    """The imports of modules of the package, for types as well as at run time."""
    return [found for found in IMPORTS[path] if found.module.split(".")[0] == "control_pgm"]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The nodes along a directed circle; empty when there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        path.append(node)
        for target in sorted(graph.get(node, ())):
            if found := visit(target):
                return found
        path.pop()
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node))), [])

"""The layers of the package, read from its source: which module may import which, and which words belong to which."""

import ast
import re
import subprocess
import sys

import pytest

from control_pgm import MDP, solve
from tests.source import FILES, IMPORTS, MODULES, RANK, ROOT, circle, layer_of, module_of, own_imports, shown

LATE = {"pgmpy", "matplotlib", "networkx", "pyagrum", "pandas", "xarray", "gymnasium", "IPython"}
LATE_PARTS = {"scipy"}  # imported at the top as a rule; its slow parts late
ENGINE = [path for path in FILES if layer_of(module_of(path)) in {"tables", "layout", "models", "inference"}]
EACH = pytest.mark.parametrize("path", FILES, ids=shown)


def test_the_package_is_found():
    assert {"tables", "models", "inference"} <= {layer_of(module) for module in MODULES}
    assert any(found.module.startswith("control_pgm.tables") for found in own_imports(ROOT / "inference" / "exact.py"))


@EACH
def test_imports_point_to_lower_layers_only(path):
    own = layer_of(module_of(path))
    assert own in RANK, f"{path.name} belongs to no layer"
    for name, line, _ in own_imports(path):
        target = layer_of(name)
        if target == "__init__" and own in {"__init__", "__main__"}:
            continue
        assert target == own or RANK[target] < RANK[own], f"{shown(path)}:{line} imports {name}"


@EACH
def test_only_optional_or_slow_packages_are_imported_inside_functions(path):
    late = {(found.module, found.line) for found in IMPORTS[path] if found.inside}
    assert [f"{shown(path)}:{line} {name}" for name, line in late if name.split(".")[0] not in LATE | LATE_PARTS] == []


@EACH
def test_slow_packages_are_not_imported_at_the_top(path):
    top = {
        found.module.split(".")[0]
        for found in IMPORTS[path]
        if not found.inside and not _is_typing_only(path, found.line)
    }
    assert not top & LATE


def _is_typing_only(path, line):
    return any(
        isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and node.lineno < line <= node.end_lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_modules_import_each_other_in_one_direction():
    graph = {
        module_of(path): {
            found.module for found in own_imports(path) if found.module in MODULES and found.module != module_of(path)
        }
        for path in FILES
        if path.name != "__init__.py"
    }
    assert circle(graph) == []


@pytest.mark.parametrize("path", ENGINE, ids=shown)
def test_the_engine_knows_no_decision_process(path):
    words = re.compile(r"\b(rewards?|actions?|polic(?:y|ies)|optimality)\b", re.IGNORECASE)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{i}: {line.strip()}" for i, line in enumerate(lines, 1) if words.search(line.replace("_", " "))] == []


@pytest.mark.parametrize(
    "code",
    [
        "import control_pgm",
        "from control_pgm import MDP, solve; solve(MDP([[[1.0]]], [0.0]), 3).policy",
        "from control_pgm import Factor, FactorGraph, Variable, infer; x = Variable('x', 2);"
        "infer(FactorGraph([Factor([x], [1.0, 3.0])])).marginal('x')",
    ],
    ids=["import", "solve", "infer"],
)
def test_a_plain_question_loads_nothing_that_it_does_not_need(code):
    code += "; import sys; print(sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(result.stdout))
    assert "control_pgm" in loaded
    assert not {module.split(".")[0] for module in loaded} & (LATE | {"torch"})
    assert not loaded & {
        "control_pgm.viz",
        "control_pgm.interop",
        "control_pgm.explorer",
        "control_pgm.control.infinite.discounted",
    }


def test_the_file_of_a_solution_is_a_policy_before_any_file_was_read(tmp_path):
    solve(MDP([[[1.0]]], [[0.5]]), 3).save(tmp_path / "solution.npz")
    code = "import sys; from control_pgm import MDP, evaluate; process = MDP([[[1.0]]], [[0.5]]);"
    code += "assert 'control_pgm.interop' not in sys.modules; print(evaluate(process, sys.argv[1]).expected_reward)"
    program = [sys.executable, "-c", code, str(tmp_path / "solution.npz")]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "1.5\n"

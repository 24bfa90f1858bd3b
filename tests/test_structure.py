"""The structure of the source: folders, names, private attributes, the length of two ways through it."""

import ast
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from control_pgm import MDP, solve
from tests.source import FILES, FOLDERS, MODULES, ROOT, TREES, circle, layer_of, module_of, own_imports, shown

TESTS = Path(__file__).parent
EACH = pytest.mark.parametrize("path", FILES, ids=shown)
EACH_FOLDER = pytest.mark.parametrize("folder", FOLDERS, ids=shown)
NAMED_TUPLE = {"_replace", "_asdict", "_fields"}  # public in spite of their names
MAX_MODULES = 16
MAX_LINES = 300
PAGES = [f"inference/tree/{name}.py" for name in ("bucket_tree", "messages", "passes", "sum_product")]
JOURNEY_FILES, JOURNEY_FUNCTIONS, STUDENT_LINES = 52, 242, 400  # not to grow; the aims of the first two are 30 and 200


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


@EACH_FOLDER
def test_a_folder_has_few_modules_and_says_what_they_are(folder):
    modules = [path for path in FILES if path.parent == folder and path.name != "__init__.py"]
    assert len(modules) <= MAX_MODULES
    assert ast.get_docstring(TREES[folder / "__init__.py"])


@EACH_FOLDER
def test_the_parts_of_a_folder_import_each_other_in_one_direction(folder):
    package = module_of(folder / "__init__.py")
    graph = defaultdict(set)
    for path in FILES:
        if folder in path.parents and (part := part_of(module_of(path), package)):
            graph[part] |= {other for found in own_imports(path) if (other := part_of(found.module, package))} - {part}
    assert circle(graph) == []


def part_of(module, package):
    """The file or folder directly below the package that holds the module; none for the package itself."""
    if not module.startswith(f"{package}.") or module == package or module not in MODULES:
        return None
    return module.removeprefix(f"{package}.").split(".")[0]


@EACH
def test_a_module_is_short_and_begins_with_what_it_holds(path):
    assert len(lines(path)) <= MAX_LINES or path == ROOT / "__init__.py"  # which lists the public names
    sign = ast.get_docstring(TREES[path]) or ""
    assert sign or not lines(path)
    assert not re.match(r"(What|How|Where|Who|Which|When|Why)\b", sign)


def test_a_name_is_defined_once_in_a_layer_and_a_class_once_in_the_package():
    names, classes = Counter(), Counter()
    for path in FILES:
        found = set(definitions(TREES[path]))
        names.update((layer_of(module_of(path)), name) for name in found if not name.startswith("_"))
        classes.update(node.name.lstrip("_") for node in TREES[path].body if isinstance(node, ast.ClassDef))
    assert [name for name, count in (names + classes).items() if count > 1] == []


def definitions(tree):
    """The functions, classes and constants at the top of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper())


@EACH
def test_private_names_are_read_in_their_own_module_only(path):
    own = {node.name for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"self", "cls"}:
            own.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
    wrong = [
        f"{shown(path)}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(TREES[path])
        if (isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own)
        or (isinstance(node, ast.ImportFrom) and is_own(node) and any(is_private(alias.name) for alias in node.names))
    ]
    assert wrong == []


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in NAMED_TUPLE


def is_own(node):
    return bool(node.level) or (node.module or "").startswith("control_pgm")


@pytest.mark.parametrize(
    "path", [p for p in sorted(TESTS.rglob("test_*.py")) if "benchmarks" not in p.parts], ids=lambda p: p.name
)
def test_tests_mirror_the_source_and_measure_no_time(path):
    place = ROOT / path.parent.relative_to(TESTS)
    assert place.is_dir()
    clocks = re.compile(r"\b(perf_counter|process_time|monotonic|time\.time)$")
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if clocks.search(ast.unparse(call.func))] == []


def test_a_student_follows_a_message_on_few_pages():
    assert sum(len(lines(ROOT / page)) for page in PAGES) <= STUDENT_LINES


def test_a_small_problem_is_solved_in_few_files_and_functions():
    dynamics = np.random.default_rng(0).dirichlet(np.ones(3), (3, 2))
    process = MDP(dynamics, np.arange(6.0).reshape(3, 2))
    solve(process, 4).policy.sum()  # with other numbers, so that nothing of the answer is kept
    entered = set()

    def enter(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(ROOT)) and not code.co_name.startswith("<"):
            entered.add((code.co_filename, code.co_name, code.co_firstlineno))

    fresh = MDP(dynamics[::-1], np.arange(6.0).reshape(3, 2))
    sys.setprofile(enter)
    try:
        fresh = MDP(dynamics[::-1], np.arange(6.0).reshape(3, 2))
        policy = solve(fresh, 3).policy
    finally:
        sys.setprofile(None)
    assert np.allclose(policy.sum(axis=-1), 1)
    assert len({file for file, _, _ in entered}) <= JOURNEY_FILES
    assert len(entered) <= JOURNEY_FUNCTIONS

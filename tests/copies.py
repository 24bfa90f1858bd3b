"""Every public kind of object, to be copied: made by the class's name; and what each answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import control_pgm
from control_pgm import (
    CPD,
    MDP,
    BayesianNetwork,
    ControlModel,
    Factor,
    FactorGraph,
    InfluenceDiagram,
    LinearlySolvable,
    LoopyOptions,
    Reward,
    SparseFactor,
    TwoSliceTemplate,
    Variable,
    crosscheck,
    crying_baby,
    evaluate,
    forest,
    from_samples,
    gridworld,
    infer,
    infer_many,
    load_solution,
    marginal_map,
    memory,
    optimal_policy,
    optimism_report,
    passive_process,
    plan,
    query,
    simulate,
    soft_policy_iteration,
    solve,
    solve_average,
    solve_infinite,
    solve_influence_diagram,
    solve_linearly_solvable,
    solve_many,
    tiger,
    trace,
    unroll,
    variational_bound,
)

SHORT, LONG = 3, 40
TYPES = ("posterior", "variational", "planning", "bellman", "map")


@cache
def grid() -> MDP:
    """A small slippery grid."""
    return gridworld("S.G", slip=0.1)


@cache
def endless() -> MDP:
    """The same, discounted."""
    return MDP(grid().transition, grid().reward, discount=0.9, initial=0)


@cache
def rain() -> BayesianNetwork:
    """Rain, and whether the grass is wet."""
    r, w = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    return BayesianNetwork([CPD(r, [], [0.7, 0.3]), CPD(w, [r], [[0.9, 0.1], [0.2, 0.8]])])


def drift() -> TwoSliceTemplate:
    """A hidden chain."""
    x, after, y = Variable("x", 2), Variable("x'", 2), Variable("y", 3)
    return TwoSliceTemplate(
        [CPD(x, [], [0.5, 0.5])],
        [CPD(y, [x], [[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]), CPD(after, [x], [[0.9, 0.1], [0.2, 0.8]])],
    )


def declared() -> ControlModel:
    """A control model with an action that sees its state."""
    x, after = Variable("x", 2, kind="state"), Variable("x'", 2, kind="state")
    u = Variable("u", ["stay", "go"], kind="action")
    move = CPD(after, [x, u], [[[0.9, 0.1], [0.2, 0.8]], [[0.1, 0.9], [0.7, 0.3]]])
    step = [CPD(u, [x], [[0.5, 0.5], [0.4, 0.6]]), move]
    return ControlModel([CPD(x, [], [0.5, 0.5])], step, [Reward("", ["x", "u"], [[0.0, -0.1], [1.0, 0.5]])])


def umbrella() -> InfluenceDiagram:
    """Whether to take one, after a forecast."""
    r, forecast, take = (Variable(name, ["no", "yes"]) for name in ("rain", "forecast", "take"))
    chances = [CPD(r, [], [0.7, 0.3]), CPD(forecast, [r], [[0.8, 0.2], [0.1, 0.9]])]
    return InfluenceDiagram(chances, [(take, ["forecast"])], {"comfort": ([r, take], [[10, 8], [0, 7]])})


def processes() -> Iterator[MDP]:
    """Every form of rewards, dense and sparse, and outcomes."""
    p = np.full((2, 1, 2), 0.5)
    for axes, shape in (("s", (2,)), ("sa", (2, 1)), ("sas", (2, 1, 2)), ("tsa", (3, 2, 1)), ("tsas", (3, 2, 1, 2))):
        yield MDP(p, np.arange(np.prod(shape), dtype=float).reshape(shape), reward_axes=axes, initial=0)
    yield MDP(sparse.csr_array(p.reshape(2, 2)), sparse.csr_array([[0.0, 1.0], [2.0, 0.0]]), initial=0)
    listed = [("a", "go", 1.0, "b", 1.0), ("b", "go", 0.5, "a", 2.0), ("b", "go", 0.5, "a", 3.0)]
    yield MDP.from_outcomes(listed, states=["a", "b"], actions=["go"], initial="a")


def solutions() -> Iterator[Any]:
    """Every type of inference, short and long, from dense and sparse processes and from a changed network."""
    for horizon in (SHORT, LONG):
        for kind in TYPES:
            yield solve(grid(), horizon, inference=kind, **({"risk": 0.5} if kind == "planning" else {}))
    yield solve(grid(), SHORT, inference="marginal-map")
    yield solve(grid(), LONG, keep="checkpoints", progress=lambda done, total, what: None)
    yield from (solve(process, SHORT) for process in processes())
    yield solve(extended())
    yield solve(replaced())


def extended() -> Any:
    """A network with a factor and a sparse one."""
    net = unroll(grid(), SHORT)
    return net.extend(
        Factor([net.variable("s_2")], [1, 2, 3]), SparseFactor([net.variable("s_1")], [[0], [1]], [1.0, 2.0])
    )


def replaced() -> Any:
    """A network with other dynamics in one step."""
    net = unroll(grid(), SHORT)
    old = net.cpd("s_2")
    return net.replace(CPD(old.child, old.parents, np.full(old.shape, 1 / 3)))


def saved() -> Iterator[Any]:
    """What comes back from files."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for k, solution in enumerate((solve(grid(), SHORT), solve(grid(), LONG, inference="bellman"))):
            solution.save(Path(folder) / f"{k}.npz")
            yield load_solution(Path(folder) / f"{k}.npz")


def sampled() -> Any:
    """A process from samples of an environment."""
    pytest.importorskip("gymnasium")
    return from_samples("FrozenLake-v1", 200, 0)


def loopy(**settings: Any) -> Any:
    """Loopy belief propagation on a tree."""
    return infer(rain(), {"wet": "yes"}, method="loopy", **settings)


def by_name(found: Iterator[Any], name: str) -> list[Any]:
    """Those of a class."""
    return [x for x in found if type(x).__name__ == name]


MAKERS: Mapping[str, Callable[[], list[Any]]] = {
    "AlphaVectors": lambda: [*solve(tiger(), SHORT, inference="bellman").alpha_vectors],
    "DecisionSolution": lambda: [solve_influence_diagram(umbrella())],
    "InfluenceDiagram": lambda: [umbrella()],
    "virtual evidence": lambda: [infer(rain(), {"wet": {"no": 0.2, "yes": 0.8}})],
    "AverageSolution": lambda: [solve_average(forest())],
    "BayesianNetwork": lambda: [rain()],
    "BeliefSolution": lambda: [solve(tiger(), SHORT, inference="bellman")],
    "BeliefTrajectories": lambda: [solve(tiger(), SHORT, inference="bellman").simulate(3, 0)],
    "Bound": lambda: [variational_bound(grid(), solve(grid(), SHORT))],
    "CPD": lambda: [*rain().cpds],
    "ControlModel": lambda: [declared()],
    "ControlNetwork": lambda: [
        unroll(grid(), SHORT),
        unroll(grid(), LONG),
        extended(),
        replaced(),
        *(unroll(process, SHORT) for process in processes()),
    ],
    "DesirabilitySolution": lambda: [solve_linearly_solvable(passive_process(grid()))],
    "DynamicBayesianNetwork": lambda: [drift().unroll(SHORT), drift().unroll(LONG)],
    "Evaluation": lambda: [evaluate(grid(), solve(grid(), SHORT))],
    "Factor": lambda: [
        Factor([Variable("x", 2)], [1, 3]),
        Factor([Variable("x", 2)], [-1e6, 0.0], log=True),
        query(unroll(grid(), SHORT), "a_1 | s_1=(0,1), O=1"),
    ],
    "FactorGraph": lambda: [FactorGraph([Factor([Variable("x", 2)], [1, 3])])],
    "LabelledArray": lambda: [solve(grid(), SHORT).policy, optimal_policy(grid(), SHORT)],
    "LinearlySolvable": lambda: [passive_process(grid()), LinearlySolvable(np.full((2, 2), 0.5), [1.0, 2.0])],
    "LoopyOptions": lambda: [LoopyOptions(schedule="flooding")],
    "LoopyPosterior": lambda: [loopy(), loopy(elimination="max")],
    "LoopyReport": lambda: [loopy().report],
    "MDP": lambda: [grid(), endless(), *processes()],
    "MarginalMap": lambda: [marginal_map(rain(), {"wet": "yes"}, ["rain"])],
    "Marginals": lambda: [infer(rain(), {"wet": "yes"}).marginals()],
    "ModelNetwork": lambda: [unroll(declared(), SHORT), unroll(declared(), LONG)],
    "ModelSolution": lambda: [solve(declared(), SHORT, inference=kind) for kind in ("posterior", "bellman", "map")],
    "SliceMemory": lambda: [memory(Variable("x", 3), 2)],
    "Mode": lambda: [infer(rain(), {"wet": "yes"}).mode()],
    "ModeEstimate": lambda: [loopy(elimination="max").mode()],
    "OptimismReport": lambda: [optimism_report(solve(grid(), SHORT))],
    "POMDP": lambda: [tiger(), crying_baby()],
    "Plan": lambda: [plan(rain()), *(plan(n, n.optimal) for n in (unroll(grid(), SHORT), unroll(grid(), LONG)))],
    "PolicyIteration": lambda: [soft_policy_iteration(grid(), SHORT, temperature=0.5)],
    "Posterior": lambda: [
        infer(rain(), {"wet": "yes"}),
        infer(rain(), {"wet": "yes"}, method="enumeration"),
        unroll(grid(), SHORT).infer(),
        unroll(grid(), LONG).infer(),
    ],
    "Report": lambda: [crosscheck(rain(), against=("enumeration",))],
    "Reward": lambda: [*declared().rewards],
    "Sampled": lambda: [sampled()],
    "Samples": lambda: [infer(rain()).sample(4, 0)],
    "SavedSolution": lambda: list(saved()),
    "Solution": lambda: list(solutions()),
    "Solutions": lambda: [solve_many(grid(), n, temperatures=[0.1, 1.0]) for n in (SHORT, LONG)],
    "SparseFactor": lambda: [SparseFactor([Variable("x", 2), Variable("y", 3)], [[0, 1], [1, 2]], [1.0, 2.0])],
    "StationaryBeliefSolution": lambda: [solve_infinite(tiger(), inference="bellman")],
    "StationarySolution": lambda: [solve_infinite(endless(), inference=kind) for kind in ("posterior", "bellman")],
    "Trajectories": lambda: [simulate(grid(), solve(grid(), SHORT), 3, 0)],
    "TwoSliceTemplate": lambda: [drift(), unroll(grid(), SHORT).template],
    "Variable": lambda: [Variable("x", ["a", "b"], time=1, kind="state")],
    # results without a public class of their own
    "step of trace": lambda: list(trace(infer(rain(), {"wet": "yes"}))),
    "batch": lambda: [infer_many(rain(), [{"wet": "no"}, {"wet": "yes"}])],
    "error": lambda: [control_pgm.errors.TooLarge("it is large", allowed="less", remedy="split it")],
}


def answers(subject: Any) -> dict[str, Any]:
    """What an object says: its text, every public attribute that has no arguments, and a few questions."""
    said: dict[str, Any] = {"text": str(subject)} if type(subject).__repr__ is not object.__repr__ else {}
    for name in dir(subject):
        if not name.startswith("_"):
            said[name] = _answer(lambda name=name: getattr(subject, name))
    if hasattr(subject, "marginal") and hasattr(subject, "model"):
        for v in [*subject.model.variables][:6]:
            said[f"p({v})"] = _answer(lambda v=v: subject.marginal(v))
        said["mode()"] = _answer(lambda: subject.mode())
        said["sample"] = _answer(lambda: subject.sample(3, 0).indices)
    if hasattr(subject, "infer"):
        said["log evidence"] = subject.infer().log_evidence
    if hasattr(subject, "pomdp") and hasattr(subject, "value"):
        said["values"] = [(subject.value([p, 1 - p]), subject.action([p, 1 - p])) for p in (0.0, 0.3, 1.0)]
    elif hasattr(subject, "action"):
        said["action"] = _answer(lambda: subject.action(subject.mdp.states[0], 0, 0))
    return said


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        return _plain(ask())
    except (control_pgm.errors.ControlPGMError, TypeError) as error:
        return type(error).__name__, str(error)


def _plain(value: Any) -> Any:
    """Numbers as their exact bytes; what has none by its text, without addresses in memory."""
    if isinstance(value, Factor):
        return value.scope, _plain(value.log_array())
    if sparse.issparse(value):
        return _plain(value.toarray())
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        array = np.asarray(value)
        return array.shape, array.tolist() if array.dtype == object else (array + 0).tobytes()
    if isinstance(value, tuple | list):
        return [_plain(x) for x in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))

"""pyAgrum: answers of its lazy propagation, and its influence diagrams; the only place that imports it, on first use.

What pyAgrum needs to answer rightly: joint targets named before inference, and axes turned round, since its numpy
arrays list the variables of a table from last to first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from control_pgm.control.decisions.influence_diagram import InfluenceDiagram
from control_pgm.errors import InvalidArgument, MissingPackage
from control_pgm.interop.engines.pgmpy import named_factors, plain_tables, state_names
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.variable import Variable

INSTALL_PYAGRUM = "pip install 'control_pgm[pyagrum]'"


class PyagrumPropagation:
    """Joint marginals of a network given evidence, by pyAgrum's lazy propagation.

    Parameters
    ----------
    network : BayesianNetwork
    evidence : mapping
        name -> label.
    targets : iterable of tuples of names
        What will be asked; inference runs once for all of them.

    Examples
    --------
    >>> from control_pgm import CPD, Variable
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> network = BayesianNetwork([CPD(rain, (), [0.8, 0.2]), CPD(wet, (rain,), [[0.9, 0.1], [0.1, 0.9]])])
    >>> PyagrumPropagation(network, {"wet": "yes"}, [("rain",)]).marginal("rain").round(6).tolist()
    [0.307692, 0.692308]
    """

    def __init__(
        self, network: BayesianNetwork, evidence: Mapping[str, Hashable], targets: Iterable[tuple[str, ...]]
    ) -> None:
        pyagrum = _pyagrum()
        self.engine = pyagrum.LazyPropagation(_to_pyagrum(pyagrum, network))
        observed = {name: network.variable(name).index(label) for name, label in evidence.items()}
        self.engine.setEvidence(observed | {name: 1 for name, _ in named_factors(network)})
        self.engine.eraseAllTargets()
        for names in {frozenset(names) for names in targets}:
            if len(names) > 1:
                self.engine.addJointTarget(set(names))
            else:
                self.engine.addTarget(*names)
        self.engine.makeInference()

    def marginal(self, *names: str) -> FloatArray:
        """p(names | evidence) with the axes in the order asked; ``names`` are those of a target."""
        result = self.engine.jointPosterior(set(names)) if len(names) > 1 else self.engine.posterior(*names)
        axes = [result.names.index(name) for name in names]
        # Variables of a single state sometimes come along unasked: they go last, and out.
        unasked = [axis for axis in range(len(result.names)) if axis not in axes]
        table = np.asarray(result.toarray(), dtype=np.float64).T.transpose(axes + unasked)
        return np.asarray(table.reshape(*table.shape[: len(axes)], -1).sum(axis=-1))


def _to_pyagrum(pyagrum: Any, network: BayesianNetwork) -> Any:
    """The network as a ``pyagrum.BayesNet``, further factors as binary nodes like in `to_pgmpy`."""
    model = pyagrum.BayesNet()
    tables = list(plain_tables(network))
    for child, _, _ in tables:
        model.add(pyagrum.LabelizedVariable(child.name, child.name, state_names(child)))
    for child, parents, table in tables:
        for parent in parents:
            model.addArc(parent.name, child.name)
        # The axes of a numpy table: the parents from last to first, then the child.
        turned = table.transpose([*reversed(range(len(parents))), len(parents)])
        model.cpt(child.name)[:] = np.ascontiguousarray(turned)
    return model


def from_pyagrum(diagram: Any) -> InfluenceDiagram:
    """An influence diagram of pyAgrum, as `control_pgm.solve_influence_diagram` takes it.

    Parameters
    ----------
    diagram : pyagrum.InfluenceDiagram
        Its decisions need an order, and are taken without forgetting.

    Raises
    ------
    InvalidArgument
        If it is no influence diagram, or its decisions have no order.
    InvalidModel
        As `InfluenceDiagram`.
    MissingPackage
        If pyAgrum is not installed.

    Examples
    --------
    >>> import pyagrum
    >>> from control_pgm.control.decisions.solving import solve_influence_diagram
    >>> diagram = pyagrum.fastID("rain{no|yes}->*umbrella{leave|take}->$comfort<-rain")
    >>> diagram.cpt("rain")[:] = [0.7, 0.3]
    >>> diagram.utility("comfort")[{"umbrella": "leave"}] = [[10], [0]]
    >>> diagram.utility("comfort")[{"umbrella": "take"}] = [[8], [7]]
    >>> round(solve_influence_diagram(from_pyagrum(diagram)).expected_utility, 6)
    9.1
    """
    pyagrum = _pyagrum()
    if not isinstance(diagram, pyagrum.InfluenceDiagram):
        raise InvalidArgument(f"{type(diagram).__name__} is no pyagrum.InfluenceDiagram", allowed="one of these")
    if not diagram.decisionOrderExists():
        raise InvalidArgument(
            "the decisions of the influence diagram have no order",
            allowed="a directed path through all of them",
            remedy="add arcs from each decision to the next",
        )
    variables = {
        node: Variable(diagram.variable(node).name(), list(diagram.variable(node).labels()))
        for node in diagram.nodes()
        if not diagram.isUtilityNode(node)
    }
    by_name = {variable.name: variable for variable in variables.values()}
    chances, utilities = [], {}
    for node in diagram.topologicalOrder():
        if diagram.isChanceNode(node):
            child = variables[node]
            names, table = _scoped(diagram.cpt(node))
            parents = [name for name in names if name != child.name]
            order = [names.index(name) for name in (*parents, child.name)]
            chances.append(CPD(child, [by_name[name] for name in parents], table.transpose(order)))
        elif diagram.isUtilityNode(node):
            own = diagram.variable(node).name()
            names, table = _scoped(diagram.utility(node))
            scope = [name for name in names if name != own]
            values = table.transpose([*(names.index(name) for name in scope), names.index(own)])[..., 0]
            utilities[own] = ([by_name[name] for name in scope], values)
    made = [node for node in diagram.decisionOrder() if diagram.isDecisionNode(node)]
    known = [(variables[node], [variables[parent].name for parent in sorted(diagram.parents(node))]) for node in made]
    return InfluenceDiagram(chances, known, utilities)


def _scoped(tensor: Any) -> tuple[list[str], FloatArray]:
    """The names of a pyAgrum tensor, and its array with the axes in their order."""
    return list(tensor.names), np.asarray(tensor.toarray(), dtype=np.float64).T


def _pyagrum() -> Any:
    try:
        import pyagrum
    except ImportError as error:
        raise MissingPackage("pyagrum is not installed", remedy=INSTALL_PYAGRUM) from error
    return pyagrum

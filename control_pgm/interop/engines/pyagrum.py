"""Answers from pyAgrum's lazy propagation; the only place that imports pyagrum, on first use.

What pyAgrum needs to answer rightly: joint targets named before inference, and axes turned round, since its numpy
arrays list the variables of a table from last to first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from control_pgm.errors import MissingPackage
from control_pgm.interop.engines.pgmpy import named_factors, plain_tables, state_names
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.tables.arrays import FloatArray

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
        try:
            import pyagrum
        except ImportError as error:
            raise MissingPackage("pyagrum is not installed", remedy=INSTALL_PYAGRUM) from error
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

"""The two-slice template of a process, as far as all of its networks share it: variables, p(s_0) and p(s'|s,a).

They depend on neither temperature nor action prior nor horizon, so they are made once for each process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from control_pgm.control.mdp.dynamics import DenseDynamics, Dynamics
from control_pgm.control.mdp.process_tables import ProcessTables
from control_pgm.control.mdp.termination import TERMINAL, Ending, terminal_state
from control_pgm.models.cpd import CPD
from control_pgm.models.template import PRIME
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.variable import Labels, Variable


@dataclass(frozen=True, eq=False)
class ProcessTemplate:
    """The variables of the two-slice template, and those of its tables that belong to the process alone.

    Attributes
    ----------
    s, a, o, s_next : Variable
    start : CPD
        p(s_0), with no mass on an appended terminal state.
    endings : tuple of Ending
        How discount ends each step; empty without discount, one for all steps of stationary dynamics.
    transitions : tuple of CPD
        p(s'|s,a) as the network has it; one for all steps of stationary dynamics.
    """

    s: Variable
    a: Variable
    o: Variable
    s_next: Variable
    start: CPD
    endings: tuple[Ending, ...]
    transitions: tuple[CPD, ...]

    @classmethod
    def of(cls, process: ProcessTables) -> ProcessTemplate:
        """The template of a process.

        Raises
        ------
        InvalidModel
            If there is discount, and a state "terminal" that is not absorbing with reward 0.
        """
        steps = [process.dynamics_at(t) for t in range(len(process.table) if process.table.ndim == 4 else 1)]
        endings: tuple[Ending, ...] = ()
        states = process.states
        if process.discount < 1.0:
            own = terminal_state(process)
            endings = tuple(Ending(step.terminated(process.discount, own), own) for step in steps)
            steps = [ending.dynamics for ending in endings]
            states = states if own is not None else Labels((*states, TERMINAL))
        s, a, s_next = _state("s", states), Variable("a", process.actions, kind="action"), _state("s" + PRIME, states)
        initial = lock(np.append(process.initial, np.zeros(len(states) - process.n_states)))
        return cls(
            s,
            a,
            Variable("O", 2, kind="optimality"),
            s_next,
            CPD.of([s], Scaled.from_linear(initial)),
            endings,
            tuple(CPD.of([s, a, s_next], _scaled(step)) for step in steps),
        )

    def starting(self, initial: FloatArray) -> ProcessTemplate:
        """The same with another p(s_0)."""
        return replace(self, start=CPD.of([self.s], Scaled.from_linear(initial)))

    def ending(self, t: int) -> Ending | None:
        """How discount ends step t; None if it does not."""
        return self.endings[t if len(self.endings) > 1 else 0] if self.endings else None

    def transition(self, t: int) -> CPD:
        """p(s'|s,a) of step t."""
        return self.transitions[t if len(self.transitions) > 1 else 0]


def _state(name: str, states: Labels) -> Variable:
    return Variable(name, states, kind="state")


def _scaled(dynamics: Dynamics) -> Scaled:
    if isinstance(dynamics, DenseDynamics):
        return Scaled.from_linear(dynamics.table)
    n = dynamics.matrix.shape[1]
    return SparseScaled.from_csr(dynamics.matrix, (n, dynamics.n_actions, n))

"""Unrolling: from a process, or a control model, to its explicit network with optimality nodes."""

from __future__ import annotations

from typing import overload

from numpy.typing import ArrayLike

from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.network import ModelNetwork, unroll_model
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.unroll import unroll_process
from control_pgm.errors import InvalidArgument
from control_pgm.keywords import keywords


@overload
def unroll(
    problem: MDP, horizon: int, *, temperature: ArrayLike = 1.0, action_prior: ArrayLike | str | None = None
) -> ControlNetwork: ...
@overload
def unroll(problem: ControlModel, horizon: int, *, temperature: float = 1.0) -> ModelNetwork: ...
@keywords
def unroll(
    problem: MDP | ControlModel,
    horizon: int,
    *,
    temperature: ArrayLike = 1.0,
    action_prior: ArrayLike | str | None = None,
) -> ControlNetwork | ModelNetwork:
    """Unroll a decision process over ``horizon`` steps.

    Parameters
    ----------
    problem : MDP or ControlModel
    horizon : int
        The number of actions T ≥ 1; must equal the number of steps of time-varying tables.
    temperature : float or sequence of T floats
        alpha > 0, in units of reward; for an MDP a sequence is a schedule alpha_t. A terminal reward has that of the
        last step.
    action_prior : optional
        p(a|s) of shape (A,), (S, A) or (T, S, A); default uniform over the available actions. The priors of a control
        model are its CPDs. ``"counting"`` weighs
        every available action by one instead: an unnormalised factor, which changes the policy where the number of
        actions varies.

    Returns
    -------
    ControlNetwork, or ModelNetwork of a ControlModel
        Slices share their tables. The edge s_t → a_t exists if the prior depends on the state. With discount < 1 the
        states end with the absorbing "terminal", unless the process has it.

    Raises
    ------
    InvalidArgument
        If horizon, temperature or prior are out of range.

    Examples
    --------
    >>> from control_pgm import MDP
    >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, 0], [1, 1]])
    >>> net = unroll(mdp, 2)
    >>> net.topological
    ('s_0', 'a_0', 'O_0', 's_1', 'a_1', 'O_1', 's_2')
    """
    if not isinstance(problem, ControlModel):
        return unroll_process(problem, horizon, temperature=temperature, action_prior=action_prior)
    if action_prior is not None:
        raise InvalidArgument(
            "action_prior with a control model", remedy="the prior of an action is its CPD in the transition"
        )
    return unroll_model(problem, horizon, temperature=temperature)

"""Telling good ends from bad ones where a process has merged them into one absorbing state, as environments do."""

from __future__ import annotations

from control_pgm.control.mdp.grid import ends_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.outcomes import outcomes_at

GOAL = "goal"


def with_paid_ends(mdp: MDP) -> MDP:
    """The process with a further absorbing state "goal" for the ends that pay.

    An outcome that pays a positive reward on entering a merged end leads to "goal" instead; both are absorbing with
    reward 0, so nothing else changes. A process that needs no such state, or varies with time, is returned as it is.

    Examples
    --------
    >>> merged = MDP.from_outcomes(
    ...     [("in", "go", 0.9, "out", 0.0), ("in", "go", 0.1, "out", 1.0), ("out", "go", 1.0, "out", 0.0)]
    ... )
    >>> with_paid_ends(merged).states
    ('in', 'out', 'goal')
    """
    ends = ends_of(mdp, 0)
    step = outcomes_at(mdp, 0)
    left = set(step.state[step.state != step.after].tolist())
    mixed = {k for k, end in ends.items() if end == "end" and k not in left}
    if mdp.time_steps or not mdp.reward_table.on_outcome or "goal" in ends.values() or not mixed or GOAL in mdp.states:
        return mdp
    outcomes = []
    for k in range(len(step)):
        s, s_next = int(step.state[k]), int(step.after[k])
        for reward, weight in zip(step.rewards[:, k], step.weights[:, k], strict=True):
            if weight > 0:
                paid = s_next in mixed and s != s_next and reward > 0
                target = GOAL if paid else mdp.states[s_next]
                p = float(step.probability[k] * weight)
                outcomes.append((mdp.states[s], mdp.actions[step.action[k]], p, target, float(reward)))
    outcomes += [(GOAL, action, 1.0, GOAL, 0.0) for action in mdp.actions]
    terminal = None if mdp.terminal_reward is None else [*mdp.terminal_reward, mdp.terminal_reward[min(mixed)]]
    return MDP.from_outcomes(
        outcomes,
        states=[*mdp.states, GOAL],
        actions=mdp.actions,
        initial=[*mdp.initial, 0.0],
        terminal_reward=terminal,
        discount=mdp.discount,
        positions=mdp.positions,
    )

"""Processes with hidden states, as they are printed in papers and textbooks; their published values are tested."""

from __future__ import annotations

import numpy as np

from control_pgm.control.partially_observed.pomdp import POMDP


def tiger(discount: float = 0.95) -> POMDP:
    """The Tiger problem: a tiger behind one of two doors, and a noise from the right one with probability 0.85.

    Kaelbling, Littman and Cassandra, Planning and acting in partially observable stochastic domains (1998), section
    5.1. Listening costs 1. Opening the tiger's door costs 100 and the other one pays 10; then the tiger is behind
    either door with equal chances, and the observation is uninformative. Cassandra's file has discount 0.95.

    Parameters
    ----------
    discount : float

    Returns
    -------
    POMDP
        States tiger-left, tiger-right; actions listen, open-left, open-right; observations hear-left, hear-right;
        uniform initial belief.

    Examples
    --------
    >>> from control_pgm import solve
    >>> solution = solve(tiger(discount=1.0), 3, inference="bellman")
    >>> round(solution.value(), 9), solution.action(), solution.action({"tiger-left": 0.99, "tiger-right": 0.01}, t=2)
    (2.72, 'listen', 'open-right')
    """
    transition, observation = np.full((2, 3, 2), 0.5), np.full((3, 2, 2), 0.5)
    transition[:, 0] = np.eye(2)
    observation[0] = [[0.85, 0.15], [0.15, 0.85]]
    return POMDP(
        transition,
        observation,
        [[-1.0, -100.0, 10.0], [-1.0, 10.0, -100.0]],
        discount=discount,
        states=["tiger-left", "tiger-right"],
        actions=["listen", "open-left", "open-right"],
        observations=["hear-left", "hear-right"],
    )


def crying_baby(discount: float = 0.9) -> POMDP:
    """The crying baby of Kochenderfer, Wheeler and Wray: feed it, sing to it, or ignore it.

    Algorithms for Decision Making (2022), appendix F. A baby is hungry or sated, which only its crying shows. Feeding
    costs 5 and sates it; a sated baby becomes hungry with probability 0.1, and a hungry one stays so. A hungry baby
    costs 10 a step. It cries with probability 0.8 when hungry, 0.1 when sated; singing, which costs 0.5, makes that 0.9
    and 0.

    Parameters
    ----------
    discount : float

    Returns
    -------
    POMDP
        States sated, hungry; actions feed, sing, ignore; observations crying, quiet; the baby is sated at first.

    Examples
    --------
    >>> crying_baby().filter(["ignore"], ["crying"]).values[-1].round(4).tolist()
    [0.5294, 0.4706]
    """
    transition = np.array([[[1.0, 0.0], [0.9, 0.1], [0.9, 0.1]], [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    unsung, sung = [[0.1, 0.9], [0.8, 0.2]], [[0.0, 1.0], [0.9, 0.1]]
    return POMDP(
        transition,
        [unsung, sung, unsung],
        [[-5.0, -0.5, 0.0], [-15.0, -10.5, -10.0]],
        initial="sated",
        discount=discount,
        states=["sated", "hungry"],
        actions=["feed", "sing", "ignore"],
        observations=["crying", "quiet"],
    )

"""Decision processes of textbooks, as they are printed there; their published values are tested."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

import numpy as np

from control_pgm.control.arguments import as_float, is_count
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.sources.from_outcomes import Outcome
from control_pgm.errors import InvalidArgument, TooLarge

Cell = tuple[int, int]

_LARGEST = 5_000  # states
_ACTIONS = ("left", "down", "right", "up")
_STEPS: tuple[Cell, ...] = ((0, -1), (1, 0), (0, 1), (-1, 0))  # (row, column)


def sutton_barto_grid() -> MDP:
    """The 5×5 grid of Sutton and Barto: two cells that pay when they are left, and walls that cost.

    Reinforcement Learning: An Introduction, second edition (2018), examples 3.5 and 3.8, figures 3.2 and 3.5. Every
    action in A = (0,1) pays 10 and leads to A' = (4,1), every action in B = (0,3) pays 5 and leads to B' = (2,3). A
    move off the grid stays where it is and costs 1; all other moves pay nothing. Discount 0.9, start anywhere.

    Returns
    -------
    MDP
        States ``"(row,col)"`` from 0 at the upper left, actions left, down, right, up, rewards r(s,a).

    Examples
    --------
    >>> from control_pgm import solve_infinite
    >>> solve_infinite(sutton_barto_grid(), inference="bellman").V.values[:5].round(1).tolist()
    [22.0, 24.4, 22.0, 19.4, 17.5]
    """
    jumps: Mapping[Cell, tuple[Cell, float]] = {(0, 1): ((4, 1), 10.0), (0, 3): ((2, 3), 5.0)}
    cells = {(row, column): 5 * row + column for row in range(5) for column in range(5)}
    transition, reward = np.zeros((25, 4, 25)), np.zeros((25, 4))
    for cell, s in cells.items():
        for a, (down, right) in enumerate(_STEPS):
            target = (cell[0] + down, cell[1] + right)
            reached, reward[s, a] = jumps.get(cell, (target, 0.0) if target in cells else (cell, -1.0))
            transition[s, a, cells[reached]] = 1.0
    positions: dict[Hashable, Cell] = {f"({row},{column})": (row, column) for row, column in cells}
    return MDP(transition, reward, states=positions, actions=_ACTIONS, discount=0.9, positions=positions)


def gambler(goal: int = 100, p: float = 0.4) -> MDP:
    """The gambler's problem of Sutton and Barto: stakes on coin flips until the goal is reached or all is lost.

    Reinforcement Learning: An Introduction, second edition (2018), example 4.3 and figure 4.3. Capital s, stakes
    0 … min(s, goal − s); heads, with probability p, win the stake. Reaching the goal pays 1; no discount. For p < 1/2
    bold play is optimal, and V(s) is the chance of reaching the goal. Staking nothing changes nothing, so that it is
    among the best stakes wherever something can be won.

    Parameters
    ----------
    goal : int
        ≥ 2.
    p : float
        The probability of heads.

    Returns
    -------
    MDP
        States 0 … goal, of which 0 and the goal are absorbing with the stake 0 only, actions 0 … goal // 2.

    Examples
    --------
    >>> from control_pgm import solve_infinite
    >>> solve_infinite(gambler(4), inference="bellman").V.values.round(6).tolist()
    [0.0, 0.16, 0.4, 0.64, 0.0]
    """
    goal = _size(goal, "goal")
    heads = _probability(p, "p")

    def outcomes() -> Iterator[Outcome]:
        for capital in range(goal + 1):
            yield capital, 0, 1.0, capital, 0.0
            for stake in range(1, min(capital, goal - capital) + 1):
                won = capital + stake
                yield capital, stake, heads, won, float(won == goal)
                yield capital, stake, 1.0 - heads, capital - stake, 0.0

    return MDP.from_outcomes(outcomes(), states=goal + 1, actions=goal // 2 + 1)


def russell_norvig_grid(step_reward: float = -0.04) -> MDP:
    """The 4×3 world of Russell and Norvig: a slippery way around a wall, past a bad end to a good one.

    Artificial Intelligence: A Modern Approach, third edition (2010), figures 17.1 to 17.3. Moves go where they should
    with probability 0.8, and to either side with 0.1 each; against a wall nothing moves. Being in a cell pays
    ``step_reward``, in (4,3) +1 and in (4,2) −1, after which the process ends. No discount. The fourth edition (2020)
    pays on entering an end instead, so that values of the other cells are higher by −step_reward there.

    Parameters
    ----------
    step_reward : float
        R(s) of the cells that are no ends: a number below +inf.

    Returns
    -------
    MDP
        States ``"(x,y)"`` as in the book, column then row, from (1,1) at the lower left, and the absorbing state
        "terminal" that the two ends lead to; actions left, down, right, up; start (1,1); rewards r(s).

    Examples
    --------
    >>> from control_pgm import solve_infinite
    >>> values = solve_infinite(russell_norvig_grid(), inference="bellman").V
    >>> [round(float(values.sel(s=s)), 3) for s in ("(1,1)", "(2,1)", "(3,1)", "(4,1)")]
    [0.705, 0.655, 0.611, 0.388]
    """
    if not as_float(step_reward) < float("inf"):
        raise InvalidArgument(f"step_reward {step_reward!r}", allowed="a number below +inf")
    places = [(row, column) for row in (2, 1, 0) for column in range(4) if (row, column) != (1, 1)]
    cells = {cell: s for s, cell in enumerate(places)}
    terminal = len(cells)
    transition, reward = np.zeros((terminal + 1, 4, terminal + 1)), np.full(terminal + 1, float(step_reward))
    for cell, s in cells.items():
        for a, (down, right) in enumerate(_STEPS):
            for p, step in ((0.8, (down, right)), (0.1, (right, down)), (0.1, (-right, -down))):
                transition[s, a, cells.get((cell[0] + step[0], cell[1] + step[1]), s)] += p
    for ended, paid in ((cells[0, 3], 1.0), (cells[1, 3], -1.0), (terminal, 0.0)):
        transition[ended], reward[ended] = 0.0, paid
        transition[ended, :, terminal] = 1.0
    positions: dict[Hashable, Cell] = {f"({column + 1},{3 - row})": (row, column) for row, column in cells}
    return MDP(
        transition,
        reward,
        states=(*positions, "terminal"),
        actions=_ACTIONS,
        initial="(1,1)",
        positions=positions,
        reward_axes="s",
    )


def forest(
    ages: int = 3, *, old_forest: float = 4.0, old_wood: float = 2.0, fire: float = 0.1, discount: float = 1.0
) -> MDP:
    """The forest of the MDP toolboxes: wait for it to grow old, or cut it, while fire may take it any year.

    Chadès et al., MDPtoolbox: a multi-platform toolbox to solve stochastic dynamic programming problems, Ecography
    2014, function ``mdp_example_forest``, its arguments S, r1, r2 and p. Waiting in the oldest forest pays r1 for
    wildlife; cutting it pays r2, cutting a younger one 1, the youngest nothing. The toolbox leaves discount to its
    solvers.

    Parameters
    ----------
    ages : int
        S ≥ 2: the number of age classes.
    old_forest, old_wood : float
        r1 and r2.
    fire : float
        p: the probability of a fire while waiting.
    discount : float
        Gamma.

    Returns
    -------
    MDP
        States 0 (youngest) … S−1, actions wait and cut, rewards r(s,a).

    Examples
    --------
    >>> from control_pgm import solve_infinite
    >>> solve_infinite(forest(discount=0.9), inference="bellman").V.values.round(3).tolist()
    [26.244, 29.484, 33.484]
    """
    ages = _size(ages, "ages")
    burns = _probability(fire, "fire")
    grown = np.minimum(np.arange(ages) + 1, ages - 1)
    wait, cut = np.zeros((ages, ages)), np.zeros((ages, ages))
    wait[:, 0] = burns
    wait[np.arange(ages), grown] += 1.0 - burns
    cut[:, 0] = 1.0
    reward = np.zeros((ages, 2))
    reward[1:, 1] = 1.0
    reward[-1] = old_forest, old_wood
    return MDP(np.stack([wait, cut], axis=1), reward, actions=("wait", "cut"), discount=discount, reward_axes="sa")


def puterman_two_state(discount: float = 0.95) -> MDP:
    """Puterman's first example: ten now and a loss for ever after, or five now and a chance to stay.

    Markov Decision Processes (1994), example 3.1.1 and figure 3.1.1, solved for discount in chapter 6. In s1 the action
    a11 pays 5 and stays or goes to s2 with probability 1/2 each, a12 pays 10 and goes to s2; in s2 the only action a21
    costs 1 and stays. So V(s2) = −1/(1−gamma), and V(s1) is the larger of (5 − 5.5 gamma)/((1 − gamma/2)(1 − gamma))
    and (10 − 11 gamma)/(1 − gamma), which are equal at gamma = 10/11: beyond it a11 is optimal.

    Parameters
    ----------
    discount : float
        Gamma.

    Examples
    --------
    >>> from control_pgm import solve_infinite
    >>> solve_infinite(puterman_two_state(), inference="bellman").V.values.round(4).tolist()
    [-8.5714, -20.0]
    """
    nothing = [0.0, 0.0]
    return MDP(
        [[[0.5, 0.5], [0.0, 1.0], nothing], [nothing, nothing, [0.0, 1.0]]],
        [[5.0, 10.0, 0.0], [0.0, 0.0, -1.0]],
        states=("s1", "s2"),
        actions=("a11", "a12", "a21"),
        available={"s1": ["a11", "a12"], "s2": ["a21"]},
        discount=discount,
    )


def _size(value: int, name: str) -> int:
    """A number of states: the tables have about its square entries."""
    if not is_count(value, least=2):
        raise InvalidArgument(f"{name} {value!r}", allowed="an integer ≥ 2")
    if value > _LARGEST:
        raise TooLarge(
            f"{name} {value:,} makes tables of about its square in size",
            allowed=f"2 … {_LARGEST:,}",
            remedy="larger processes: MDP with a scipy.sparse transition",
        )
    return int(value)


def _probability(value: float, name: str) -> float:
    p = as_float(value)
    if not 0.0 <= p <= 1.0:
        raise InvalidArgument(f"{name} {value!r}", allowed="a probability, 0 to 1")
    return p

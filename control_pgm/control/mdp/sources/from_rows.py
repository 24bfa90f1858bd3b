"""Decision processes from what is listed row by row: outcomes, tables with columns, logged transitions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from control_pgm.control.mdp.sources.estimates import estimate, logged
from control_pgm.control.mdp.sources.from_outcomes import Gathered, Outcome, gather, listed_outcomes, tabulated_outcomes
from control_pgm.errors import InvalidArgument


class MadeOfRows:
    """The ways to make an `MDP` of rows."""

    if TYPE_CHECKING:

        def __init__(self, transition: Any, reward: Any, **options: Any) -> None: ...

    @classmethod
    def from_outcomes(
        cls,
        outcomes: Iterable[Outcome | Mapping[str, Any]],
        *,
        states: int | Iterable[Hashable] | None = None,
        actions: int | Iterable[Hashable] | None = None,
        sparse: bool | None = None,
        **options: Any,
    ) -> Self:
        """From single outcomes (s, a, probability, s', reward), by label.

        Equal outcomes are added up; one (s, a, s') may have several rewards, which are kept apart. Pairs (s, a) without
        any outcome are unavailable unless ``available`` says otherwise. ``options`` are those of `MDP`.

        Parameters
        ----------
        outcomes : iterable
            Tuples in this order; or mappings or named tuples with the fields s, a, p, next, r (or state, action,
            probability, next_state, reward), and t = 0 … T−1 where the process varies with time.
        states, actions : optional
            Labels; default those that occur, in their order.
        sparse : bool, optional
            Whether the tables are sparse; default where dense ones would have more than 4 million entries.

        Raises
        ------
        InvalidModel
            Names the outcome; also where tuples mean another process with p and s' swapped.

        Examples
        --------
        >>> from control_pgm import MDP
        >>> lottery = [("in", "buy", 0.01, "out", 50.0), ("in", "buy", 0.99, "out", -1.0), ("out", "buy", 1, "out", 0)]
        >>> round(float(MDP.from_outcomes(lottery).reward[0, 0]), 9)
        -0.49
        >>> MDP.from_outcomes([{"s": "on", "a": "wait", "next": "on", "p": 1.0, "r": 0.5}])
        MDP(1 states, 1 actions)
        """
        return cls._made(gather(listed_outcomes(outcomes), states, actions, sparse=sparse), options)

    @classmethod
    def from_frame(
        cls,
        table: Any,
        *,
        s: Hashable | None = None,
        a: Hashable | None = None,
        next: Hashable | None = None,
        p: Hashable | None = None,
        r: Hashable | None = None,
        t: Hashable | None = None,
        states: int | Iterable[Hashable] | None = None,
        actions: int | Iterable[Hashable] | None = None,
        sparse: bool | None = None,
        **options: Any,
    ) -> Self:
        """From a table with one outcome in each row: a data frame, a mapping of columns, or an array of records.

        Parameters
        ----------
        table
            Of pandas, polars or whatever else gives its columns by name.
        s, a, next, p, r : optional
            The names of the columns with the state, the action, the next state, the probability and the reward.
            Default: those names, or the usual ones (state, action, next_state, probability, reward).
        t : optional
            The column with the time 0 … T−1, for a process that varies with time. Default: "t" or "time", if there is
            such a column.
        states, actions, sparse, **options
            As for `from_outcomes`.

        Raises
        ------
        UnknownName
            If there is no such column; lists those there are.
        InvalidModel
            Names the row.

        Examples
        --------
        >>> import pandas
        >>> from control_pgm import MDP
        >>> rows = [("in", "buy", 0.25, "out", 8.0), ("in", "buy", 0.75, "out", -1.0), ("out", "buy", 1.0, "out", 0.0)]
        >>> table = pandas.DataFrame(rows, columns=["from", "a", "chance", "to", "r"])
        >>> MDP.from_frame(table, s="from", next="to", p="chance").reward.tolist()
        [[1.25], [0.0]]
        """
        columns = {"s": s, "a": a, "next": next, "p": p, "r": r, "t": t}
        return cls._made(gather(tabulated_outcomes(table, columns), states, actions, sparse=sparse), options)

    @classmethod
    def from_transitions(
        cls,
        log: Any,
        *,
        prior: float = 0.0,
        unseen_reward: float | None = None,
        s: Hashable | None = None,
        a: Hashable | None = None,
        r: Hashable | None = None,
        next: Hashable | None = None,
        done: Hashable | None = None,
        states: int | Iterable[Hashable] | None = None,
        actions: int | Iterable[Hashable] | None = None,
        **options: Any,
    ) -> Self:
        """Estimated from logged transitions (s, a, r, s'), by counting.

        The probabilities are the mean of the posterior under a Dirichlet prior,
        P(s'|s,a) = (n(s,a,s') + prior) / (n(s,a) + prior · S); the rewards of an outcome are those seen, each with its
        share.

        Parameters
        ----------
        log : iterable or table
            Tuples in this order; mappings or named tuples with the fields s, a, r, next; or a table with these columns,
            such as ``trajectories.to_frame()``. A field ``done`` says that the transition ended its episode: it leads
            to the absorbing state ``"terminal"``.
        prior : float
            Pseudo-counts kappa ≥ 0 of every next state of every pair. 0, the default: relative frequencies; pairs that
            were never tried are unavailable, states that were never acted in absorbing with reward 0. 1: uniform over
            all distributions.
        unseen_reward : float, optional
            What outcomes pay that were never seen but that the prior makes possible; default the mean reward of their
            pair, and of all transitions for pairs that were never tried.
        s, a, r, next, done : optional
            The names of the columns of a table; see `from_frame`.
        states, actions : optional
            Labels; default those that occur, sorted where they can be, ``"terminal"`` last.
        **options
            As for `MDP`; without ``initial`` the first state is uniform.

        Raises
        ------
        InvalidModel
            Names the transition.

        Examples
        --------
        >>> from control_pgm import MDP
        >>> log = [("home", "go", 0.0, "shop"), ("home", "go", 0.0, "home"), ("shop", "go", 1.0, "shop")]
        >>> MDP.from_transitions(log).transition.tolist()
        [[[0.5, 0.5]], [[0.0, 1.0]]]
        >>> MDP.from_transitions(log, prior=1).transition.round(3).tolist()
        [[[0.5, 0.5]], [[0.333, 0.667]]]
        """
        seen = logged(log, {"s": s, "a": a, "r": r, "next": next, "done": done})
        return cls._made(estimate(seen, states, actions, prior=prior, unseen_reward=unseen_reward).tables, options)

    @classmethod
    def _made(cls, gathered: Gathered, options: dict[str, Any]) -> Self:
        for name in ("transition_layout", "reward_axes"):
            if name in options:
                raise InvalidArgument(f"{name} with rows that are listed", remedy="leave it out: rows have no axes")
        chosen = {"available": gathered.available, **options}
        return cls(gathered.transition, gathered.rewards, states=gathered.states, actions=gathered.actions, **chosen)

"""Finite Markov decision processes, in every usual form, checked once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from numpy.typing import ArrayLike

from control_pgm.control.mdp import checks as check
from control_pgm.control.mdp import transitions
from control_pgm.control.mdp.endings import Endings, repaid
from control_pgm.control.mdp.endings import checked as check_endings
from control_pgm.control.mdp.process_tables import ProcessTables
from control_pgm.control.mdp.reward_forms import stored_rewards
from control_pgm.control.mdp.sources.from_outcomes import Outcome
from control_pgm.control.mdp.sources.from_rows import MadeOfRows
from control_pgm.control.mdp.template import ProcessTemplate
from control_pgm.display import html_table, listing, number, text_table
from control_pgm.keywords import keywords
from control_pgm.tables.variable import labels


@dataclass(frozen=True, eq=False, init=False, repr=False)
class MDP(ProcessTables, MadeOfRows):
    """A finite Markov decision process.

    Parameters
    ----------
    transition : array_like or scipy.sparse
        P(s'|s,a): shape (S, A, S), or (T, S, A, S) where it varies with time, or sparse (S·A, S) with row s·A+a.
    reward : array_like or scipy.sparse
        Shape (S,), (S, A), (S, A, S), (T, S, A) or (T, S, A, S), or sparse like the transition, where entries left out
        are 0. −inf forbids. Rewards of outcomes of probability 0 count only in networks whose dynamics are replaced
        (see `ControlNetwork`).
    initial : optional
        A state label, a mapping label -> probability, or a vector of length S. Default: uniform.
    states, actions : optional
        Labels; default 0 … n−1.
    available : optional
        Boolean (S, A), or a mapping state -> allowed actions (states left out keep all). Default: all.
        Transition rows of unavailable pairs are ignored.
    terminal_reward : array_like, optional
        Shape (S,): paid for s_T.
    discount : float
        Gamma in [0, 1]: the process goes on with this probability after each reward (Levine 2018).
    transition_layout : str
        The axes of a dense transition, such as ``"a,s,s'"``; a leading t is added where it varies with time.
    reward_axes : {"s", "sa", "sas", "tsa", "tsas"}, optional
        Needed only where the shape fits several forms.
    positions : mapping, optional
        label -> (row, column), for grid pictures.
    endings : iterable of (s, a, probability, state entered, reward), optional
        Which states are entered by outcomes that lead to the absorbing state ``"terminal"``: where episodes end. Their
        probabilities are parts of P(terminal|s,a); inference does not use them, pictures and events do.

    Notes
    -----
    ``reward`` is the expected reward E[r | s, a]. ``rewards`` are all of them, r(s,a,s') included, and what another
    process over the same transition takes: ``MDP(mdp.transition, mdp.rewards, …)``. With the expected ones in their
    place exact inference would answer otherwise, since it needs E[exp(r/alpha)]. See also `varied`.

    Raises
    ------
    InvalidModel
        On rows that do not sum to one within 1e-9 (float32: within its rounding, see `CPD`), NaN, +inf rewards, shapes
        that do not fit; names t, s, a.

    Examples
    --------
    >>> transition = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> mdp = MDP(transition, [[0, 0], [1, 1]], states=["home", "shop"], actions=["stay", "go"])
    >>> mdp
    MDP(2 states, 2 actions)
    >>> mdp.reward.tolist()
    [[0.0, 0.0], [1.0, 1.0]]

    A sparse transition stays sparse, and so do rewards r(s,a,s') beside it:

    >>> from scipy.sparse import csr_array
    >>> ring = MDP(csr_array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]), csr_array([[0, 0, 0], [0, 0, 0], [5, 0, 0]]))
    >>> ring.sparse, ring.reward.tolist()
    (True, [[0.0], [0.0], [5.0]])
    """

    endings: Endings | None

    @keywords
    def __init__(
        self,
        transition: Any,
        reward: Any,
        *,
        initial: Any = None,
        states: int | Iterable[Hashable] | None = None,
        actions: int | Iterable[Hashable] | None = None,
        available: Any = None,
        terminal_reward: ArrayLike | None = None,
        discount: float = 1.0,
        transition_layout: str = "s,a,s'",
        reward_axes: str | None = None,
        positions: Mapping[Hashable, tuple[int, int]] | None = None,
        endings: Iterable[Outcome] | Endings | None = None,
    ) -> None:
        table = transitions.transition_table(transition, transition_layout)
        n, a = transitions.sizes(table)
        state_labels = labels(n if states is None else states, owner="the MDP's states")
        action_labels = labels(a if actions is None else actions, owner="the MDP's actions")
        check.count("states", state_labels, n)
        check.count("actions", action_labels, a)
        pairs = transitions.Pairs(
            state_labels, action_labels, check.availability(available, state_labels, action_labels)
        )
        initial = check.initial_distribution(initial, state_labels)
        final = check.terminal_rewards(terminal_reward, state_labels)
        gamma = check.discount_factor(discount)
        places = check.grid_positions(positions, state_labels)
        rows = transitions.rows(table, pairs, transition)
        rewards = stored_rewards(reward, reward_axes, table, rows, n, a)
        super().__init__(state_labels, action_labels, initial, pairs.available, final, gamma, places, rows, rewards)
        object.__setattr__(self, "endings", None if endings is None else check_endings(endings, self))
        self.check_rewards()

    def varied(
        self, *, reward: Any = None, initial: Any = None, discount: float | None = None, reward_axes: str | None = None
    ) -> MDP:
        """The same process with another reward, first state or discount; its transition is shared, not checked again.

        Raises
        ------
        InvalidModel
            If the reward or the first state does not fit.
        InvalidArgument
            If the discount does not lie between 0 and 1.

        Examples
        --------
        >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, 0], [1, 1]])
        >>> mdp.varied(discount=0.9)
        MDP(2 states, 2 actions, discount 0.9)
        """
        new = self.rebuilt(
            initial=self.initial if initial is None else check.initial_distribution(initial, self.states),
            discount=self.discount if discount is None else check.discount_factor(discount),
        )
        if reward is not None:
            table = self.table
            rewards = stored_rewards(reward, reward_axes, table, table, self.n_states, self.n_actions)
            new = new.rebuilt(reward_table=rewards)
            new.check_rewards()
            new = new.rebuilt(endings=repaid(new, self.endings))
        # With a discount it also depends on the reward whether there is an absorbing state of reward 0.
        if self.discount == new.discount == 1.0:
            object.__setattr__(new, "template", self.template.starting(new.initial))
        return new

    def rebuilt(self, **changed: Any) -> MDP:
        """The same process with other checked data: fields of `ProcessTables`, or ``endings``."""
        new = MDP.__new__(MDP)
        for field in fields(self):
            object.__setattr__(new, field.name, changed.get(field.name, getattr(self, field.name)))
        return new

    @cached_property
    def template(self) -> ProcessTemplate:
        """The part of the two-slice template that all networks of this process share; made when first unrolled."""
        return ProcessTemplate.of(self)

    # --- showing ------------------------------------------------------------------------------------------------
    def _rows(self) -> list[list[str]]:
        rows = [["states", f"{self.n_states}"], ["actions", listing(self.actions)]]
        rows += [["reward", "r(s,a,s')" if self.reward_table.on_outcome else "r(s,a)"]]
        if self.sparse:
            rows += [["possible outcomes", f"{self.table.nnz}, stored sparsely"]]
        if not self.available.all():
            rows += [["available pairs", f"{int(self.available.sum())} of {self.available.size}"]]
        if self.time_steps:
            rows += [["time steps", str(self.time_steps)]]
        if self.discount < 1:
            rows += [["discount", number(self.discount)]]
        return rows

    def __str__(self) -> str:
        return text_table(["Markov decision process", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["Markov decision process", ""], self._rows())

    def __repr__(self) -> str:
        more = f", {self.time_steps} time steps" if self.time_steps else ""
        more += f", discount {self.discount:g}" if self.discount < 1 else ""
        return f"MDP({self.n_states} states, {self.n_actions} actions{more})"

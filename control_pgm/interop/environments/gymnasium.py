"""Decision processes from Gymnasium environments that carry their table; gymnasium is imported on first use.

A tabular environment holds ``P[s][a] = [(probability, next state, reward, terminated), …]``. Next states repeat,
rewards belong to outcomes, and an outcome that terminates ends the episode whatever P says about its next state: it
leads to one fresh absorbing state, or the process would be paid for ever.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.arguments import is_several
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.sources.from_outcomes import Outcome
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.errors import InvalidArgument, InvalidModel, MissingPackage, unknown
from control_pgm.interop.environments.gymnasium_labels import Names, names_of, wrapper_of
from control_pgm.tables.probabilities import MOST, exact, first_miss

INSTALL_GYMNASIUM = "pip install 'control_pgm[gym]'"
TABULAR = ("FrozenLake-v1", "FrozenLake8x8-v1", "CliffWalking-v1", "CliffWalkingSlippery-v1", "Taxi-v4")
_STARTS = ("initial_state_distrib", "isd")  # where environments, and older ones, keep p(s_0)
_OUTCOME = "(probability, next state, reward, terminated)"


def from_gymnasium(env_or_id: Any, *, initial: Any = None, discount: float = 1.0, **options: Any) -> MDP:
    """The decision process of a Gymnasium environment with a table ``P``.

    Parameters
    ----------
    env_or_id : gymnasium.Env or str
        An environment, wrapped or not, or an id such as ``"FrozenLake-v1"``.
    initial : optional
        p(s_0) in place of the environment's own: a state label, {label: p}, or a vector over the environment's states.
    discount : float
        Gamma of the process.
    **options
        Passed to ``gymnasium.make``, together with an id: ``map_name="8x8"``.

    Returns
    -------
    MDP
        The environment's states in its order, unreachable ones too. If any outcome terminates, one absorbing state
        ``"terminal"`` of reward 0 comes last, and all such outcomes lead there; ``.endings`` keeps which state each of
        them enters, for pictures and for events such as ``event=["(3,3)"]``. Different rewards of one (s, a, s') are
        kept apart. p(s_0) is ``initial_state_distrib``, in older environments ``isd``; uniform over the environment's
        states where it has none.
        Cells of grids are labelled ``"(row,col)"`` and have positions; Taxi's states ``"taxi (0,0) passenger R to G"``;
        other states, and actions whose names are not known, are numbers.

    Raises
    ------
    InvalidArgument
        If the environment has no table, or is wrapped so that its rewards or actions are no longer those of its table.
    InvalidModel
        If the table is malformed; names s and a.
    UnknownName
        If there is no environment of this id.
    MissingPackage
        If gymnasium, or what the environment itself needs, is not installed.

    Examples
    --------
    >>> mdp = from_gymnasium("FrozenLake-v1")
    >>> mdp
    MDP(17 states, 4 actions)
    >>> mdp.states[0], mdp.states[-1], mdp.actions
    ('(0,0)', 'terminal', ('left', 'down', 'right', 'up'))
    >>> round(float(mdp.transition[0, 0, 0]), 9)  # left of the start lies the border, and so does up
    0.666666667
    """
    if isinstance(env_or_id, str):
        env = make(env_or_id, **options)
        try:
            return _from_table(env, initial, discount)
        finally:
            env.close()
    if options:
        raise InvalidArgument(
            f"{', '.join(options)} given with an environment that is already made",
            remedy="pass the id and these options, or make the environment with them",
        )
    return _from_table(env_or_id, initial, discount)


def make(name: str, **options: Any) -> Any:
    """The environment of an id, or an error that says why there is none."""
    try:
        import gymnasium
    except ImportError as error:
        raise MissingPackage("gymnasium is not installed", remedy=INSTALL_GYMNASIUM) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what is out of date is an error just below
            return gymnasium.make(name, **options)
    except (gymnasium.error.UnregisteredEnv, gymnasium.error.DeprecatedEnv) as error:
        known = [*TABULAR, *(other for other in gymnasium.registry if other not in TABULAR)]
        raise unknown(name, known, what="Gymnasium environment") from error
    except (ImportError, gymnasium.error.DependencyNotInstalled) as error:
        raise MissingPackage(f"environment {name!r} needs a package that is not installed: {error}") from error
    except Exception as error:  # an environment's constructor may raise anything
        given = f" with {options}" if options else ""
        raise InvalidArgument(
            f"environment {name!r}{given} cannot be made: {type(error).__name__}: {error}",
            allowed="" if options else "an id such as " + ", ".join(TABULAR),
            remedy="see the arguments of this environment in Gymnasium's documentation" if options else "",
        ) from error


def _from_table(env: Any, initial: Any, discount: float) -> MDP:
    raw = _unwrapped(env)
    table = _OutcomeTable.of(raw)
    outcomes, endings = table.outcomes()
    ends = bool(endings)
    outcomes += [(s, a, p, TERMINAL, r) for s, a, p, _, r in endings]
    if ends:
        outcomes += [(TERMINAL, a, 1.0, TERMINAL, 0.0) for a in table.names.actions]
    return MDP.from_outcomes(
        outcomes,
        states=[*table.names.states, *([TERMINAL] if ends else [])],
        actions=table.names.actions,
        initial=_initial(raw, initial, len(table.names.states), ends=ends),
        discount=discount,
        positions=table.names.positions,
        endings=endings or None,
    )


def _unwrapped(env: Any) -> Any:
    """The environment under its wrappers, if they leave the process as its table has it."""
    raw = getattr(env, "unwrapped", env)
    if not isinstance(getattr(raw, "P", None), Mapping | Sequence):
        raise InvalidArgument(
            f"{_title(raw)} has no transition table P",
            allowed="environments with P[s][a], such as " + ", ".join(TABULAR),
            remedy="estimate a table from experience: from_samples(env, n, seed)",
        )
    wrapper = wrapper_of(env, "RewardWrapper", "ActionWrapper")
    if wrapper:
        raise InvalidArgument(
            f"the wrapper {wrapper} changes rewards or actions, which the table of {_title(raw)} ignores",
            remedy="pass env.unwrapped for the process of the table, or use from_samples(env, n, seed)",
        )
    if getattr(raw, "fickle_passenger", False):
        raise InvalidArgument(
            f"{_title(raw)} has fickle_passenger=True, which its table leaves out", allowed="fickle_passenger=False"
        )
    return raw


def _title(raw: Any) -> str:
    """An environment as errors name it: by its id, or its class."""
    spec = getattr(raw, "spec", None)
    return str(getattr(spec, "id", None) or type(raw).__name__)


def _initial(raw: Any, given: Any, n: int, *, ends: bool) -> Any:
    """p(s_0) as `MDP` takes it; a vector over the environment's states gets 0 for the state that is appended."""
    own, name = given, "initial"
    if given is None:
        name = next((name for name in _STARTS if getattr(raw, name, None) is not None), "")
        own = getattr(raw, name) if name else np.full(n, 1.0 / n)
    elif not is_several(given) or (isinstance(given, tuple) and len(given) != n):
        return given  # a label, or a mapping from labels
    initial = np.asarray(own)
    if initial.shape != (n,):
        raise InvalidModel(
            f"{name} has shape {initial.shape}", allowed=f"({n},), one for each state of the environment"
        )
    return np.append(initial, np.zeros(int(ends), dtype=initial.dtype))


@dataclass(frozen=True)
class _OutcomeTable:
    """P of an environment, with the names of its states and actions."""

    rows: tuple[Mapping[int, Any], ...]  # rows[s][a] = outcomes
    names: Names

    @classmethod
    def of(cls, raw: Any) -> _OutcomeTable:
        rows = tuple(_numbered(row, f"P[{s}]") for s, row in _numbered(raw.P, "P", complete=True).items())
        n_actions = max((a + 1 for row in rows for a in row), default=0)
        if not n_actions:
            raise InvalidModel(f"the table P of {_title(raw)} is empty", allowed="P[s][a], at least one of each")
        return cls(rows, names_of(raw, len(rows), n_actions))

    def outcomes(self) -> tuple[list[Outcome], list[Outcome]]:
        """Every outcome of positive probability, by label: those that go on, and those that terminate."""
        listed: tuple[list[Outcome], list[Outcome]] = ([], [])
        for s, row in enumerate(self.rows):
            for a, entries in row.items():
                place = f"P[{s}][{a}] (s={self.names.states[s]!r}, a={self.names.actions[a]!r})"
                found = [self._checked(entry, place) for entry in entries]
                total = np.array(sum(p for p, _, _, _ in found))
                given = [entry[0] for entry in entries]
                if miss := first_miss(total, given, len(entries)):
                    raise InvalidModel(
                        f"the probabilities of {place} sum to {miss.total:.12g}",
                        allowed=miss.allowed,
                        remedy=miss.remedy("leave actions that do not exist out of P[s]"),
                    )
                if not exact(total):
                    found = [(float(p / total), s_next, r, ended) for p, s_next, r, ended in found]
                for p, s_next, r, terminated in found:
                    if p > 0:
                        listed[terminated].append((self.names.states[s], self.names.actions[a], p, s_next, r))
        return listed

    def _checked(self, entry: Any, place: str) -> tuple[float, Any, float, bool]:
        """(probability, label of the next state, reward, whether the episode ends)."""
        try:
            p, s_next, r, terminated = entry
            p, s_next, r = float(p), operator.index(s_next), float(r)
        except (TypeError, ValueError):
            raise InvalidModel(f"{place} lists {entry!r}", allowed=_OUTCOME) from None
        n = len(self.names.states)
        if not 0.0 <= p <= 1.0 + MOST:
            raise InvalidModel(f"{place} lists {entry!r} with probability {p}", allowed="0 to 1")
        if not 0 <= s_next < n:
            raise InvalidModel(f"{place} lists {entry!r} with next state {s_next}", allowed=f"0 to {n - 1}")
        if p > 0 and not r < np.inf:
            raise InvalidModel(f"{place} lists {entry!r} with reward {r}", allowed="numbers below +inf; −inf forbids")
        return p, self.names.states[s_next], r, bool(terminated)


def _numbered(table: Any, what: str, *, complete: bool = False) -> Mapping[int, Any]:
    """A mapping or list by number, in order; ``complete`` if no number up to the largest may be missing."""
    if not isinstance(table, Mapping | Sequence) or isinstance(table, str):
        raise InvalidModel(f"{what} is of type {type(table).__name__}", allowed="a dictionary or a list")
    items = dict(table.items() if isinstance(table, Mapping) else enumerate(table))
    for key in items:
        if not isinstance(key, int | np.integer) or key < 0 or (complete and key >= len(items)):
            raise InvalidModel(
                f"{what} has the key {key!r}",
                allowed=f"the numbers 0 to {len(items) - 1}" if complete else "numbers from 0",
            )
    return {int(key): items[key] for key in sorted(items)}

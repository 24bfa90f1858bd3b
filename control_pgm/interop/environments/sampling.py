"""Decision processes estimated from experience, for environments that carry no table."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.sources.estimates import Transition, estimate
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.errors import InvalidArgument
from control_pgm.inference.seeds import generator
from control_pgm.interop.environments.gymnasium import make
from control_pgm.interop.environments.gymnasium_labels import action_names, wrapper_of
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.frozen import Restored
from control_pgm.tables.labelled_array import LabelledArray


@dataclass(frozen=True, eq=False)
class Sampled(Restored):
    """What `from_samples` found.

    Attributes
    ----------
    mdp : MDP
        The estimate.
    counts : LabelledArray
        How often each [s, a] was tried.
    cut_off : tuple of hashable
        States that were seen but never acted in, since a time limit or the end of sampling came first. What they lead
        to is not known; in ``mdp`` they are absorbing with reward 0.
    """

    mdp: MDP
    counts: LabelledArray
    cut_off: tuple[Hashable, ...]


def from_samples(
    env_or_id: Any,
    n: int,
    seed: int | np.random.Generator,
    *,
    discount: float = 1.0,
    progress: Progress | None = None,
    **options: Any,
) -> Sampled:
    """Estimate a decision process from n steps of an environment under uniformly random actions.

    Parameters
    ----------
    env_or_id : gymnasium.Env or str
        An environment with hashable observations and finitely many actions, or its id. Wrappers are kept.
    n : int
        Steps.
    seed : int or numpy.random.Generator
        Of the environment and of the actions: the same integer, the same estimate. A generator draws one.
    discount : float
        Gamma of the process.
    progress : callable, optional
        Called with (done, total, what) while steps are taken; see `solve`.
    **options
        Passed to ``gymnasium.make``, together with an id.

    Returns
    -------
    Sampled
        The states of ``.mdp`` are the observations, sorted where they can be; its probabilities are relative
        frequencies, of the starts for p(s_0). Pairs that were never tried are not available. Steps that terminate
        lead to the absorbing state ``"terminal"``, which comes last; a time limit only starts a new episode.

    Notes
    -----
    Where observations hide part of the state, the estimate is the process that uniformly random actions see.

    Examples
    --------
    >>> found = from_samples("Blackjack-v1", 2000, seed=0)
    >>> found.mdp.actions, int(found.counts.sum())
    (('stick', 'hit'), 2000)
    >>> found.mdp.states[0], found.mdp.states[-1]  # the player's sum, the dealer's card, a usable ace
    ((4, 7, 0), 'terminal')
    >>> bool(found.counts.sel(s=(20, 10, 0), a="hit") > 20)
    True
    """
    n, seed = _whole(n, "n", least=1), _seed(seed)
    check_progress(progress)
    if isinstance(env_or_id, str):
        env = make(env_or_id, **options)
        try:
            return _estimate(env, _play(env, n, seed, progress), discount)
        finally:
            env.close()
    if options:
        raise InvalidArgument(f"{', '.join(options)} given with an environment that is already made")
    return _estimate(env_or_id, _play(env_or_id, n, seed, progress), discount)


@dataclass(frozen=True)
class _Experience:
    """How often each start and each step happened."""

    starts: Counter[Hashable] = field(default_factory=Counter)
    steps: Counter[Transition] = field(default_factory=Counter)


def _play(env: Any, n: int, seed: int, progress: Progress | None) -> _Experience:
    """n steps under uniformly random actions."""
    if not callable(getattr(env, "reset", None)) or not callable(getattr(env, "step", None)):
        raise InvalidArgument(f"env_or_id is {env!r}", allowed="a Gymnasium environment, or the id of one")
    n_actions, first = _actions(env)
    # Gymnasium draws from the stream of the seed itself: the same stream here would tie actions to outcomes.
    draws = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0]).integers(n_actions, size=n)
    names, experience = _action_names(env), _Experience()
    over, report = True, Reporter(progress, n, "steps of the environment")
    for k, action in enumerate(draws.tolist()):
        if over:
            state = _label(env.reset(seed=seed if k == 0 else None)[0])
            experience.starts[state] += 1
        observation, reward, terminated, truncated, _ = env.step(first + action)
        following = TERMINAL if terminated else _label(observation)
        experience.steps[state, names[action], following, float(reward)] += 1
        state, over = following, bool(terminated or truncated)
        report.at(k + 1)
    report.end()
    return experience


def _actions(env: Any) -> tuple[int, int]:
    """(how many, the first) of the environment's actions."""
    space = getattr(env, "action_space", None)
    try:
        return operator.index(getattr(space, "n", None)), int(getattr(space, "start", 0))  # type: ignore[arg-type]
    except TypeError:
        raise InvalidArgument(
            f"the environment's action space is {space}", allowed="Discrete(n)", remedy="wrap it so that it is"
        ) from None


def _label(observation: Any) -> Hashable:
    """An observation as a state label, in plain Python numbers."""
    if isinstance(observation, tuple):
        return tuple(_label(part) for part in observation)
    if isinstance(observation, np.generic) or (isinstance(observation, np.ndarray) and observation.ndim == 0):
        return observation.item()  # type: ignore[no-any-return]
    try:
        hash(observation)
    except TypeError:
        raise InvalidArgument(
            f"observations are of type {type(observation).__name__}, which cannot be a state",
            allowed="hashable observations: numbers, strings, tuples of these",
            remedy="wrap the environment in gymnasium.wrappers.TransformObservation that makes them discrete",
        ) from None
    if observation == TERMINAL:
        raise InvalidArgument(f"the environment has an observation {TERMINAL!r}", remedy="rename it: the word is taken")
    return observation  # type: ignore[no-any-return]


def _estimate(env: Any, experience: _Experience, discount: float) -> Sampled:
    found = estimate(experience.steps, actions=_action_names(env))
    tables = found.tables
    total = sum(experience.starts.values())
    mdp = MDP(
        tables.transition,
        tables.rewards,
        states=tables.states,
        actions=tables.actions,
        available=tables.available,
        initial={s: k / total for s, k in experience.starts.items()},
        discount=discount,
    )
    counts = LabelledArray(found.counts, ("s", "a"), {"s": mdp.states, "a": mdp.actions})
    return Sampled(mdp, counts, found.cut_off)


def _action_names(env: Any) -> tuple[Hashable, ...]:
    n_actions, first = _actions(env)
    if wrapper_of(env, "ActionWrapper"):
        return tuple(range(first, first + n_actions))
    return action_names(getattr(env, "unwrapped", env), n_actions, first=first)


def _seed(seed: Any) -> int:
    """A seed, which environments want as an integer."""
    rng = generator(seed)
    return int(rng.integers(2**31)) if isinstance(seed, np.random.Generator) else int(seed)


def _whole(value: Any, what: str, *, least: int) -> int:
    """A whole number of at least ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise InvalidArgument(f"{what} is {value!r}", allowed=f"a whole number from {least}")
    return number

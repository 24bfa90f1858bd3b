"""Where messages are kept changes no answer."""

import numpy as np
import pytest

from control_pgm import MDP, gridworld, infer, plan, solve, unroll
from control_pgm.errors import InvalidArgument, TooLarge

NAMES = ("policy", "Q", "V", "state_marginals", "state_action_marginals", "log_forward", "log_backward_action")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["checkpoints", "folder"])
def test_answers_are_those_of_memory(seed, kind, tmp_path):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 4))
    reward = rng.normal(size=(n, m, n) if seed % 2 else (n, m)) * (1.0, 300.0)[seed % 3 == 2]
    mdp = MDP(rng.dirichlet(np.full(n, 0.5), (n, m)), reward, discount=0.9 if seed % 3 == 1 else 1.0)
    keep = "checkpoints" if kind == "checkpoints" else tmp_path
    plain, other = solve(mdp, 45), solve(mdp, 45, keep=keep)
    for name in NAMES:
        a, b = getattr(plain, name).values, getattr(other, name).values
        assert np.array_equal(np.isfinite(a), np.isfinite(b)), name
        finite = np.isfinite(a)
        assert np.abs(a[finite] - b[finite]).max() <= 1e-12 * max(1.0, np.abs(a[finite]).max()), name
    assert other.log_evidence == pytest.approx(plain.log_evidence, abs=1e-10, rel=1e-13)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keep", ["memory", "checkpoints"])
def test_single_steps_are_slices_of_the_arrays(keep):
    mdp = gridworld("S..\n.#.\n..G", slip=0.2)
    whole, other = solve(mdp, 30, temperature=0.2), solve(mdp, 30, temperature=0.2, keep=keep)
    for t in (0, 13, 29):
        step = other.at(t)
        for name in ("policy", "Q", "V", "advantage", "state_marginals", "state_action_marginals"):
            assert np.abs(getattr(step, name).values - getattr(whole, name).values[t]).max() <= 1e-12, name
    with pytest.raises(InvalidArgument, match=r"time 30; allowed: 0 … 29"):
        other.at(30)


def test_checkpoints_fit_where_all_messages_do_not():
    net = unroll(gridworld("S..\n...\n..G"), 400)
    need = plan(net, net.optimal).bytes
    with pytest.raises(TooLarge, match="keep='checkpoints'"):
        infer(net, net.optimal, memory_limit=need // 2)
    posterior = infer(net, net.optimal, memory_limit=need // 2, keep="checkpoints")
    assert abs(posterior.log_evidence - infer(net, net.optimal).log_evidence) <= 1e-10


def test_other_places_are_refused():
    net = unroll(gridworld("S.G"), 3)
    with pytest.raises(InvalidArgument, match="keep='disk'; allowed: 'memory', 'checkpoints', or the Path"):
        infer(net, net.optimal, keep="disk")

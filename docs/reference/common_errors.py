# %% [markdown]
# # Common errors in the literature
#
# Each of these is found in papers, lecture notes or code. Each is stated, and then computed.
# The problem is small enough to sum over all trajectories, which checks every statement. The symbols
# are those of the [glossary](glossary.md).

# %%
from itertools import product

import numpy as np

from control_pgm import MDP, evaluate, infer, plan, solve, unroll, variational_bound

rng = np.random.default_rng(3)
P, r = rng.dirichlet(np.ones(3), (3, 2)), rng.normal(size=(3, 2))
r -= r.max()  # as the papers assume, so that the shift c is zero
alpha, T = 0.5, 3
mdp = MDP(P, r, initial=0)
exact = solve(mdp, T, temperature=alpha)


def mean_over_futures(t, s, a):
    """p(O_{t:T-1}=1 | s_t=s, a_t=a) by summing over every future."""
    total = 0.0
    for future in product(range(3), range(2), repeat=T - 1 - t):
        p, state, weight = 1.0, s, np.exp(r[s, a] / alpha)
        action = a
        for s_next, a_next in zip(future[::2], future[1::2], strict=True):
            p *= P[state, action, s_next] / 2
            weight *= np.exp(r[s_next, a_next] / alpha)
            state, action = s_next, a_next
        total += p * weight
    return total


truth = np.array(
    [[[mean_over_futures(t, s, a) for a in range(2)] for s in range(3)] for t in range(T)]
)
assert np.allclose(truth, np.exp(exact.log_backward_action), rtol=0, atol=1e-12)
print("β_t(s,a) by summing over all futures agrees with the messages")

# %% [markdown]
# ## "β_t(s,a) = exp(r(s,a))"
#
# True at the last step only. Before it, the future counts as well.

# %%
for t in range(T):
    print(
        f"t={t}: largest |β_t(s,a) − exp(r/α)| = {np.abs(truth[t] - np.exp(r / alpha)).max():.4f}"
    )

# %% [markdown]
# ## "β_t(s) is about t+1 onward"
#
# It covers the step $t$ itself: $\beta_t(s) = p(O_{t:T-1}=1\mid s_t=s)$. At the last step
# nothing comes after, and it is not 1.

# %%
print("β_{T−1}(s) =", np.exp(exact.log_backward[T - 1]).round(4))
assert np.allclose(
    np.exp(exact.log_backward[T - 1]), np.exp(r / alpha).mean(-1), rtol=0, atol=1e-12
)

# %% [markdown]
# ## The action prior that got lost
#
# $\beta_t(s) = \sum_a p(a\mid s)\beta_t(s,a)$. Dropping $p(a\mid s)$ "because it is uniform"
# changes values by $\alpha\log n$ per step. If states have different numbers of actions it also
# changes the *policy*: a state with many actions looks better than it is.

# %%
branches = MDP(
    [
        [[0, 1, 0], [0, 0, 1], [0, 0, 1]],  # from the fork to the one or to the other
        [[0, 1, 0]] * 3,  # the crowd: three actions, nothing paid
        [[0, 0, 1]] * 3,  # the hut: one action, nothing paid
    ],
    np.zeros((3, 3)),
    available={"fork": ["crowd", "hut"], "crowd": ["crowd", "hut", "third"], "hut": ["crowd"]},
    states=["fork", "crowd", "hut"],
    actions=["crowd", "hut", "third"],
    initial="fork",
)
kept = np.asarray(solve(branches, 4).policy.sel(t=0, s="fork"))
dropped = np.asarray(solve(branches, 4, action_prior="counting").policy.sel(t=0, s="fork"))
print("nothing is ever paid; p(crowd), p(hut) with the prior:   ", kept[:2].round(4))
print("                      p(crowd), p(hut) without the prior:", dropped[:2].round(4))
assert np.allclose(kept[:2], 0.5, rtol=0, atol=1e-12)
assert np.allclose(dropped[0], 27 / 28, rtol=0, atol=1e-12)

# %% [markdown]
# ## "The advantage of a good action is positive"
#
# With $V = \alpha\log\sum_a e^{Q/\alpha}$, the convention of maximum-entropy reinforcement
# learning, $A = Q - V = \alpha\log\pi$ is never positive. With the normalised prior it is
# $\alpha\log(\pi/p)$, of any sign ([lesson 6](../lessons/06_values.py)).

# %%
counted = solve(mdp, T, temperature=alpha, convention="sum")
print(
    f"largest advantage: sum {counted.advantage.values.max():.4f}, mean {exact.advantage.values.max():.4f}"
)
assert counted.advantage.values.max() < 0 < exact.advantage.values.max()

# %% [markdown]
# ## "V = log Σ exp Q" with a temperature elsewhere
#
# If $p(O=1) = e^{r/\alpha}$, then $V = \alpha\log\sum_a p(a\mid s)e^{Q/\alpha}$: the
# temperature stands twice. Without it $V$ is off, here and likewise in $V^*$, the optimum of
# maximum-entropy reinforcement learning:

# %%
q = exact.Q.values
wrong = np.log(np.exp(q).mean(-1))
print(f"largest |V − log mean exp Q| = {np.abs(exact.V.values[:-1] - wrong).max():.4f}")
soft_optimum = solve(mdp, T, temperature=alpha, inference="variational")
wrong = np.log(np.exp(soft_optimum.Q.values).mean(-1))
print(f"the same for the optimum V*:   {np.abs(soft_optimum.V.values[:-1] - wrong).max():.4f}")
assert np.allclose(
    exact.V.values[:-1], alpha * np.log(np.exp(q / alpha).mean(-1)), rtol=0, atol=1e-12
)

# %% [markdown]
# ## A softmax with the wrong sum
#
# $\pi(a\mid s) = e^{Q(s,a)/\alpha} / \sum_{a'} e^{Q(s,a')/\alpha}$: the sum is over *actions*
# in the same state. Normalised over states, or over all pairs, the rows are no distributions.

# %%
weights = np.exp(q[0] / alpha)
print(
    "sums of the rows, normalised over actions:", (weights / weights.sum(1, keepdims=True)).sum(1)
)
print(
    "                  over states:            ",
    (weights / weights.sum(0, keepdims=True)).sum(1).round(4),
)
print("                  over all pairs:         ", (weights / weights.sum()).sum(1).round(4))
assert np.allclose(
    weights / weights.sum(1, keepdims=True), exact.policy.values[0], rtol=0, atol=1e-12
)

# %% [markdown]
# ## "π = exp(Q − V) / Σ exp(Q)": normalised twice
#
# $e^{Q-V}$ is already the policy (in the convention "sum", at $\alpha = 1$), because $V$ is the
# logarithm of $\sum_a e^Q$. Dividing by that sum a second time leaves rows that add up to
#
# $$\sum_a\frac{e^{Q(s,a)-V(s)}}{\sum_{a'}e^{Q(s,a')}} = \frac{e^{-V(s)}\sum_a e^{Q(s,a)}}{\sum_{a'}e^{Q(s,a')}}
# = e^{-V(s)}$$
#
# which is 1 only where $V(s) = 0$. Right is $e^{Q}/\sum_{a'}e^{Q}$ or $e^{Q-V}$; with a temperature
# and the normalised prior $p(a\mid s)\,e^{(Q-V)/\alpha}$. If the numerator is meant to be scaled by
# $V$ against overflow, then the denominator has to be as well: $e^{Q-V}/\sum_{a'}e^{Q(s,a')-V(s)}$.

# %%
unit = solve(mdp, T, temperature=1.0, convention="sum")
q_sum, v_sum = unit.Q.values, unit.V.values[:-1]
twice = np.exp(q_sum - v_sum[..., None]) / np.exp(q_sum).sum(-1, keepdims=True)
print("rows normalised twice add up to", twice.sum(-1)[0].round(4))
print("e^(−V)                         ", np.exp(-v_sum)[0].round(4))
print("rows of exp(Q − V) add up to   ", np.exp(q_sum - v_sum[..., None]).sum(-1)[0])
assert np.allclose(twice.sum(-1), np.exp(-v_sum), rtol=0, atol=1e-12)
assert np.allclose(np.exp(q_sum - v_sum[..., None]), unit.policy, rtol=0, atol=1e-12)
by_prior = np.exp((exact.Q.values - exact.V.values[:-1, :, None]) / alpha) / 2
assert np.allclose(by_prior, exact.policy, rtol=0, atol=1e-12)
assert np.abs(twice.sum(-1) - 1).min() > 0.1

# %% [markdown]
# ## β(s,a)/β(s) with a uniform prior
#
# "The uniform prior cancels, so $p(a\mid s,O) = \beta_t(s,a)/\beta_t(s)$." It cancels against the
# prior within $\beta_t(s)$, if that is written as a sum; the message $\beta_t(s)$ has it inside
# already. Without the factor $1/n$ the rows add up to $n$ ([lesson
# 5](../lessons/05_optimal_action.py)).

# %%
ratio = np.exp(exact.log_backward_action.values - exact.log_backward.values[:-1, :, None])
print("rows of β(s,a)/β(s) add up to", ratio.sum(-1)[0])
assert np.allclose(ratio.sum(-1), mdp.n_actions, rtol=0, atol=1e-12)
assert np.allclose(ratio / mdp.n_actions, exact.policy, rtol=0, atol=1e-12)

# %% [markdown]
# ## p(a|s,O) for p(a|s,θ*)
#
# The optimal action conditional is an answer of inference, the optimal policy one of optimisation
# ([lesson 5](../lessons/05_optimal_action.py)). At no temperature are they the same in general, nor
# are their expected rewards:

# %%
standard = solve(mdp, T, inference="bellman")
earned = {
    "p(a|s,θ*)": evaluate(mdp, standard.policy).expected_reward,
    "p(a|s,O=1)": evaluate(mdp, exact.policy).expected_reward,
}
for name, reward in earned.items():
    print(f"{name:11} expected reward {reward:.4f}")
assert earned["p(a|s,θ*)"] > earned["p(a|s,O=1)"]

# %% [markdown]
# ## $O_{1:T}$ for $O_{t:T}$
#
# The backward message at $t$ conditions on the present and the future. With all optimality
# variables in the condition, $p(O_{0:T-1}=1\mid s_t)$ contains the past, which depends on how
# $s_t$ was reached. (Papers that count from 1 write $O_{1:T}$ for it.) For the *policy* it makes no
# difference in a fully observed process; for values it does.

# %%
network = exact.network
joint = infer(network, network.optimal).marginal("s_2").array("s_2") * np.exp(exact.log_evidence)
reached = infer(network).marginal("s_2").array("s_2")
print("p(O_{2:2}=1 | s_2) =", np.exp(exact.log_backward[2]).round(4))
print("p(O_{0:2}=1 | s_2) =", (joint / reached).round(4))
assert not np.allclose(joint / reached, np.exp(exact.log_backward[2]))
given_all = infer(network, network.optimal).conditional("a_2", given="s_2").array("s_2", "a_2")
later_only = infer(network, {"O_2": 1}).conditional("a_2", given="s_2").array("s_2", "a_2")
print("largest difference of the policy:", np.abs(given_all - later_only).max())
assert np.allclose(given_all, later_only, rtol=0, atol=1e-12)

# %% [markdown]
# ## "Q is the expected reward to go"
#
# It is a certainty equivalent, $\alpha\log\mathbb{E}\,e^{\text{return}/\alpha}$, under the
# *prior* over actions.

# %%
policy_value = evaluate(mdp, exact.policy).expected_reward
prior_value = evaluate(mdp, np.full((T, 3, 2), 0.5)).expected_reward
print(f"V_0(s_0) = {exact.V[0, 0]:.4f}")
print(
    f"expected reward of the posterior's policy {policy_value:.4f}, of the prior {prior_value:.4f}"
)
assert prior_value < exact.V[0, 0] < policy_value

# %% [markdown]
# ## "Inference is maximum-entropy reinforcement learning"
#
# Only if the dynamics are deterministic. Otherwise the posterior's policy maximises neither
# reward nor reward plus entropy ([lesson 8](../lessons/08_maximum_entropy.py), [lesson
# 9](../lessons/09_optimism.py)).

# %%
causal = solve(mdp, T, temperature=alpha, inference="variational")
certain = MDP(np.eye(3)[P.argmax(-1)], r, initial=0)
pairs = {"stochastic": (exact, causal)}
pairs["deterministic"] = tuple(
    solve(certain, T, temperature=alpha, inference=kind) for kind in ("posterior", "variational")
)
for name, (one, other) in pairs.items():
    print(
        f"{name:13}: policies differ by {np.abs(one.policy.values - other.policy.values).max():.1e}"
    )

# %% [markdown]
# ## The derivation of the KL objective
#
# "Minimising $\operatorname{KL}(q\parallel p(\tau\mid O))$ gives maximum entropy" is often derived for
# deterministic dynamics only. It does not need that. It needs two other things. First, $q$ is
# restricted to the true dynamics: over *all* $q$ the minimum is the posterior itself, with its bent
# dynamics. Second, the direction: $\operatorname{KL}(q\parallel p)$, not
# $\operatorname{KL}(p\parallel q)$. Minimising the latter over policies gives the posterior's own
# conditionals instead.

# %%


def distribution(policy):
    """The distribution of trajectories under a policy, and the posterior of the same ones."""
    q, p = [], []
    for a0, s1, a1, s2, a2, s3 in product(
        range(2), range(3), range(2), range(3), range(2), range(3)
    ):
        steps = [(0, a0, s1), (s1, a1, s2), (s2, a2, s3)]
        chances = np.prod([P[step] for step in steps])
        q.append(chances * np.prod([policy[t, s, a] for t, (s, a, _) in enumerate(steps)]))
        p.append(chances * np.prod([np.exp(r[s, a] / alpha) / 2 for s, a, _ in steps]))
    return np.array(q), np.array(p) / np.sum(p)


print("                      KL(q ‖ posterior)   KL(posterior ‖ q)")
measured = {}
for name, solution in {"posterior's policy": exact, "variational policy": causal}.items():
    q, p = distribution(solution.policy.values)
    measured[name] = (q * np.log(q / p)).sum(), (p * np.log(p / q)).sum()
    print(f"{name}    {measured[name][0]:17.6f}   {measured[name][1]:17.6f}")
assert np.isclose(measured["variational policy"][0], causal.gap, rtol=0, atol=1e-12)
assert measured["variational policy"][0] < measured["posterior's policy"][0]
assert measured["posterior's policy"][1] < measured["variational policy"][1]

# %% [markdown]
# The first column is smallest for the variational policy, the second for the posterior's.
# Neither is zero.
#
# And the dynamics here are stochastic. They cancel all the same from
# $\hat p(\tau) = p(s_0)\prod_t P(s_{t+1}\mid s_t,a_t)\,e^{r_t/\alpha}$, because $q$ has the same
# ones:
# $-\operatorname{KL}(q\parallel\hat p) = \mathbb{E}_q\sum_t r_t/\alpha + \mathbb{E}_q\sum_t\mathcal{H}(q)$
# holds for every policy. With other dynamics in $q$ it does not:

# %%
q, p = distribution(causal.policy.values)
p_hat = p * np.exp(exact.log_evidence) * 2**T  # neither normalised nor with an action prior
lines = variational_bound(mdp, causal.policy, temperature=alpha)
print(f"−KL(q ‖ p^) by trajectories: {-(q * np.log(q / p_hat)).sum():.12f}")
print(f"E[Σ r]/α + E[Σ H]:           {lines.negative_divergence:.12f}")
assert np.isclose(-(q * np.log(q / p_hat)).sum(), lines.negative_divergence, rtol=0, atol=1e-12)

bent = p  # the posterior itself: the best q of all, if it may change the dynamics
kept = solve(mdp, T, temperature=alpha).state_action_marginals.values
policy_entropy = -(kept * np.log(exact.policy.values)).sum()
print(f"−KL(p(τ|O) ‖ p^) by trajectories: {-(bent * np.log(bent / p_hat)).sum():.6f}")
print(f"its E[Σ r]/α + E[Σ H]:            {(kept * r).sum() / alpha + policy_entropy:.6f}")
assert abs(-(bent * np.log(bent / p_hat)).sum() - (kept * r).sum() / alpha - policy_entropy) > 0.01

# %% [markdown]
# ## "Exact inference is exponential in the horizon"
#
# The number of trajectories is. The number of operations is not, because the network is a
# chain.

# %%
for horizon in (10, 100, 1000):
    net = unroll(mdp, horizon)
    print(
        f"T={horizon:5}: 10^{horizon * np.log10(6):.0f} trajectories, "
        f"{plan(net, net.optimal).flops:7,} operations"
    )

# %% [markdown]
# ## Averaging r(s,a,s')
#
# $\mathbb{E}\,e^{r/\alpha}$ is not $e^{\mathbb{E}r/\alpha}$. A lottery that pays 1 or nothing
# with equal chances, against a sure 0.6:

# %%
ended = [(s, a, 1.0, s, 0.0) for s in ("won", "lost") for a in ("sure", "toss")]
tosses = [("x", "toss", 0.5, "won", 1.0), ("x", "toss", 0.5, "lost", 0.0)]
lottery = MDP.from_outcomes([("x", "sure", 1.0, "won", 0.6), *tosses, *ended])
mean_paid = MDP(lottery.transition, lottery.reward, states=lottery.states, actions=lottery.actions)
right = np.asarray(solve(lottery, 1, temperature=0.2).policy.sel(t=0, s="x"))
averaged = np.asarray(solve(mean_paid, 1, temperature=0.2).policy.sel(t=0, s="x"))
print(f"p(toss): {right[1]:.4f} exactly, {averaged[1]:.4f} with the averaged reward")
assert right[1] > 0.5 > averaged[1]

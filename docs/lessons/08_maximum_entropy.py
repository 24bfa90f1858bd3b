# %% [markdown]
# # 8. Maximum-entropy reinforcement learning is variational inference
#
# **Question.** "Maximise reward plus entropy": where does that objective come from?
#
# Look for a distribution over trajectories $q(\tau)$ that is close to the posterior
# $p(\tau\mid O=1)$, but let it change *only the actions*. The dynamics stay true (Levine 2018,
# section 3; Ziebart 2010):
#
# $$q(\tau) = p(s_0)\prod_t q(a_t\mid s_t)\,P(s_{t+1}\mid s_t,a_t)$$
#
# How far $q$ is from $p$ is measured by the *Kullback-Leibler divergence*
# $\operatorname{KL}(q\parallel p) = \mathbb{E}_q\log(q/p)$, in nats: never negative, and zero only if
# both are the same. How undecided a distribution is, by its *entropy*
# $\mathcal{H}(q) = -\mathbb{E}_q\log q$. For any such $q$ the log-probability of the evidence splits into
# a bound (the evidence lower bound, ELBO) and a distance:
#
# $$\log p(O=1) = \text{ELBO}(q) + \operatorname{KL}(q(\tau)\parallel p(\tau\mid O=1))$$
#
# $$\text{ELBO}(q) = \mathbb{E}_q\left[\sum_t \frac{r_t - c_t}{\alpha} -
# \operatorname{KL}(q(\cdot\mid s_t)\parallel p(\cdot\mid s_t))\right]$$
#
# In the ELBO the dynamics have cancelled: they are the same in $q$ and $p$. What is left is
# reward over temperature, minus the price of leaving the prior. With a uniform prior over $n$
# actions, $-\operatorname{KL}(q\parallel p) = \mathcal{H}(q) - \log n$: the objective of
# maximum-entropy reinforcement learning, up to a constant (Haarnoja et al. 2018).

# %%
import numpy as np

from control_pgm import (
    MDP,
    evaluate,
    gridworld,
    plot_values,
    soft_policy_iteration,
    solve,
    variational_bound,
)

rng = np.random.default_rng(4)
P, r = rng.dirichlet(np.ones(4), (4, 3)), rng.normal(size=(4, 3))
alpha, T = 0.5, 6
mdp = MDP(P, r, initial=0)
causal = solve(mdp, T, temperature=alpha, inference="variational")
print(causal)

# %% [markdown]
# ## The optimum
#
# $$Q_t(s,a) = \mathbb{E}_{s'}[r + V_{t+1}(s')], \qquad
# V_t(s) = \alpha\log\sum_a p(a\mid s)\,e^{Q_t(s,a)/\alpha}$$
#
# Compare lesson 6: the soft maximum over actions is the same. Over next states there is now an
# *expectation*, because $q$ may not choose them.

# %%
Q, V = causal.Q.values, causal.V.values
assert np.allclose(Q, r + np.einsum("sax,tx->tsa", P, V[1:]), rtol=0, atol=1e-12)
assert np.allclose(V[:-1], alpha * np.log(np.exp(Q / alpha).mean(-1)), rtol=0, atol=1e-12)

# %% [markdown]
# ## The objective, term by term
#
# `evaluate` runs a policy through the true dynamics and reports the terms.

# %%
got = evaluate(mdp, causal.policy, temperature=alpha)
print(got)
c = causal.reward_shift.sum()
elbo = (got.expected_reward - c) / alpha - got.divergence
print(f"\nELBO by its terms {elbo:.9f}, from the solver {causal.elbo:.9f} nats")
print(f"log p(O=1) − ELBO = {causal.gap:.6f} nats = KL(q ‖ posterior)")
assert np.isclose(elbo, causal.elbo, rtol=0, atol=1e-12)
assert np.isclose(
    got.objective, got.expected_reward + alpha * (got.entropy - T * np.log(3)), rtol=0, atol=1e-12
)

# %% [markdown]
# `variational_bound` writes down the same for any policy, line by line. Its last lines are the form in
# which the objective is usually derived: against $\hat p(\tau) = p(s_0)\prod_t P(s_{t+1}\mid s_t,a_t)\,
# e^{r_t/\alpha}$, which has no action prior and is not normalised,
#
# $$-\operatorname{KL}(q\parallel\hat p) = \frac1\alpha\,\mathbb{E}_q\sum_t r_t +
# \mathbb{E}_q\sum_t\mathcal{H}(q(\cdot\mid s_t))$$

# %%
lines = variational_bound(mdp, causal.policy, temperature=alpha)
print(lines)
assert np.isclose(lines.elbo, causal.elbo, rtol=0, atol=1e-12)
assert np.isclose(
    lines.negative_divergence, got.expected_reward / alpha + got.entropy, rtol=0, atol=1e-12
)

# %% [markdown]
# No other policy does better. Here are a thousand random ones, and the policy of the exact
# posterior:

# %%
others = [
    evaluate(mdp, rng.dirichlet(np.ones(3), (T, 4)), temperature=alpha).objective
    for _ in range(1000)
]
posterior = solve(mdp, T, temperature=alpha)
print(f"variational policy {got.objective:.4f}")
print(f"posterior's policy {evaluate(mdp, posterior.policy, temperature=alpha).objective:.4f}")
print(f"best of 1000       {max(others):.4f}")
assert max(others) < got.objective

# %% [markdown]
# ## When both types of inference agree
#
# The gap is $\operatorname{KL}(q\parallel p(\tau\mid O))$. It is zero iff $q$ can be the posterior,
# that is, iff the posterior bends neither the dynamics nor the distribution of the start.
# Deterministic dynamics cannot be bent. Then, and in general only then, *the posterior's policy is
# the maximum-entropy policy*. (If the start is uncertain a gap remains, but the policies agree.)

# %%
text = "S..#.\n.#...\n.#.H.\n...H.\n.#..G"
print("slip  gap, nats  largest difference of the policies")
for slip in (0.0, 0.01, 0.1, 0.3):
    grid = gridworld(text, slip=slip)
    exact = solve(grid, 9, temperature=1 / 10)
    soft = solve(grid, 9, temperature=1 / 10, inference="variational")
    difference = np.abs(exact.policy.values - soft.policy.values).max()
    print(f"{slip:4}  {soft.gap:9.6f}  {difference:.6f}")
    assert (soft.gap < 1e-9) == (slip == 0.0)
# Picture: The 5×5 grid at slip 0.3 with the variational value of each cell: near zero at the
# start, negative beside the holes, positive near the goal.
picture = plot_values(soft)

# %% [markdown]
# ## Soft policy iteration
#
# The optimum is a fixed point: evaluate $Q^\pi$ under the true dynamics, then improve
# $\pi \propto p\,e^{Q^\pi/\alpha}$. Each sweep never lowers the objective (Haarnoja et al.
# 2018, theorem 1). At a finite horizon one sweep from the end backwards, which improves each step
# before it looks at the one before, is already the optimum. Here all steps are improved at once, so it
# takes at most $T$ sweeps.

# %%
policy = np.full((T, 4, 3), 1 / 3)
for sweep in range(T + 1):
    print(f"sweep {sweep}: objective {evaluate(mdp, policy, temperature=alpha).objective:.9f}")
    value, q = np.zeros((T + 1, 4)), np.zeros((T, 4, 3))
    for t in reversed(range(T)):
        q[t] = r + P @ value[t + 1]
        value[t] = (policy[t] * (q[t] - alpha * np.log(3 * policy[t]))).sum(-1)
    policy = np.exp(q / alpha)
    policy /= policy.sum(-1, keepdims=True)
assert np.allclose(policy, causal.policy, rtol=0, atol=1e-12)

# %% [markdown]
# `soft_policy_iteration` does the same and keeps every sweep. (Without knowing the dynamics the same
# policy can be learnt from samples: see the scripts
# [soft Q-learning](../../examples/soft_q_learning.py) and
# [soft actor-critic](../../examples/soft_actor_critic.py).)

# %%
sweeps = soft_policy_iteration(mdp, T, temperature=alpha)
print(sweeps)
assert np.all(np.diff(sweeps.objectives) >= -1e-12)
assert np.allclose(sweeps.policy, causal.policy, rtol=0, atol=1e-12)

# %% [markdown]
# ## Exercise
#
# The bound holds for *every* policy. Compute the ELBO of the uniform policy from `evaluate`.
# How far below $\log p(O=1)$ is it, and what does the gap consist of?

# %% tags=["hide-cell"]
uniform = evaluate(mdp, np.full((T, 4, 3), 1 / 3), temperature=alpha)
bound = (uniform.expected_reward - c) / alpha - uniform.divergence
assert abs(uniform.divergence) < 1e-12
print(f"ELBO of the prior {bound:.4f} ≤ {causal.elbo:.4f} ≤ log p(O=1) {causal.log_evidence:.4f}")
print(
    "No divergence is paid, so the gap is Jensen's: log E exp(x) − E x for x = (return − c)/alpha."
)
assert bound < causal.elbo < causal.log_evidence

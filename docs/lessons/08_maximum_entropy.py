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
# $\mathcal{H}(q) = -\mathbb{E}_q\log q$. For any such $q$ the log-probability of the evidence splits
# into a bound (the evidence lower bound, ELBO) and a distance:
#
# $$\log p(O=1) = \text{ELBO}(q) + \operatorname{KL}(q(\tau)\parallel p(\tau\mid O=1))$$
#
# $$\text{ELBO}(q) = \mathbb{E}_q\left[\sum_t \frac{r_t - c_t}{\alpha} -
# \operatorname{KL}(q(\cdot\mid s_t)\parallel p(\cdot\mid s_t))\right]$$
#
# The split takes three lines. $\log p(O)$ does not depend on $\tau$, so its mean under $q$ is itself:
#
# $$\begin{aligned}
# \log p(O) &= \mathbb{E}_q\log p(O) = \mathbb{E}_q\log\frac{p(\tau,O)}{p(\tau\mid O)} \\
# &= \mathbb{E}_q\log\frac{p(\tau,O)}{q(\tau)} + \mathbb{E}_q\log\frac{q(\tau)}{p(\tau\mid O)} \\
# &= \text{ELBO}(q) + \operatorname{KL}(q(\tau)\parallel p(\tau\mid O))
# \end{aligned}$$
#
# And here is how the dynamics cancel from the ELBO, line by line:
#
# $$\begin{aligned}
# \text{ELBO}(q) &= \mathbb{E}_q\left[\log p(\tau,O) - \log q(\tau)\right] \\
# &= \mathbb{E}_q\left[\log p(s_0) + \sum_t\left(\log p(a_t\mid s_t) + \log P(s_{t+1}\mid s_t,a_t)
# + \frac{r_t-c_t}{\alpha}\right)\right. \\
# &\qquad\quad\left. -\log p(s_0) - \sum_t\left(\log q(a_t\mid s_t) + \log P(s_{t+1}\mid s_t,a_t)\right)\right] \\
# &= \mathbb{E}_q\left[\sum_t\left(\frac{r_t-c_t}{\alpha}
# - \log\frac{q(a_t\mid s_t)}{p(a_t\mid s_t)}\right)\right] \\
# &= \mathbb{E}_q\left[\sum_t\left(\frac{r_t-c_t}{\alpha}
# - \sum_a q(a\mid s_t)\log\frac{q(a\mid s_t)}{p(a\mid s_t)}\right)\right] \\
# &= \mathbb{E}_q\left[\sum_t\left(\frac{r_t-c_t}{\alpha}
# - \operatorname{KL}(q(\cdot\mid s_t)\parallel p(\cdot\mid s_t))\right)\right]
# \end{aligned}$$
#
# The second line inserts $\log p(\tau,O)$ and $\log q(\tau)$, which have the start and $P$ in
# common; what they have in common cancels. Then the logarithms of the actions are averaged over $a_t$
# for given $s_t$.
#
# What is left is reward over temperature, minus the price of leaving the prior. With a uniform prior
# over $n$ actions, $-\operatorname{KL}(q\parallel p) = \mathcal{H}(q) - \log n$: the objective of
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
#
# Why is this the optimum? What is still to come from $s$ at $t$, in units of reward, is
#
# $$V^q_t(s) = \sum_a q(a\mid s)\left[Q^q_t(s,a) - \alpha\log\frac{q(a\mid s)}{p(a\mid s)}\right], \qquad
# Q^q_t(s,a) = \mathbb{E}_{s'}[r + V^q_{t+1}(s')]$$
#
# Larger $V_{t+1}$ make $Q_t$ and $V_t$ larger, so the last step may be optimised first, then the one
# before it, and so on. At each there is one problem per state: given $Q$, find the best
# $q(\cdot\mid s)$. Let $Z = \sum_a p(a\mid s)\,e^{Q(s,a)/\alpha}$ and
# $\pi(a\mid s) = p(a\mid s)\,e^{Q(s,a)/\alpha}/Z$. Solved for $Q$, that is
# $Q = \alpha\log\frac{\pi}{p} + \alpha\log Z$, and
#
# $$\begin{aligned}
# \sum_a q\left[Q - \alpha\log\frac qp\right]
# &= \sum_a q\left[\alpha\log\frac{\pi}{p} + \alpha\log Z - \alpha\log\frac qp\right] \\
# &= \alpha\log Z + \alpha\sum_a q\log\frac{\pi}{q} \\
# &= \alpha\log Z - \alpha\operatorname{KL}(q\parallel\pi) \\
# &\le \alpha\log Z
# \end{aligned}$$
#
# with equality only for $q = \pi$. So the largest value is $V = \alpha\log Z$, the soft maximum
# above, and the best policy is $\pi = p\,e^{(Q - V)/\alpha}$. The soft maximum is no approximation of
# a maximum here: it *is* the maximum of reward minus divergence.

# %%
Q, V = causal.Q.values, causal.V.values
assert np.allclose(Q, r + np.einsum("sax,tx->tsa", P, V[1:]), rtol=0, atol=1e-12)
assert np.allclose(V[:-1], alpha * np.log(np.exp(Q / alpha).mean(-1)), rtol=0, atol=1e-12)

some = rng.dirichlet(np.ones(3))  # any other policy, in state 0 at t = 0
gets = some @ (Q[0, 0] - alpha * np.log(3 * some))
below = alpha * some @ np.log(some / causal.policy.values[0, 0])
print(f"V = {V[0, 0]:.6f}; another policy gets {gets:.6f}, less by alpha KL = {below:.6f}")
assert np.isclose(V[0, 0] - gets, below, rtol=0, atol=1e-12)

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
# The optimum is a fixed point: evaluate $Q^\pi$ under the true dynamics, then improve,
# $\pi' \propto p\,e^{Q^\pi/\alpha}$. No sweep lowers the objective (Haarnoja et al. 2018, theorem 1).
# For the proof, suppose that $V^{\pi'}_{t+1}\ge V^\pi_{t+1}$ in every state; at $T$ both are the
# same. Then $Q^{\pi'}_t\ge Q^\pi_t$, and by the lines above with $Q = Q^\pi_t$, for $q=\pi'$ and for
# $q=\pi$,
#
# $$\begin{aligned}
# V^{\pi'}_t &= \sum_a \pi'\left[Q^{\pi'}_t - \alpha\log\frac{\pi'}{p}\right] \\
# &\ge \sum_a \pi'\left[Q^{\pi}_t - \alpha\log\frac{\pi'}{p}\right] = \alpha\log Z \\
# &= \sum_a \pi\left[Q^{\pi}_t - \alpha\log\frac{\pi}{p}\right] + \alpha\operatorname{KL}(\pi\parallel\pi') \\
# &= V^\pi_t + \alpha\operatorname{KL}(\pi\parallel\pi') \\
# &\ge V^\pi_t
# \end{aligned}$$
#
# so that it holds at $t$, and by induction at every step before. Where nothing improves, $\pi'=\pi$,
# and that is the equation of the optimum. At a finite horizon one sweep from the end backwards, which
# improves each step before the one that precedes it, is already the optimum. Here all steps are
# improved at once, so it takes at most $T$ sweeps.

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
# ## Exercises
#
# **Exercise 1, on paper.** Two actions with $Q = (0, 1)$, a uniform prior and $\alpha=1$. Compute
# $Z$, $V$ and $\pi$, then the objective of the greedy policy $(0, 1)$ from its definition, and again
# as $V - \alpha\operatorname{KL}$.
#
# <details><summary>Answer</summary>
#
# $Z = \frac{1+e}{2} = 1.8591$, $V = \log Z = 0.6201$, $\pi = (0.2689,\; 0.7311)$. The greedy policy
# gets $1 - \log\frac{1}{1/2} = 1 - 0.6931 = 0.3069$. And
# $\operatorname{KL}(\text{greedy}\parallel\pi) = -\log 0.7311 = 0.3133$, so that
# $0.6201 - 0.3133 = 0.3069$, up to rounding.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
choice = MDP([[[1.0], [1.0]]], [[0.0, 1.0]])
greedy = evaluate(choice, [[[0.0, 1.0]]], temperature=1.0).objective
print(
    f"greedy policy {greedy:.6f}, optimum {solve(choice, 1, inference='variational').V[0, 0]:.6f}"
)
assert np.isclose(greedy, 1 - np.log(2), rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** The bound holds for *every* policy. Compute the ELBO of the uniform policy from
# `evaluate`. How far below $\log p(O=1)$ is it, and what does the gap consist of?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
uniform = evaluate(mdp, np.full((T, 4, 3), 1 / 3), temperature=alpha)
bound = (uniform.expected_reward - c) / alpha - uniform.divergence
assert abs(uniform.divergence) < 1e-12
print(f"ELBO of the prior {bound:.4f} ≤ {causal.elbo:.4f} ≤ log p(O=1) {causal.log_evidence:.4f}")
print(
    "No divergence is paid, so the gap is Jensen's: log E exp(x) − E x for x = (return − c)/alpha."
)
assert bound < causal.elbo < causal.log_evidence

# %% [markdown]
# **Exercise 3.** Improve the uniform policy in its last step only. By how much does the objective
# grow? Compare with $\alpha\operatorname{KL}(\pi\parallel\pi')$ in the states of step $T-1$.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
first = np.full((T, 4, 3), 1 / 3)
improved = first.copy()
improved[-1] = np.exp(r / alpha) / np.exp(r / alpha).sum(
    -1, keepdims=True
)  # Q = r at the last step
old, new = (evaluate(mdp, found, temperature=alpha) for found in (first, improved))
divergence = (first[-1] * np.log(first[-1] / improved[-1])).sum(-1)
predicted = alpha * old.state_marginals.values[T - 1] @ divergence
print(f"grows by {new.objective - old.objective:.9f}, predicted {predicted:.9f}")
assert np.isclose(new.objective - old.objective, predicted, rtol=0, atol=1e-12)

# %% [markdown]
# # 5. The optimal action conditional
#
# **Question.** Where is the policy?
#
# A policy is a conditional distribution. Ask for it:
#
# $$\pi(a_t\mid s_t) = p(a_t\mid s_t, O_{t:T-1}=1) = \frac{p(a_t\mid s_t)\,\beta_t(s_t,a_t)}{\beta_t(s_t)}$$
#
# This is *not* the policy that standard reinforcement learning calls optimal. The literature writes
# that one as $p(a_t\mid s_t,\theta^\star)$ (Levine 2018, section 2.1): a policy with parameters
# $\theta$, at their best value
#
# $$\theta^\star = \arg\max_\theta\;\mathbb{E}_{p(\tau\mid\theta)}\sum_t r(s_t,a_t)$$
#
# | | $p(a_t\mid s_t,\theta^\star)$ | $p(a_t\mid s_t,O_{t:T-1}=1)$ |
# |---|---|---|
# | question | which policy earns most? | which action was probably taken, if all goes well? |
# | answer by | optimisation over policies | conditioning; nothing is maximised |
# | actions that are not best | probability 0 | less probable, by how much depends on $\alpha$ |
# | the dynamics | are as they are | are bent by the condition, too ([lesson 9](09_optimism.py)) |
# | in this toolkit | `optimal_policy`, `inference="bellman"` | `inference="posterior"` |
#
# The two are related: both prefer actions with good futures. As $\alpha\to 0$ under deterministic
# dynamics the conditional keeps only actions of largest return, and is then *one* optimal policy.
# Under stochastic dynamics it need not become one at any temperature ([lesson 7](07_temperature.py)).
#
# ## Bayes' rule, step by step
#
# With the messages of lesson 4, and $O_{t:}$ for $O_{t:T-1}=1$ (Levine 2018, section 2.3):
#
# $$\begin{aligned}
# p(a\mid s, O_{t:}) &= \frac{p(a,\,O_{t:}\mid s)}{p(O_{t:}\mid s)} & &\text{definition} \\
# &= \frac{p(a\mid s)\,p(O_{t:}\mid s,a)}{p(O_{t:}\mid s)} & &\text{product rule} \\
# &= \frac{p(a\mid s)\,\beta_t(s,a)}{\beta_t(s)} & &\text{messages} \\
# &= \frac{p(a\mid s)\,\beta_t(s,a)}{\sum_{a'}p(a'\mid s)\,\beta_t(s,a')} & &\text{recursion}
# \end{aligned}$$
#
# A uniform prior $1/n$ cancels from the last line, not from the one before: there it is
# $\beta_t(s,a)/(n\,\beta_t(s))$, because $\beta_t(s)$ is a mean over actions.

# %%
import numpy as np

from control_pgm import evaluate, gridworld, plot_policy, query, solve

mdp = gridworld("S...\n.#.H\n...G", slip=0.2)
solution = solve(mdp, horizon=6, temperature=0.25)
policy = np.exp(solution.log_backward_action) / 4 / np.exp(solution.log_backward[:-1, :, None])
assert np.allclose(policy, solution.policy, rtol=0, atol=1e-12)
# Picture: The grid, each cell cut into four triangles with the probabilities of left, down, right
# and up; they point around the hole to the goal.
picture = plot_policy(solution)

# %% [markdown]
# Beside it the policy $p(a\mid s,\theta^\star)$, at (0,2), the cell above and left of the hole, and
# what both earn:

# %%
best = solve(mdp, horizon=6, inference="bellman")
for name, found in {"p(a|s,O=1)": solution, "p(a|s,theta*)": best}.items():
    row = np.asarray(found.policy.sel(t=0, s="(0,2)")).round(4)
    print(f"{name:13}", row, f"expected reward {evaluate(mdp, found.policy).expected_reward:.4f}")
assert best.policy.values.max() == 1.0 > solution.policy.values.max()

# %% [markdown]
# Three ways to the same numbers: the labelled array, a conditional of the posterior, and a
# query as a string.

# %%
print(solution.policy.sel(t=0, s="(0,2)"), "\n")
print(solution.posterior.conditional("a_0", given={"s_0": "(0,2)"}), "\n")
print(query(solution.network, "a_0 | s_0=(0,2), O=1"))

# %% [markdown]
# ## Why only the future
#
# The condition is $O_{t:T-1}$: this step and later ones. What about the past? Given $s_t$ the past
# says nothing about $a_t$: every path from $O_0$ to $a_t$ runs through $s_t$, which is known. The
# network knows it too (*d-separation*, Koller and Friedman 2009, section 3.3). So the factor of the
# past cancels:
#
# $$\begin{aligned}
# p(a\mid s, O_{0:T-1}) &= \frac{p(a,\,O_{0:t-1},\,O_{t:T-1}\mid s)}{p(O_{0:t-1},\,O_{t:T-1}\mid s)} \\
# &= \frac{p(O_{0:t-1}\mid s)\;p(a,\,O_{t:T-1}\mid s)}{p(O_{0:t-1}\mid s)\;p(O_{t:T-1}\mid s)} \\
# &= p(a\mid s, O_{t:T-1})
# \end{aligned}$$

# %%
from control_pgm import d_separated

net = solution.network
print(
    "a_3 independent of O_0, O_1, O_2 given s_3:",
    d_separated(net, "a_3", ["O_0", "O_1", "O_2"], given=["s_3"]),
)
print(
    "a_3 independent of O_4 given s_3:          ", d_separated(net, "a_3", ["O_4"], given=["s_3"])
)

# %% [markdown]
# That holds because the state is fully observed. With hidden skills, options or partial
# observability the past does speak, and $p(a_t\mid s_t,O_{0:T-1})$ is something else.
#
# ## States that are never reached
#
# Textbook conditioning divides $p(s_t,a_t\mid O)$ by $p(s_t\mid O)$. That is $0/0$ at a state
# that the start cannot reach in time, but a policy is needed there as well. The formula above
# has no forward message in it, so nothing is divided by zero.

# %%
far = "(2,0)"
print(f"p(s_1={far} | O=1) =", float(solution.state_marginals.sel(t=1, s=far)))
print(f"p(a_1 | s_1={far}, O=1) =", np.asarray(solution.policy.sel(t=1, s=far)).round(4))
assert solution.defined.values.all()

# %% [markdown]
# Only where optimality itself is impossible is the conditional undefined. A reward of $-\infty$
# forbids. The engine then says so instead of inventing a number.

# %%
lava = solve(gridworld("S.G\n.H.", rewards={"H": -np.inf}, slip=0.0), horizon=4, temperature=0.25)
print(
    "defined at t=0:",
    dict(zip(lava.network.mdp.states, lava.defined.values[0].tolist(), strict=True)),
)
print("next to the forbidden hole:", np.asarray(lava.policy.sel(t=0, s="(0,1)")).round(4))
assert lava.policy.sel(t=0, s="(0,1)", a="down") == 0.0

# %% [markdown]
# ## An independent check
#
# pgmpy is a library for general Bayesian networks. It gets the network and answers the same question at
# every $(t,s)$.

# %%
from control_pgm import crosscheck, unroll

report = crosscheck(unroll(mdp, 3, temperature=0.25), against="pgmpy")
print(report)
assert report.passed

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** Three actions with prior $(\tfrac12,\tfrac14,\tfrac14)$ have the messages
# $\beta_t(s,a) = (0.2,\,0.4,\,0.8)$. Compute $\beta_t(s)$ and $p(a\mid s,O_{t:T-1}=1)$. Which action
# does $p(a\mid s,\theta^\star)$ take in a one-step problem?
#
# <details><summary>Answer</summary>
#
# $\beta_t(s) = 0.1 + 0.1 + 0.2 = 0.4$, so the conditional is $(0.25,\,0.25,\,0.5)$. With one step
# $\beta(s,a) = e^{(r(a)-c)/\alpha}$ grows with the reward, so the best policy takes the third action
# with certainty, whatever the prior is.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
from control_pgm import MDP

rewards = np.log([0.2, 0.4, 0.8])
three = solve(MDP([[[1.0]] * 3], [rewards]), 1, action_prior=[0.5, 0.25, 0.25])
print(np.asarray(three.policy[0, 0]).round(12))
assert np.allclose(three.policy[0, 0], [0.25, 0.25, 0.5], rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** Someone conditions on the last optimality node only, $O_{T-1}=1$. Is
# $p(a_0\mid s_0,O_{T-1}=1)$ a good policy in this grid? Ask the network. (A hint: when is the
# reward for entering the goal paid?)

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
print(query(net, "a_0 | s_0=(0,2), O_5=1"))
print(
    "It asks that the goal be entered exactly in the last step: dawdling is fine, arriving early is not."
)

# %% [markdown]
# **Exercise 3.** Take the slip away and lower the temperature. Does the conditional become an optimal
# policy? Does it share its probability evenly among the best actions?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
sure = gridworld("S...\n.#.H\n...G", slip=0.0)
cold = solve(sure, 6, temperature=0.02)
q = solve(sure, 6, inference="bellman").Q.values
not_best = q < q.max(-1, keepdims=True) - 1e-12
print(
    "at the start:",
    dict(zip(sure.actions, np.asarray(cold.policy[0, 0]).round(4).tolist(), strict=True)),
)
print("largest probability of an action that is not best:", cold.policy.values[not_best].max())
assert cold.policy.values[not_best].max() < 1e-12
print(
    "Only best actions are left, but in proportion to how many ways lead on from them to the goal."
)

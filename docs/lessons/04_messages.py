# %% [markdown]
# # 4. Backward and forward messages
#
# **Question.** What do the messages of the network mean?
#
# Number the messages by what they carry. From the future comes the **backward message**
#
# $$\beta_t(s,a) = p(O_{t:T-1}=1\mid s_t=s,a_t=a), \qquad \beta_t(s) = p(O_{t:T-1}=1\mid s_t=s)$$
#
# the probability that this step and all later ones are optimal (Levine 2018, section 2.3). Note
# the index: $\beta_t$ covers what lies *at* and after $t$. From the past comes the **forward
# message**
#
# $$\alpha_t(s) = p(s_t = s,\, O_{0:t-1}=1)$$
#
# ## The recursion
#
# $$\begin{aligned}
# \beta_t(s,a) &= \sum_{s'} P(s'\mid s,a)\,p(O_t=1\mid s,a,s')\,\beta_{t+1}(s') \\
# \beta_t(s) &= \sum_a p(a\mid s)\,\beta_t(s,a), \qquad \beta_T(s) = 1
# \end{aligned}$$
#
# The first line follows from the rules of sum and product, and from the graph. Write $O_{t:}$ for
# $O_{t:T-1}=1$, $O_t$ for $O_t=1$, and $s$, $a$, $s'$ for $s_t=s$, $a_t=a$, $s_{t+1}=s'$:
#
# $$\begin{aligned}
# \beta_t(s,a) &= p(O_{t:}\mid s,a) \\
# &= \sum_{s'} p(s_{t+1}=s',\,O_{t:}\mid s,a) & &\text{sum over what is not known} \\
# &= \sum_{s'} P(s'\mid s,a)\;p(O_t,\,O_{t+1:}\mid s,a,s') & &\text{product rule} \\
# &= \sum_{s'} P(s'\mid s,a)\;p(O_t\mid s,a,s')\;p(O_{t+1:}\mid s,a,s',O_t) & &\text{product rule} \\
# &= \sum_{s'} P(s'\mid s,a)\;p(O_t\mid s,a,s')\;p(O_{t+1:}\mid s') & &\text{Markov property} \\
# &= \sum_{s'} P(s'\mid s,a)\;p(O_t\mid s,a,s')\;\beta_{t+1}(s') & &\text{by definition}
# \end{aligned}$$
#
# If the reward does not depend on $s'$, then $p(O_t\mid s,a)$ may stand before the sum. At the last
# step nothing follows, so $\beta_T = 1$. (A terminal reward would stand there.) In the fifth line
# $s_{t+1}$ is given, and what is optimal later does not depend on how that state was reached. The
# second line of the recursion is shorter:
#
# $$\beta_t(s) = p(O_{t:}\mid s) = \sum_a p(a,\,O_{t:}\mid s) = \sum_a p(a\mid s)\,p(O_{t:}\mid s,a)
# = \sum_a p(a\mid s)\,\beta_t(s,a)$$
#
# Each line of the recursion is one sum-product message of lesson 1. The first comes out of the cluster
# $\{s_t,a_t,s_{t+1}\}$, the second out of $\{s_t,a_t\}$.

# %%
import numpy as np

from control_pgm import gridworld, plot_messages, solve

mdp = gridworld("S...\n.#.H\n...G", slip=0.2)
solution = solve(mdp, horizon=6, temperature=0.25)
# Picture: Three rows of small grids over time. Log backward messages: bright near the goal at
# late times, spreading towards the start at early ones. Log forward messages: spreading from the
# start. Their normalised product: the marginals of the posterior.
picture = plot_messages(solution)

# %% [markdown]
# Time runs from left to right. Backward messages are read from the right: near the end only the
# neighbours of the goal are promising, and earlier the promise has spread. Forward messages
# spread from the start.
#
# ## By hand
#
# Here is the recursion in four lines of numpy. The engine does not contain it; it finds the
# same numbers from the graph.

# %%
net = solution.network
P = mdp.transition  # [s, a, s']
optimal = net.cpd("O_0").array("s_0", "a_0", "s_1", "O_0")[..., 1]  # p(O=1 | s, a, s')
prior = np.full((mdp.n_states, mdp.n_actions), 1 / mdp.n_actions)

beta = np.ones((7, mdp.n_states))
beta_action = np.ones((6, mdp.n_states, mdp.n_actions))
for t in reversed(range(6)):
    beta_action[t] = (P * optimal * beta[t + 1]).sum(axis=-1)
    beta[t] = (prior * beta_action[t]).sum(axis=-1)

print(
    "largest difference, beta_t(s,a):",
    np.abs(beta_action - np.exp(solution.log_backward_action)).max(),
)
print("largest difference, beta_t(s):  ", np.abs(beta - np.exp(solution.log_backward)).max())
assert np.allclose(beta, np.exp(solution.log_backward), rtol=0, atol=1e-12)

# %% [markdown]
# The forward message is the same rule in the other direction, with $\alpha_0 = p(s_0)$:
#
# $$\begin{aligned}
# \alpha_{t+1}(s') &= p(s_{t+1}=s',\,O_{0:t}) \\
# &= \sum_{s,a} p(s_t=s,\,O_{0:t-1},\,a_t=a,\,s_{t+1}=s',\,O_t) \\
# &= \sum_{s,a} p(s,\,O_{0:t-1})\;p(a\mid s)\;P(s'\mid s,a)\;p(O_t\mid s,a,s') \\
# &= \sum_{s,a} \alpha_t(s)\,p(a\mid s)\,P(s'\mid s,a)\,p(O_t\mid s,a,s')
# \end{aligned}$$

# %%
alpha = np.zeros((7, mdp.n_states))
alpha[0] = mdp.initial
for t in range(6):
    alpha[t + 1] = np.einsum("s,sa,sax,sax->x", alpha[t], prior, P, optimal)
assert np.allclose(alpha, np.exp(solution.log_forward), rtol=0, atol=1e-12)

# %% [markdown]
# ## Two messages meet
#
# Where they meet they multiply, at *every* $t$ to the same number:
#
# $$p(O=1) = \sum_s \alpha_t(s)\,\beta_t(s), \qquad
# p(s_t\mid O=1) = \frac{\alpha_t(s)\,\beta_t(s)}{p(O=1)}$$
#
# For given $s_t$ what was optimal before is independent of what is optimal later:
#
# $$p(s_t=s,\,O_{0:T-1}) = p(s_t=s,\,O_{0:t-1})\;p(O_{t:T-1}\mid s_t=s,\,O_{0:t-1})
# = \alpha_t(s)\;p(O_{t:T-1}\mid s_t=s) = \alpha_t(s)\,\beta_t(s)$$
#
# The sum over $s$ is $p(O=1)$, whichever $t$ is chosen; division by it is Bayes' rule.

# %%
for t in range(7):
    print(f"t={t}: sum_s alpha_t(s) beta_t(s) = {(alpha[t] * beta[t]).sum():.12e}")
assert np.allclose(np.log((alpha * beta).sum(axis=1)), solution.log_evidence, rtol=0, atol=1e-12)

# %% [markdown]
# ## Looking at the engine's own messages
#
# Every message was kept. `message(source, target)` shows one; clusters are named by the
# variable that they sum out.

# %%
posterior = solution.posterior
print(posterior.message("a_5", "s_5"))

# %% [markdown]
# `trace` goes through all messages in the order in which they are sent, each with its formula: first
# from the leaves to the root, against time, then back. (On the command line it is
# `control-pgm trace`.)

# %%
from itertools import islice

from control_pgm import trace

for step in islice(trace(posterior), 4):
    print(step.title, "\n   ", step.formula, "\n    over", *step.values.scope)

# %% [markdown]
# ## No underflow
#
# Every step that does not pay the largest reward costs a factor. Over a thousand steps at a low
# temperature $\beta$ is far below the smallest floating-point number. The engine scales its
# tables, so that the policy is still right: its last six steps are those of a process that has only
# six.

# %%
long = solve(mdp, horizon=1000, temperature=0.002)
print(
    "log p(O=1) =",
    round(long.log_evidence, 3),
    "nats; exp of it in floating point:",
    np.exp(long.log_evidence),
)
print("p(a_994 | start) =", np.asarray(long.policy.sel(t=994, s="(0,0)")).round(6))
assert np.isfinite(long.log_backward.values).all()
short = solve(mdp, horizon=6, temperature=0.002)  # the last six steps, alone
assert np.allclose(long.policy.values[994:], short.policy, rtol=0, atol=1e-12)

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** One state, two actions with the rewards 0 and −2, $\alpha = 1$, a uniform
# prior, and two steps. Compute $\beta_1(a)$, $\beta_1$, $\beta_0(a)$, $\beta_0$ and $p(O=1)$.
#
# <details><summary>Answer</summary>
#
# The largest reward is 0, so nothing is shifted.
#
# $$\begin{aligned}
# \beta_1(a) &= (1,\; e^{-2}) & \beta_1 &= \tfrac12(1 + e^{-2}) = 0.5677 \\
# \beta_0(a) &= (1,\; e^{-2})\cdot\beta_1 & \beta_0 &= \beta_1^2 = 0.3223 = p(O=1)
# \end{aligned}$$
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
from control_pgm import MDP

toy = solve(MDP([[[1.0], [1.0]]], [[0.0, -2.0]]), 2)
print("beta_1, beta_0:", np.exp(toy.log_backward[1, 0]), np.exp(toy.log_backward[0, 0]))
assert np.isclose(np.exp(toy.log_backward[0, 0]), ((1 + np.exp(-2)) / 2) ** 2, rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** "$\beta_t(s)$ is about the steps after $t$" and "$\beta_t(s)$ includes the reward at
# $t$" cannot both hold. Compute $\beta_{T-1}(s)$ for a state next to the goal. Which is it?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
near = mdp.states.index("(2,2)")
print("beta_{T-1} next to the goal:", beta[5, near].round(6), " far from it:", beta[5, 0].round(6))
assert beta[5, near] > beta[5, 0]
print("They differ, though nothing comes after the last step: the message covers the reward at t.")

# %% [markdown]
# **Exercise 3.** Which product of messages and prior is $p(s_t,a_t\mid O=1)$? Compute it for $t=3$
# from the arrays above, and compare with `solution.state_action_marginals`.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
pairs = alpha[3][:, None] * prior * beta_action[3] / np.exp(solution.log_evidence)
print("sum:", pairs.sum().round(12))
assert np.allclose(pairs, solution.state_action_marginals[3], rtol=0, atol=1e-12)
print(
    "alpha_t(s) p(a|s) beta_t(s,a) / p(O): the past, the prior, and this step with all that follows."
)

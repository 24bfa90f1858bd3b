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
# $$\beta_t(s,a) = \sum_{s'} P(s'\mid s,a)\,p(O_t=1\mid s,a,s')\,\beta_{t+1}(s'), \qquad
# \beta_t(s) = \sum_a p(a\mid s)\,\beta_t(s,a), \qquad \beta_T(s) = 1$$
#
# Each line is one sum-product message of lesson 1. The first comes out of the cluster
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
# The forward message is the same rule in the other direction:
# $\alpha_{t+1}(s') = \sum_{s,a}\alpha_t(s)\,p(a\mid s)\,P(s'\mid s,a)\,p(O_t=1\mid s,a,s')$,
# with $\alpha_0 = p(s_0)$.

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
# ## Exercise
#
# "$\beta_t(s)$ is about the steps after $t$" and "$\beta_t(s)$ includes the reward at $t$"
# cannot both hold. Compute $\beta_{T-1}(s)$ for a state next to the goal. Which is it?

# %% tags=["hide-cell"]
near = mdp.states.index("(2,2)")
print("beta_{T-1} next to the goal:", beta[5, near].round(6), " far from it:", beta[5, 0].round(6))
assert beta[5, near] > beta[5, 0]
print("They differ, though nothing comes after the last step: the message covers the reward at t.")

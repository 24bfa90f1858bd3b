# %% [markdown]
# # 5. The optimal action conditional
#
# **Question.** Where is the policy?
#
# A policy is a conditional distribution. Ask for it:
#
# $$\pi(a_t\mid s_t) = p(a_t\mid s_t, O_{t:T-1}=1) = \frac{p(a_t\mid s_t)\,\beta_t(s_t,a_t)}{\beta_t(s_t)}$$
#
# This is Bayes' rule with the backward messages of lesson 4 (Levine 2018, section 2.3; there the
# prior is uniform and cancels).

# %%
import numpy as np

from control_pgm import gridworld, plot_policy, query, solve

mdp = gridworld("S...\n.#.H\n...G", slip=0.2)
solution = solve(mdp, horizon=6, temperature=0.25)
policy = np.exp(solution.log_backward_action) / 4 / np.exp(solution.log_backward[:-1, :, None])
assert np.allclose(policy, solution.policy, rtol=0, atol=1e-12)
# Picture: The grid, each cell cut into four triangles with the probabilities of left, down, right
# and up; they point around the hole to the goal.
picture = plot_policy(solution)

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
# The condition is $O_{t:T-1}$: this step and later ones. What about the past? Given $s_t$ the
# past says nothing about $a_t$: every path from $O_0$ to $a_t$ runs through $s_t$, which is
# known. The network knows it too (*d-separation*, Koller and Friedman 2009, section 3.3).

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
# ## Somebody else's word for it
#
# pgmpy has never heard of control. It gets the network and answers the same question at every
# $(t,s)$.

# %%
from control_pgm import crosscheck, unroll

report = crosscheck(unroll(mdp, 3, temperature=0.25), against="pgmpy")
print(report)
assert report.passed

# %% [markdown]
# ## Exercise
#
# Someone conditions on the last optimality node only, $O_{T-1}=1$. Is
# $p(a_0\mid s_0,O_{T-1}=1)$ a good policy in this grid? Ask the network. (A hint: when is the
# reward for entering the goal paid?)

# %% tags=["hide-cell"]
print(query(net, "a_0 | s_0=(0,2), O_5=1"))
print(
    "It asks that the goal be entered exactly in the last step: dawdling is fine, arriving early is not."
)

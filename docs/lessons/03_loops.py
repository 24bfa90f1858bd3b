# %% [markdown]
# # 3. Why the raw factor graph is loopy
#
# **Question.** The network of lesson 2 looks like a chain. May we pass messages on it as on the
# graphs of lesson 1?
#
# Not on its factor graph as it stands. Look at one slice: $s_t$ and $a_t$ share the optimality
# $p(O_t\mid s_t,a_t)$ and the transition $P(s_{t+1}\mid s_t,a_t)$, and the prior $p(a_t\mid s_t)$
# as well if it depends on the state. Two shared factors make a loop: $s_t$ – optimality – $a_t$ –
# transition – $s_t$.

# %%
import networkx as nx
import numpy as np

from control_pgm import MDP, FactorGraph, infer, plot_clusters, plot_factor_graph, unroll


def random_process(seed, states=5, actions=3):
    """Dense random dynamics and rewards of unit variance."""
    rng = np.random.default_rng(seed)
    transition = rng.dirichlet(np.ones(states), (states, actions))
    return MDP(transition, rng.normal(size=(states, actions)))


net = unroll(random_process(0), horizon=4)
raw = FactorGraph.from_model(net, net.optimal)
# Picture: Factor graph of four steps. In each, state, optimality factor, action and transition
# factor form a square: a loop, drawn heavy in orange.
picture = plot_factor_graph(raw, labels=False)

# %%
print("loops of the raw factor graph:     ", len(nx.cycle_basis(raw.graph)))
absorbed = raw.absorbed()
print("after absorbing contained factors: ", len(nx.cycle_basis(absorbed.graph)))

# %% [markdown]
# ## What loops do
#
# Sum-product on a graph with loops counts the same evidence more than once. It is called
# **loopy belief propagation** (Pearl 1988; Murphy, Weiss and Jordan 1999). It is often good and
# never guaranteed. Here is how good it is for policies of random problems with 5 states, 3
# actions and 4 steps. The error is the largest $|\Delta p(a_t\mid s_t,O)|$ over all $(t,s,a)$.

# %%


def policy_error(net, approximate):
    """The largest difference from the exact conditional of every action given its state."""
    exact = infer(net, net.optimal)
    worst = 0.0
    for t in range(net.horizon):
        right, found = (p.conditional(f"a_{t}", given=f"s_{t}") for p in (exact, approximate))
        difference = right.array(f"s_{t}", f"a_{t}") - found.array(f"s_{t}", f"a_{t}")
        worst = max(worst, float(np.abs(difference).max()))
    return worst


errors, mended = [], []
for seed in range(20):
    net = unroll(random_process(seed), horizon=4)
    raw = FactorGraph.from_model(net, net.optimal)
    loopy = infer(raw, method="loopy")
    assert loopy.report.converged
    errors.append(policy_error(net, loopy))
    mended.append(policy_error(net, infer(raw.absorbed(), method="loopy")))

errors, mended = np.array(errors), np.array(mended)
print(
    f"raw factor graph:  error {errors.min():.1%} to {errors.max():.1%}, median {np.median(errors):.1%}"
)
print(f"absorbed factors:  error at most {mended.max():.1e}")
assert mended.max() < 1e-12

# %%
# Picture: Bars of the largest error of the policy in 20 random problems, worst first, from 0.23
# down to 0.04.
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 2.6))
ax.bar(np.arange(20), np.sort(errors)[::-1], color="#56B4E9", edgecolor="#0072B2", hatch="//")
ax.set(xlabel="random problem, worst first", ylabel="largest error of the policy", xticks=[])
ax.set_title("loopy belief propagation on the raw factor graph, converged", fontsize=10)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Every one of these runs has *converged*. Convergence is no sign of being right.
#
# ## What helps
#
# Multiply every factor into one that contains its variables: prior and optimality into the
# transition. Then each slice has one factor over $(s_t,a_t,s_{t+1})$, the graph is a chain, and
# a chain has no loops: the same message rule is exact.
#
# Exact inference does this for any graph. It gathers factors into **clusters** and passes
# messages over *sets* of variables (Lauritzen and Spiegelhalter 1988; Dechter 1999).
# Eliminating backwards in time, the engine finds $\{s_t,a_t,s_{t+1}\}$ and $\{s_t,a_t\}$ by
# itself. The tree of clusters is called a *junction tree*, or here *bucket tree*, since one variable
# is summed out in each. Its *width*, the size of the largest cluster minus one, decides what it costs.

# %%
exact = infer(net, net.optimal)
for cluster in exact.clusters[:4]:
    print(f"{cluster!s:24} sums out {cluster.name}, sends to {cluster.parent}")
print("\n" + str(exact.plan))

# %%
short = unroll(random_process(0), horizon=2)
# Picture: A chain of boxes. Clusters of a state, an action and the next state alternate with clusters
# of a state and an action; the separators between them, small boxes, hold what both have in common.
picture = plot_clusters(infer(short, short.optimal))

# %% [markdown]
# In the picture each box is a cluster, and the small box between two of them is their *separator*:
# the variables that both have, and the scope of the messages between them. The clusters that hold a
# given variable are joined to each other (the *running intersection* property), and the graph is a
# tree. So what a cluster passes on never comes back to it, and no evidence is counted twice.

# %% [markdown]
# ## Cost
#
# A chain of clusters costs $O(T\,S^2 A)$: linear in the horizon. The claim that exact inference
# is exponential in the horizon confuses the number of trajectories with the number of terms
# that one has to add.

# %%
for horizon in (4, 40, 200):
    longer = unroll(random_process(0), horizon)
    cost = infer(longer, longer.optimal).plan
    print(
        f"T={horizon:4}: {5 * 15.0**horizon:9.1e} trajectories, {cost.flops:9,} operations, "
        f"width {cost.width}"
    )

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** Take $T=2$ and a prior that does not depend on the state. Eliminate $s_1$
# first, before all others. Which variables come together in its cluster, and how many entries has its
# table with 5 states and 3 actions? Compare with eliminating $s_2$ first.
#
# <details><summary>Answer</summary>
#
# $s_1$ is mentioned by $P(s_1\mid s_0,a_0)$, $p(O_1\mid s_1,a_1)$ and $P(s_2\mid s_1,a_1)$. The
# product of the three has the scope $\{s_0,a_0,s_1,a_1,s_2\}$: $5^3\cdot 3^2 = 1125$ entries. $s_2$
# is mentioned by $P(s_2\mid s_1,a_1)$ alone: $\{s_1,a_1,s_2\}$, $5^2\cdot 3 = 75$ entries. The order
# of elimination decides the cost; the result is the same.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
factors = FactorGraph.from_model(short, short.optimal).factors
for first in ("s_1", "s_2"):
    together = {v for factor in factors if first in factor.scope for v in factor.variables}
    size = np.prod([v.cardinality for v in together])
    print(f"eliminating {first} first: {sorted(v.name for v in together)}, {size} entries")
    assert size == {"s_1": 1125, "s_2": 75}[first]

# %% [markdown]
# **Exercise 2.** Raise the temperature to 10, so that rewards hardly matter. Do the errors of loopy
# propagation grow or shrink? Why?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
for temperature in (0.3, 1.0, 10.0):
    found = []
    for seed in range(10):
        net = unroll(random_process(seed), 4, temperature=temperature)
        found.append(
            policy_error(net, infer(FactorGraph.from_model(net, net.optimal), method="loopy"))
        )
    print(f"alpha={temperature:5}: median error {np.median(found):.2%}")
print("Evidence that says little cannot be counted twice with much effect.")

# %% [markdown]
# **Exercise 3.** How does the error depend on the horizon? Begin with one step, and explain that number.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
for horizon in (1, 2, 4, 8):
    found = []
    for seed in range(5):
        net = unroll(random_process(seed), horizon)
        found.append(
            policy_error(net, infer(FactorGraph.from_model(net, net.optimal), method="loopy"))
        )
    print(f"T={horizon}: median error {np.median(found):.2%}")
    assert (max(found) < 1e-9) == (horizon == 1)
print(
    "With one step nothing depends on s_1: its factor sends a message of ones, and the loop carries nothing."
)

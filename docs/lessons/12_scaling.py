# %% [markdown]
# # 12. Scaling
#
# **Question.** How large may the problem be?
#
# Exact inference on the chain costs $O(T\,S^2 A)$ with dense tables: linear in the horizon, quadratic
# in the states. Most large transition tables are nearly empty. They are stored sparse, and then the
# cost is in the number of their non-zeros. [What a solution costs](../performance.md) has measured
# times; the numbers here do not depend on the machine.

# %%
import numpy as np

from control_pgm import gridworld, plan, plot_values, solve, unroll

for size in (5, 10, 20, 40):
    rows = ["." * size for _ in range(size)]
    rows[0], rows[-1] = "S" + rows[0][1:], rows[-1][:-1] + "G"
    grid = gridworld("\n".join(rows), slip=0.1)
    n, a = grid.n_states, grid.n_actions
    stored = grid.matrix_at(0).nnz if grid.sparse else n * a * n
    print(
        f"{size:2}×{size:<2}: {n:5} states, dense table {n * a * n:10,} entries, stored {stored:10,}"
    )

# %% [markdown]
# ## Looking before leaping
#
# The plan is known before a number is computed: which clusters, how many operations, how much
# memory.

# %%
net = unroll(grid, 80, temperature=0.1)
print(plan(net, net.optimal))

# %% [markdown]
# What does not fit is refused, with the reason:

# %%
from control_pgm import infer
from control_pgm.errors import TooLarge

try:
    infer(net, net.optimal, memory_limit=100_000)
except TooLarge as problem:
    print(*str(problem).split("; "), sep="\n")

# %% [markdown]
# ## A larger grid

# %%
solution = solve(grid, 200, temperature=0.02)
print(solution)
# Picture: The 40×40 grid coloured by value, from 0.63 at the start in the upper left corner to 1
# beside the goal in the lower right.
picture = plot_values(solution)

# %% [markdown]
# The goal is 78 steps away from the start, so that its message needs 78 steps to arrive there. With a
# shorter horizon the posterior at the start is the prior:

# %%
for horizon in (40, 77, 78, 80, 120):
    policy = solve(grid, horizon, temperature=0.02).policy
    start = np.asarray(policy.sel(t=0, s="(0,0)"))
    print(f"T={horizon:3}: p(a_0 | start) =", start.round(4))
    assert np.allclose(start, 0.25, rtol=0, atol=1e-12) == (horizon < 78)

# %% [markdown]
# ## What costs exponentially
#
# Not the horizon. The *width* does: how many variables meet in one cluster. "Do not stand where
# you stood $k$ steps ago" is a factor over $s_t$ and $s_{t+k}$. Each cluster then has to
# remember $k$ states.

# %%
from control_pgm import Factor

small = gridworld("S...\n.#.H\n...G", slip=0.2)
chain = unroll(small, 20, temperature=0.25)
elsewhere = 1 - 0.9 * np.eye(small.n_states)
print("k   width   operations")
for k in (1, 2, 3, 4):
    ties = [
        Factor([chain.variable(f"s_{t}"), chain.variable(f"s_{t + k}")], elsewhere)
        for t in range(20 - k + 1)
    ]
    tied = chain.extend(*ties)
    cost = plan(tied, tied.optimal)
    print(f"{k}   {cost.width:5}   {cost.flops:10,}")

# %% [markdown]
# For models whose width is too large there is loopy propagation, which is approximate and says
# so ([lesson 3](03_loops.py)). And where the horizon has no end at all, there is no need for a long
# network: see [infinite horizons](../reference/infinite_horizons.py).

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** Two robots on one grid of $n$ states with 4 actions each have the state
# $(s, s')$. By what factor does the dense transition table grow? What if the robots ignore each
# other, but share one reward at the end?
#
# <details><summary>Answer</summary>
#
# One robot: $4n^2$ entries. Two as one: $n^2$ states and 16 actions, $16\,n^4$ entries, more by a
# factor of $4n^2$. As separate variables their tables only add up, $8n^2$. But the shared reward is a
# factor over both states at the end, and going back in time the messages depend on both: the
# *clusters* hold two states all the same.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
n = small.n_states
print(f"one robot: {n * 4 * n:,} entries; two in one state: {n**2 * 16 * n**2:,}")
assert n**2 * 16 * n**2 == 4 * n**2 * (n * 4 * n)

# %% [markdown]
# **Exercise 2.** How do operations and memory of the plan grow when the horizon is doubled?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
costs = [plan(longer, longer.optimal) for longer in (unroll(small, 100), unroll(small, 200))]
print("operations:", *(f"{cost.flops:,}" for cost in costs))
print("memory:", *(f"{cost.bytes:,} bytes" for cost in costs))
assert 1.9 < costs[1].flops / costs[0].flops < 2.1

# %% [markdown]
# **Exercise 3.** "Do not return to the state in which you began" is a factor over $s_0$ and $s_t$ for
# each $t$. Which width do you expect? And if $s_0$ is observed?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
begin = [Factor([chain.variable("s_0"), chain.variable(f"s_{t}")], elsewhere) for t in range(1, 21)]
away = chain.extend(*begin)
for name, evidence in {"s_0 unknown": {}, "s_0 observed": {"s_0": "(0,0)"}}.items():
    cost = plan(away, away.optimal | evidence)
    print(f"{name}: width {cost.width}, {cost.flops:,} operations")
assert plan(away, away.optimal | {"s_0": "(0,0)"}).width == plan(chain, chain.optimal).width
assert plan(away, away.optimal).flops > plan(chain, chain.optimal).flops
print(
    "Unknown, s_0 stands in every message. The width is 2 all the same, as actions are summed out first;"
)
print("but there are more operations. What is observed need not be remembered.")

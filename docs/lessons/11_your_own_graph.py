# %% [markdown]
# # 11. Building your own graph
#
# **Question.** What if the problem has a part that no solver has an option for?
#
# Then add it to the network. A waypoint, a second reward, a vague observation are further
# tables, and the query stays the same. That is what the explicit model is for.

# %%
import numpy as np

from control_pgm import (
    CPD,
    Factor,
    Variable,
    crosscheck,
    gridworld,
    infer,
    plot_network,
    plot_policy,
    solve,
    unroll,
)

mdp = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
net = unroll(mdp, horizon=9, temperature=1 / 6)
plain = solve(net)

# %% [markdown]
# ## A waypoint
#
# "Be at (3,2) at half time, if at all possible": a factor over $s_5$. Its numbers are weights,
# not probabilities. Here every other state keeps one per cent.

# %%
half_way = net.variable("s_5")
waypoint = Factor([half_way], [1.0 if s == "(3,2)" else 0.01 for s in half_way.states])
detour = solve(net.extend(waypoint))
before, after = (float(s.state_marginals.sel(t=5, s="(3,2)")) for s in (plain, detour))
print(f"p(s_5=(3,2) | O=1): {before:.4f} without, {after:.4f} with the waypoint")
print("p(a_0 | start):", np.asarray(plain.policy.sel(t=0, s="(0,0)")).round(4), "without")
print("p(a_0 | start):", np.asarray(detour.policy.sel(t=0, s="(0,0)")).round(4), "with")
# Picture: The 5×5 grid with the policy at t = 0 as triangles: from the start down and right are
# equally probable, ways that lead to the waypoint.
picture = plot_policy(detour)

# %% [markdown]
# Two ways to say "certainly": a weight of 0 elsewhere, or evidence. They are the same.

# %%
certain = infer(net, {**net.optimal, "s_5": "(3,2)"})
hard = Factor([half_way], [1.0 if s == "(3,2)" else 0.0 for s in half_way.states])
same = infer(net.extend(hard), net.optimal)
a, b = (p.conditional("a_0", given={"s_0": "(0,0)"}).array("a_0") for p in (certain, same))
assert np.allclose(a, b, rtol=0, atol=1e-12)
print(a.round(4))

# %% [markdown]
# ## A second reward
#
# A second person is paid for being in the lower half. Their optimality is one more node per
# step, as an ordinary conditional table: probability 1 in the lower half, $e^{-1/2}$ elsewhere, as for
# a reward of one half at temperature 1. Nodes of kind "optimality" are part of `net.optimal`.

# %%
weight = np.array([1.0 if mdp.positions[s][0] >= 2 else np.exp(-0.5) for s in mdp.states])
extra = []
for t in range(9):
    happy = Variable(f"H_{t}", [0, 1], time=t, kind="optimality")
    extra.append(CPD(happy, [net.variable(f"s_{t}")], np.stack([1 - weight, weight], axis=1)))
both = solve(net.extend(*extra))
lower = [s for s in mdp.states if mdp.positions[s][0] >= 2]
for name, solution in {"one reward": plain, "two rewards": both}.items():
    share = sum(float(solution.state_marginals.sel(t=4, s=s)) for s in lower)
    print(f"{name:11}: p(lower half at t=4) = {share:.4f}")

# %%
tiny = unroll(gridworld("S.G"), 2, temperature=0.5)
happy = Variable("H_1", [0, 1], time=1, kind="optimality")
shown = tiny.extend(CPD(happy, [tiny.variable("s_1")], [[0.4, 0.6], [0.2, 0.8], [0.0, 1.0]]))
# Picture: Network of two steps with a further observed node H_1 above s_1, beside the optimality
# nodes O_0 and O_1.
picture = plot_network(shown)

# %% [markdown]
# ## Soft evidence
#
# A witness says "at time 3 it was in the left column", and is right four times out of five.
# That is a *likelihood*, a factor again. Only ratios matter.

# %%
s_3 = net.variable("s_3")
left = np.array([mdp.positions[s][1] == 0 for s in mdp.states])
witness = Factor([s_3], np.where(left, 0.8, 0.2))
informed = infer(net.extend(witness), net.optimal)
prior_left = plain.state_marginals.values[3][left].sum()
posterior_left = informed.marginal("s_3").array("s_3")[left].sum()
print(f"p(left column at t=3): {prior_left:.4f}, after the witness {posterior_left:.4f}")
odds = prior_left / (1 - prior_left) * 4
assert np.isclose(posterior_left, odds / (1 + odds), rtol=0, atol=1e-12)

# %% [markdown]
# Bayes' rule in odds: multiplied by $0.8/0.2 = 4$, as it has to be.
#
# ## A check, always
#
# Your own graph has no closed form to compare with. It has other engines.

# %%
report = crosscheck(net.extend(waypoint), against="pgmpy")
print(report)
assert report.passed

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** The waypoint gives (3,2) the weight 1 and every other state 0.01. By which
# factor does it multiply the *odds* of $s_5=(3,2)$ given $O=1$? Does the answer depend on the rest of
# the network?
#
# <details><summary>Answer</summary>
#
# With the factor $w$, $p'(s_5\mid O) = w(s_5)\,p(s_5\mid O)/\sum_s w(s)\,p(s\mid O)$. In the odds the
# denominator cancels:
#
# $$\frac{p'(x)}{1 - p'(x)} = \frac{1\cdot p(x)}{0.01\,(1-p(x))} = 100\cdot\frac{p(x)}{1-p(x)}$$
#
# It depends on nothing else. A factor on one variable is soft evidence, and Bayes' rule in odds
# applies to it.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
ratio = (after / (1 - after)) / (before / (1 - before))
print(f"odds multiplied by {ratio:.9f}")
assert np.isclose(ratio, 100, rtol=0, atol=1e-8)

# %% [markdown]
# **Exercise 2.** Forbid the action *right* at $t=0$ only, without touching the MDP.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
a_0 = net.variable("a_0")
no_right = net.extend(Factor([a_0], [float(a != "right") for a in a_0.states]))
never = infer(no_right, no_right.optimal).conditional("a_0", given={"s_0": "(0,0)"})
print(never)
assert never.value({"a_0": "right"}) == 0.0

# %% [markdown]
# **Exercise 3.** Make the agent *lazy*: at every step, repeating the last action is three times as
# likely as any other. Which conditional is the policy now?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
lazy = net.extend(
    *(
        Factor(
            [net.variable(f"a_{t}"), net.variable(f"a_{t + 1}")], np.ones((4, 4)) + 2 * np.eye(4)
        )
        for t in range(8)
    )
)
belief = infer(lazy, lazy.optimal)
pair = belief.marginal("a_3", "a_4").array("a_3", "a_4")
print(f"p(a_3 = a_4 | O=1) = {np.trace(pair):.4f}")
print("Now a_t depends on a_{t−1} as well: ask for p(a_4 | s_4, a_3), not for p(a_4 | s_4).")

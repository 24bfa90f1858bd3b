# %% [markdown]
# # Infinite horizons
#
# The lessons plan over a fixed number of steps $T$. Here there is no last step. Then a sum of
# rewards need not be finite, and there are two ways out. Each has its function:
#
# | what keeps values finite | function | what it computes |
# |---|---|---|
# | discount $\gamma<1$, or an end that surely comes | `solve_infinite` | a fixed point of the backup |
# | asking only for the growth per step | `solve_average` | a leading eigenpair |
#
# This page is about the first. The second, and problems whose equations are linear
# (`solve_linearly_solvable`), have [the next page](average_reward.py).
#
# Every number is computed while this page is built. The types of inference are explained in
# [lesson 10](../lessons/10_types_of_inference.py).

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from control_pgm import (
    errors,
    forest,
    gambler,
    gridworld,
    puterman_two_state,
    russell_norvig_grid,
    solve,
    solve_infinite,
    sutton_barto_grid,
)

# %% [markdown]
# ## Textbook values
#
# First the standard optimum, $V(s) = \max_a \mathbb{E}[r + \gamma V(s')]$, of problems whose
# solution is printed in a textbook or in a toolbox's manual.

# %%
PRINTED = {
    "Sutton and Barto 2018, fig. 3.5": (sutton_barto_grid(), "(0,1)", 24.4, 1),
    "Sutton and Barto 2018, ex. 4.3": (gambler(), 50, 0.4, 1),
    "Russell and Norvig 2010, fig. 17.3": (russell_norvig_grid(), "(1,1)", 0.705, 3),
    "MDP toolbox, forest, discount 0.9": (forest(discount=0.9), 0, 26.244, 3),
    "Puterman 1994, ex. 3.1.1, discount 0.95": (puterman_two_state(0.95), "s1", -8.571, 3),
}
print(f"{'source':40} {'state':>6} {'printed':>8} {'computed':>11} {'sweeps':>7}   error bound")
for source, (process, state, printed, digits) in PRINTED.items():
    best = solve_infinite(process, inference="bellman")
    value = float(best.V.sel(s=state))
    bound = f"{best.error_bound:.0e}" if best.error_bound < np.inf else "none is proved"
    print(f"{source:40} {state!s:>6} {printed:8} {value:11.6f} {best.iterations:7}   {bound}")
    assert round(value, digits) == printed

# %% [markdown]
# Without discount the values are the limit of growing horizons. It exists where episodes surely
# end in absorbing states that pay nothing. The gambler may stake nothing for ever, so there no
# bound is proved. A class of states in which values grow, fall or recur for ever is refused by name;
# where the process never comes, its values are NaN and all others are found.
#
# In Russell and Norvig's world the best policy depends on the reward $R$ of all cells but the two
# ends. It changes at these values, found by bisection:

# %%
ROWS = ("(1,3) (2,3) (3,3)", "(1,2) (3,2)", "(1,1) (2,1) (3,1) (4,1)")


def best_moves(cell_reward):
    """The best moves by their first letters, upper row first."""
    policy = solve_infinite(russell_norvig_grid(cell_reward), inference="bellman").policy
    best = {s: policy.coords["a"][int(policy.sel(s=s).values.argmax())] for s in policy.coords["s"]}
    return " ".join("".join(best[s][0] for s in row.split()) for row in ROWS)


def change_between(low, high):
    """Where the policy changes between two rewards, if it does so once."""
    below = best_moves(low)
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if best_moves(middle) == below else (low, middle)
    return round(high, 4)


between = [-3, -1.6, -1, -0.6, -0.2, -0.06, -0.035, -0.025, -0.01]
changes = [change_between(low, high) for low, high in pairwise(between)]
print("best moves (left, down, right, up) in the upper, middle and lower row")
for change, cell_reward in zip([between[0], *changes], between, strict=True):
    print(f"from R = {change:7}: {best_moves(cell_reward)}")
assert changes == [-1.6497, -1.5643, -0.7311, -0.4526, -0.085, -0.0448, -0.0274, -0.0221]

# %% [markdown]
# The book draws four of these policies (figure 17.2; fourth edition, 2020: figure 16.2). The second
# and third editions give $-0.0850$ and $-0.0221$ as above, but $-1.6284$ and $-0.4278$ where we find
# $-1.6497$ and $-0.4526$. These two are the numbers of the fourth edition.
#
# ## Discount is a chance of the end
#
# From here on the same world has discount 0.95, and all types of inference have an answer. The
# network knows discount as *termination*: after each reward the process goes on with probability
# $\gamma$. The variational optimum and Bellman's are averages over next states, so they need not
# know; $\gamma$ stands before $V$. The posterior weighs the two outcomes like all others:
#
# $$Q(s,a) = \alpha\log\sum_{s'}P(s'\mid s,a)\,e^{r/\alpha}\left(\gamma e^{V(s')/\alpha} + 1-\gamma\right)$$

# %%
world, gamma, alpha = russell_norvig_grid(), 0.95, 0.1
mdp = world.varied(discount=gamma)
KINDS = {
    "posterior": {"temperature": alpha},
    "variational": {"temperature": alpha},
    "bellman": {},
    "planning": {"risk": -1.0},
}
limits = {
    kind: solve_infinite(mdp, inference=kind, tolerance=1e-12, **options)
    for kind, options in KINDS.items()
}
for kind, limit in limits.items():
    best = mdp.actions[int(limit.policy.sel(s="(3,1)").values.argmax())]
    print(f"{kind:12} V(1,1) = {limit.V.sel(s='(1,1)'):8.6f}, most probable at (3,1): {best}")

ahead = np.exp(limits["posterior"].V.values / alpha)
backup = world.reward + alpha * np.log(world.transition @ (gamma * ahead + 1 - gamma))
assert np.allclose(limits["posterior"].Q, backup, rtol=0, atol=1e-10)
averaged = world.reward + gamma * world.transition @ limits["variational"].V.values
assert np.allclose(limits["variational"].Q, averaged, rtol=0, atol=1e-10)

# %% [markdown]
# So even a process whose moves are certain is no longer deterministic under discount, and its
# posterior differs from maximum-entropy control. The goal pays only those who get there, four steps
# away. To last that long is good luck, and the posterior believes in it:

# %%
corridor = gridworld("S...G", step_reward=-0.1)
ending = corridor.varied(discount=gamma)
print("chance that the process was terminated before step t")
print("t   true    believed by the posterior")
luck = solve(ending, 5, temperature=alpha).terminated
for t in range(1, 5):
    print(f"{t}   {1 - gamma**t:.4f}  {luck[t]:.4f}")
pair = [
    solve_infinite(ending, inference=kind, temperature=alpha).V.values[0]
    for kind in ("posterior", "variational")
]
print(f"V at the start: posterior {pair[0]:.4f}, variational {pair[1]:.4f}")
assert pair[0] > pair[1]

# %% [markdown]
# If each step pays more than $\gamma$ takes away, then
# $\mathbb{E}\,e^{\text{return}/\alpha}$ is infinite, like the fair stake of the St Petersburg game.
# There is no such value, and none is invented:

# %%
try:
    solve_infinite(sutton_barto_grid(), inference="posterior")
except errors.InvalidArgument as problem:
    print(*str(problem).split("; "), sep="\n")

# %% [markdown]
# ## When to stop
#
# Value iteration repeats the backup $\mathcal{T}$ until nothing changes much. How far is it from
# the limit then? $\mathcal{T}$ multiplies the largest difference of two value functions by at most
# $\gamma$, so
#
# $$\max_s|V_{k}(s) - V(s)| \le \frac{\gamma}{1-\gamma}\max_s|V_{k}(s) - V_{k-1}(s)|$$
#
# (Puterman 1994, theorem 6.3.1). Sweeps go on until this *bound*, not the last change, is below
# the tolerance. It holds for the variational optimum, for Bellman's, and for the posterior if no
# reward is positive. With positive rewards, as here, the posterior's values are enclosed between
# two functions that the backup moves towards each other.

# %%
print(
    f"{'inference':12} {'tolerance':>9} {'sweeps':>6} {'last change':>12} {'bound':>9} {'error':>9}"
)
for kind in ("posterior", "variational", "bellman"):
    for tolerance in (1e-1, 1e-3, 1e-6):
        early = solve_infinite(mdp, inference=kind, tolerance=tolerance, **KINDS[kind])
        error = np.abs(early.V - limits[kind].V).max()
        print(
            f"{kind:12} {tolerance:9.0e} {early.iterations:6} {early.residual:12.1e} "
            f"{early.error_bound:9.1e} {error:9.1e}"
        )
        assert error <= early.error_bound <= tolerance
swift = solve_infinite(mdp, inference="variational", temperature=alpha, method="policy-iteration")
print(f"soft policy iteration: {swift.iterations} sweeps to a bound of {swift.error_bound:.0e}")

# %% [markdown]
# ## The limit of long horizons
#
# The same values are what `solve` approaches as the horizon grows. What is left out after $T$ steps
# is weighed by $\gamma^T$, and by the chance that no end has been reached.

# %%
horizons = [5, 10, 20, 30, 40, 60, 80]
distances = {
    kind: [
        np.abs(solve(mdp, T, inference=kind, **options).V.values[0] - limits[kind].V).max()
        for T in horizons
    ]
    for kind, options in KINDS.items()
}
print("horizon T   ", *(f"{T:7}" for T in horizons))
for kind, found in distances.items():
    print(f"{kind:12}", *(f"{distance:7.0e}" for distance in found))
    assert found[-1] < 1e-8

# %%
# Picture: On a logarithmic axis the distance of V_0 at horizon T from the value without a horizon
# falls along nearly straight lines for all types of inference, faster than gamma to the power T.
figure, ax = plt.subplots(figsize=(7, 3))
styles = zip(("o-", "s--", "^-.", "D:"), ("#0072B2", "#D55E00", "#333333", "#009E73"), strict=True)
for (kind, found), (line, colour) in zip(distances.items(), styles, strict=True):
    ax.semilogy(horizons, found, line, color=colour, label=kind, markersize=5)
ax.semilogy(horizons, gamma ** np.array(horizons), color="#777777", lw=1, label="γ^T")
ax.set(xlabel="horizon T (steps)", ylabel="max |V_0 − V| (reward)", ylim=(1e-12, 2))
ax.spines[["top", "right"]].set_visible(False)
legend = ax.legend(frameon=False, fontsize=9, loc="lower left")

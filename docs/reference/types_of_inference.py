# %% [markdown]
# # All types of inference on one grid
#
# One slippery grid, one horizon, one temperature; every number comes from the build of this
# page. The types are explained in [lesson 10](../lessons/10_types_of_inference.py); without a
# last step there are [infinite horizons](infinite_horizons.py).

# %%
from itertools import pairwise

import numpy as np

from control_pgm import evaluate, gridworld, plot_comparison, plot_temperature, solve

DRAWING = "S....\n.#.#.\n...H.\n.#..G"
grid = gridworld(DRAWING, slip=0.2)
HORIZON, ALPHA = 9, 0.1
hole, goal = "(2,3)", "(3,4)"
print(grid)

# %% [markdown]
# A step that slips goes to one of the two sides. The hole costs 1, the goal pays 1, both end
# the episode.
#
# One type of inference has no actions. A [linearly solvable](average_reward.py) process (Todorov
# 2006) chooses its next state by $u(s'\mid s)$ and pays $\alpha\operatorname{KL}(u\parallel p)$ for
# leaving passive dynamics $p(s'\mid s)$: here those of random moves. `solve` finds it in the network
# whose actions are next states.

# %% tags=["hide-input"]
QUESTIONS = {
    "posterior": {"temperature": ALPHA},
    "variational": {"temperature": ALPHA},
    "planning, risk +10": {"risk": 10.0},
    "planning, risk −1": {"risk": -1.0},
    "planning, risk −10": {"risk": -10.0},
    "bellman": {},
    "map": {"temperature": ALPHA},
    "marginal-map": {"temperature": ALPHA},
}
solved = {
    name: solve(grid, HORIZON, inference=name.split(",")[0], **options)
    for name, options in QUESTIONS.items()
}


def value(solution):
    """What the type of inference itself takes for the value of the start, in units of reward."""
    return solution.value if hasattr(solution, "value") else solution.V.values[0] @ grid.initial


def figures(policy):
    """P(goal), P(hole), expected reward, entropy and objective under the true dynamics."""
    real = evaluate(grid, policy, temperature=ALPHA)
    ends = [float(real.state_marginals.sel(t=HORIZON, s=s)) for s in (goal, hole)]
    return [*ends, real.expected_reward, abs(real.entropy), real.objective]


def line(name, cells):
    """One row of the table."""
    return f"{name:20}" + "".join(f"{c:>11}" if isinstance(c, str) else f"{c:11.4f}" for c in cells)


def freely():
    """The row of the linearly solvable process: what it chooses is what happens."""
    chosen = solve(grid, HORIZON, inference="linearly-solvable", temperature=ALPHA)
    ends = [float(chosen.state_marginals.sel(t=HORIZON, s=s)) for s in (goal, hole)]
    start = float(chosen.V.values[0] @ grid.initial)
    return [start, ends[0], *ends, ends[0] - ends[1], "–", start]


table = {
    name: [value(s), float(s.state_marginals.sel(t=HORIZON, s=goal)), *figures(s.policy)]
    for name, s in solved.items()
}
table["linearly-solvable"] = freely()
nothing = np.full((HORIZON, grid.n_states, grid.n_actions), 1 / grid.n_actions)
print(line("inference", ["value", "believed", "goal", "hole", "reward", "entropy", "objective"]))
print(line("none: the prior", ["–", "–", *figures(nothing)]))
for name, cells in table.items():
    print(line(name, cells))

# %% [markdown]
# * *value*: what the type of inference itself reports for the start. Values of different rows
#   are different quantities, certainty equivalents under different averages.
# * *believed*: the probability of being at the goal in the end by the solution's own state
#   marginals.
# * *goal*, *hole*: the true probabilities of ending there under its policy.
# * *reward*: the expected reward under the true dynamics, which `bellman` maximises.
# * *entropy*: of the policy, summed over the steps, in nats.
# * *objective*: reward minus α·KL(policy ‖ prior), which `variational` maximises.
#
# Value, reward and objective are in units of reward; believed, goal and hole are probabilities. The
# policy of `marginal-map` is a plan that does not look where it is.
#
# The last row looks like the posterior's belief: the same value, the same probability of the goal.
# What the posterior believes to happen by luck, the linearly solvable process does, and pays for:
# its objective is reward minus $\alpha\operatorname{KL}(u\parallel p)$, with moves that no policy on
# the slippery grid can make.

# %% tags=["hide-input"]
rows = [cells for name, cells in table.items() if name in solved]
most, best = (max(cells[column] for cells in rows) for column in (4, 6))
assert np.isclose(table["bellman"][4], most, rtol=0, atol=1e-12)
assert np.isclose(table["variational"][6], best, rtol=0, atol=1e-12)
assert np.allclose(table["linearly-solvable"][:2], table["posterior"][:2], rtol=0, atol=1e-9)

# %%
# Picture: The most probable action of each type of inference in every cell at t = 0, one small grid
# for each; the surer an action is, the larger its arrow.
picture = plot_comparison(solved)

# %% [markdown]
# ## What is larger than what
#
# Values of different types can be compared if all of them count the same things:
#
# $$\text{soft value} \ge \text{planning} \ge \text{marginal MAP} \ge \text{MAP}$$
#
# holds in units of reward if
#
# * every available action counts as one, not by its prior (`action_prior="counting"`; planning and
#   marginal MAP always count so),
# * the risk is $\lambda = 1/\alpha$,
# * process and horizon are the same.
#
# A sum of non-negative terms is at least their maximum: that is the first step and the last. A
# policy that looks where it is does at least as well as a plan: that is the one between. Under
# deterministic dynamics from a known start there is nothing to look at and only one way to go, so
# the last three are equal.

# %%
for slip in (0.2, 0.0):
    world = gridworld(DRAWING, slip=slip)
    counting = {"temperature": ALPHA, "action_prior": "counting"}
    chain = {
        "soft value": solve(world, HORIZON, **counting).soft_value,
        "planning": solve(world, HORIZON, inference="planning", risk=1 / ALPHA).value,
        "marginal MAP": solve(world, HORIZON, inference="marginal-map", temperature=ALPHA).value,
        "MAP": solve(world, HORIZON, inference="map", **counting).value,
    }
    print(f"slip {slip}: " + " ≥ ".join(f"{name} {value:.4f}" for name, value in chain.items()))
    assert all(larger >= smaller - 1e-9 for larger, smaller in pairwise(chain.values()))
    assert np.isclose(chain["planning"], chain["MAP"], rtol=0, atol=1e-9) == (slip == 0.0)

# %% [markdown]
# In the table above the actions of `posterior` and `map` are weighed by the prior, one quarter for
# each step. So there the posterior's value is *below* that of planning, by up to
# $\alpha T\log 4$. Bellman's value has no place in the chain: it is an average over luck, which
# planning at $\lambda > 0$ exceeds and planning at $\lambda < 0$ stays below.

# %%
assert table["posterior"][0] < table["planning, risk +10"][0]
ordered = [table[name][0] for name in ("planning, risk +10", "bellman", "planning, risk −1")]
print(f"planning +10: {ordered[0]:.4f} ≥ bellman {ordered[1]:.4f} ≥ planning −1: {ordered[2]:.4f}")
assert ordered == sorted(ordered, reverse=True)

# %% [markdown]
# ## Over temperatures
#
# What each policy gets, from certain to indifferent:

# %%
# Picture: The policies at the start over temperatures, posterior and variational, as areas; beside
# them the expected reward of both policies. Only the variational one reaches the optimum.
picture = plot_temperature(grid, HORIZON)

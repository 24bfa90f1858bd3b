# %% [markdown]
# # All types of inference on one grid
#
# One slippery grid, one horizon, one temperature; every number comes from the build of this
# page. What the types mean is told in [lesson 10](../lessons/10_types_of_inference.py).

# %%
import numpy as np

from control_pgm import evaluate, gridworld, plot_policy, plot_temperature, solve

grid = gridworld(
    """
    S....
    .#.#.
    ...H.
    .#..G
    """,
    slip=0.2,
)
HORIZON, ALPHA = 9, 0.1
hole, goal = "(2,3)", "(3,4)"
print(grid)

# %% [markdown]
# A step that slips goes to one of the two sides. The hole costs 1, the goal pays 1, both end
# the episode.

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


table = {
    name: [value(s), float(s.state_marginals.sel(t=HORIZON, s=goal)), *figures(s.policy)]
    for name, s in solved.items()
}
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
# The policy of `marginal-map` is a plan that does not look where it is.

# %% tags=["hide-input"]
assert max(table, key=lambda name: table[name][4]) in ("bellman", "planning, risk +10")
assert max(table, key=lambda name: table[name][6]) == "variational"
picture = plot_policy(solved["posterior"], title="posterior")

# %%
picture = plot_policy(solved["variational"], title="variational")

# %%
picture = plot_policy(solved["bellman"], title="bellman")

# %% [markdown]
# ## Over temperatures
#
# What each policy gets, from certain to indifferent:

# %%
picture = plot_temperature(grid, HORIZON)

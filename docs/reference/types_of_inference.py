# %% [markdown]
# # All types of inference on one grid
#
# One slippery grid, one horizon, one temperature; every number comes from the build of this page. What the
# types mean is told in [lesson 10](../lessons/10_types_of_inference.py).

# %%
import numpy as np

from control_pgm import evaluate, gridworld, infer, plot_policy, plot_temperature, solve, unroll

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
# A step that slips goes to one of the two sides. The hole costs 1, the goal pays 1, both end the episode.

# %% tags=["hide-input"]
SHAPE = HORIZON, grid.n_states, grid.n_actions
net = unroll(grid, HORIZON, temperature=ALPHA)
posterior = infer(net, net.optimal)
actions = [f"a_{t}" for t in range(HORIZON)]


def open_loop(mode):
    """The policy that takes the actions of a plan, wherever it is."""
    policy = np.zeros(SHAPE)
    for t, name in enumerate(actions):
        policy[t, :, grid.actions.index(mode.assignment[name])] = 1.0
    return policy


solved = {
    "posterior": solve(net),
    "variational": solve(net, inference="variational"),
    "bellman": solve(grid, HORIZON, inference="bellman"),
}
policies = {
    "none: the prior": np.full(SHAPE, 1 / grid.n_actions),
    **{name: solution.policy for name, solution in solved.items()},
    "MAP, its actions": open_loop(posterior.mode()),
    "marginal MAP, its plan": open_loop(posterior.mode(*actions)),
}


def row(name):
    """The figures of one type of inference."""
    solution, real = solved.get(name), evaluate(grid, policies[name], temperature=ALPHA)
    value = f"{float(grid.initial @ solution.V.values[0]):.4f}" if solution else "–"
    believed = f"{float(solution.state_marginals.sel(t=HORIZON, s=goal)):.4f}" if solution else "–"
    ends = [f"{float(real.state_marginals.sel(t=HORIZON, s=s)):.4f}" for s in (goal, hole)]
    return [
        name,
        value,
        believed,
        *ends,
        f"{real.expected_reward:.4f}",
        f"{abs(real.entropy):.2f}",
        f"{real.objective:.4f}",
    ]


HEAD = ("inference", "V(start)", "believed", "goal", "hole", "reward", "entropy", "objective")
rows = [row(name) for name in policies]
for name, *figures in [HEAD, *rows]:
    print(f"{name:24}" + "".join(f"{figure:>10}" for figure in figures))

# %% [markdown]
# *Believed* is the probability of the goal by the solution's own state marginals; *goal* and *hole* are the
# true probabilities of ending there under its policy. *Reward* is the expected reward under the true
# dynamics: what `bellman` maximises. *Objective* is the same minus α·KL(policy ‖ prior): what `variational`
# maximises. *Entropy* is in nats, the rest in units of reward or probabilities. V of different rows are
# different quantities: certainty equivalents under different averages. The last two rows are plans that do
# not look where they are; the dice decide what becomes of them.

# %% tags=["hide-input"]
rewards = {cells[0]: float(cells[5]) for cells in rows}
objectives = {cells[0]: float(cells[7]) for cells in rows}
assert max(rewards, key=rewards.get) == "bellman"
assert max(objectives, key=objectives.get) == "variational"
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

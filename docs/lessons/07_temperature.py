# %% [markdown]
# # 7. Temperature
#
# **Question.** How greedy is the posterior?
#
# The temperature $\alpha$ is in units of reward. Halving it is the same as doubling all
# rewards: $p(O=1) = e^{(r-c)/\alpha}$ knows only the ratio.
#
# * $\alpha\to\infty$: rewards do not matter, and the policy is the prior.
# * $\alpha\to 0$: trajectories of less than the largest return are forgotten.

# %%
import numpy as np

from control_pgm import evaluate, gridworld, plot_temperature, solve

mdp = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
for alpha in (10.0, 1.0, 1 / 6, 1 / 30):
    start = np.asarray(solve(mdp, 9, temperature=alpha).policy.sel(t=0, s="(0,0)"))
    print(f"alpha = {alpha:7.3f}:", dict(zip(mdp.actions, start.round(3).tolist(), strict=True)))

# %% [markdown]
# At $\alpha=1$ this grid is nearly uniform: one reward of 1 at the end of nine steps weighs a
# factor of $e$, and luck does almost as much. Choose the temperature in proportion to the
# rewards that are to be told apart.

# %%
picture = plot_temperature(mdp, 9)

# %% [markdown]
# ## Only the ratio counts

# %%
scaled = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1, rewards={"G": 6.0, "H": -6.0})
one, other = solve(mdp, 9, temperature=1 / 6), solve(scaled, 9, temperature=1.0)
print("policies differ by", np.abs(one.policy.values - other.policy.values).max())
assert np.allclose(one.policy, other.policy, rtol=0, atol=1e-12)

# %% [markdown]
# ## What it gets
#
# A policy of the posterior is not made to have a large expected reward. Here is what each gets
# under the *true* dynamics, beside the optimum.

# %%
best = evaluate(mdp, solve(mdp, 9, inference="bellman").policy).expected_reward
print(f"optimal policy: {best:.4f}")
for alpha in (1.0, 0.3, 0.1, 0.03, 0.01):
    for kind in ("posterior", "variational"):
        got = evaluate(mdp, solve(mdp, 9, temperature=alpha, inference=kind).policy).expected_reward
        print(f"alpha = {alpha:5}: {kind:12} {got:.4f}")

# %% [markdown]
# The variational policy (next lesson) approaches the optimum as $\alpha\to 0$. The posterior
# need not: it plans for the luckiest course of events. That is lesson 9.
#
# ## Exercise
#
# With one action that surely pays 1 and one that surely pays 0, which temperature makes the
# first one nine times as likely as the second? Check with a process of one state and one step.

# %% tags=["hide-cell"]
from control_pgm import MDP

alpha = 1 / np.log(9)
choice = solve(MDP([[[1], [1]]], [[0.0, 1.0]]), 1, temperature=alpha).policy[0, 0]
print("alpha = 1/log 9 =", round(alpha, 6), "gives", np.asarray(choice).round(12))
assert np.isclose(choice[1], 0.9, rtol=0, atol=1e-12)

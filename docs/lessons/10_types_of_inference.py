# %% [markdown]
# # 10. Planning, most probable paths and other types of inference
#
# **Question.** "Control as inference": *which* inference?
#
# Sums and maxima, over actions and over states, can be combined in several ways. Each
# combination answers another question (Lázaro-Gredilla et al. 2024). One operator holds them
# together:
#
# $$\Phi^{\mu}_{\kappa,w}[f] = w\log\sum_{x:\,\mu(x)>0}\exp\frac{f(x) + \kappa\log\mu(x)}{w}$$
#
# * $w\to 0$: the maximum of $f + \kappa\log\mu$.
# * $\kappa = w\to\infty$: the expectation under $\mu$.
# * $\kappa = w < 0$: a pessimist's average.
#
# The backup is $Q_t = \Phi^P_{\kappa_s,w_s}[r + V_{t+1}]$, then
# $V_t = \Phi^{p}_{\kappa_a,w_a}[Q_t]$:
#
# | inference | actions $(\kappa_a,w_a)$ | states $(\kappa_s,w_s)$ | the question |
# |---|---|---|---|
# | `posterior` | $\alpha,\alpha$ | $\alpha,\alpha$ | what was done, given that all went well? |
# | `variational` | $\alpha,\alpha$ | $\infty,\infty$ | the best soft policy in the true world? |
# | `planning`, risk $\lambda$ | $0,0$ | $1/\lambda,1/\lambda$ | the best policy for exponential utility? |
# | `bellman` | $0,0$ | $\infty,\infty$ | the largest expected reward? |
# | `map` | $\alpha,0$ | $\alpha,0$ | the single most probable trajectory? |
# | `marginal-map` | all maxima after all sums | | the best sequence of actions, fixed in advance? |
# | `linearly-solvable` | no actions | $\alpha,\alpha$ | the best next states, if luck can be bought? |
#
# Here $\mu$ is the distribution over what is averaged or maximised: $P$ over next states, the prior
# $p(a\mid s)$ over actions. The last row (Todorov 2006) is explained on [another
# page](../reference/average_reward.py), as are [infinite horizons](../reference/infinite_horizons.py).

# %% [markdown]
# ## One recursion
#
# Here is the table as a program. It is short because the rows differ in four numbers only.

# %%
from itertools import pairwise

import numpy as np

from control_pgm import evaluate, gridworld, infer, plot_policy, solve, unroll

INF = np.inf


def operator(values, measure, kappa, w):
    """Phi over the last axis; what has measure zero does not count."""
    if w == INF:
        return (measure * np.where(measure > 0, values, 0.0)).sum(-1)
    with np.errstate(divide="ignore"):
        terms = np.where(measure > 0, values + (kappa * np.log(measure) if kappa else 0.0), -INF)
    if w == 0:
        return terms.max(-1)
    terms = np.where(measure > 0, terms / w, -INF)
    return w * np.logaddexp.reduce(terms, axis=-1)


def backward(mdp, reward, horizon, actions, states):
    """Q and V of all steps; ``reward`` is [s, a, s'], the action prior uniform."""
    uniform = np.full((mdp.n_states, mdp.n_actions), 1 / mdp.n_actions)
    q, v = np.zeros((horizon, mdp.n_states, mdp.n_actions)), np.zeros((horizon + 1, mdp.n_states))
    for t in reversed(range(horizon)):
        q[t] = operator(reward + v[t + 1], mdp.transition, *states)
        v[t] = operator(q[t], uniform, *actions)
    return q, v


# %% [markdown]
# The grid pays on entering: 1 for the goal, −1 for the hole, once.

# %%
grid = gridworld("S....\n.#.#.\n...H.\n.#..G", slip=0.2)
T, alpha = 9, 0.1
entering = np.array([{"(2,3)": -1.0, "(3,4)": 1.0}.get(s, 0.0) for s in grid.states])
reward = np.broadcast_to(entering, grid.transition.shape).copy()
for s in ("(2,3)", "(3,4)"):
    reward[grid.states.index(s)] = 0.0  # paid on entering, not for staying

soft, mean, free, best = (alpha, alpha), (INF, INF), (0.0, 0.0), (alpha, 0.0)
bold, careful = (alpha, alpha), (-alpha, -alpha)  # risk 1/alpha and -1/alpha
ROWS = {
    "posterior": (soft, soft, {"temperature": alpha}),
    "variational": (soft, mean, {"temperature": alpha}),
    "planning, bold": (free, bold, {"risk": 1 / alpha}),
    "planning, careful": (free, careful, {"risk": -1 / alpha}),
    "bellman": (free, mean, {}),
    "map": (best, best, {"temperature": alpha}),
}
solved = {}
for name, (actions, states, options) in ROWS.items():
    q, v = backward(grid, reward, T, actions, states)
    solved[name] = solve(grid, T, inference=name.split(",")[0], **options)
    difference = np.abs(q - solved[name].Q.values).max()
    print(f"{name:18} largest difference from solve: {difference:.1e}")
    assert difference < 1e-12

# %% [markdown]
# `solve` has no such recursion in it: it eliminates the variables of the network one by one,
# each with the operator of its kind, and finds the same.
#
# ## Planning with risk
#
# *Planning* chooses the actions freely and lets the dice fall by their chances, but scores a
# policy by exponential utility: the certainty equivalent
# $\frac1\lambda\log\mathbb{E}\,e^{\lambda\cdot\text{return}}$. Positive $\lambda$ loves risk,
# negative avoids it, and $\lambda\to 0$ is the standard optimum.


# %%
def chances(policy):
    """P(goal), P(hole) and expected reward of a policy under the true dynamics."""
    real = evaluate(grid, policy)
    goal, hole = (float(real.state_marginals.sel(t=T, s=s)) for s in ("(3,4)", "(2,3)"))
    return f"P(goal) {goal:.4f}   P(hole) {hole:.4f}   expected reward {real.expected_reward:.4f}"


for risk in (10.0, 1.0, 1e-4, -1.0, -10.0):
    planned = solve(grid, T, inference="planning", risk=risk)
    print(f"planning, risk {risk:7}: value {planned.value:7.4f}   {chances(planned.policy)}")
print(
    f"bellman                : value {solved['bellman'].V[0, 0]:7.4f}   {chances(solved['bellman'].policy)}"
)

# %%
# Picture: Bellman's policy: one sure action in every cell; at (2,2), left of the hole, it goes
# down.
picture = plot_policy(solved["bellman"], title="Bellman's optimum")

# %%
# Picture: The policy of planning at risk −10: at (2,2) it turns left, away from the hole and from
# the goal.
picture = plot_policy(solved["planning, careful"], title="planning, risk −10")

# %% [markdown]
# On this grid boldness changes nothing: the best policy already takes the chance that it needs.
# Caution does. At (2,2), beside the hole, Bellman's optimum goes down, and slips into the hole one
# time in ten. The careful policy turns back. It never falls in, and seldom arrives.

# %%
beside, fall = grid.states.index("(2,2)"), grid.states.index("(2,3)")
down, left = grid.actions.index("down"), grid.actions.index("left")
assert solved["bellman"].policy.values[0, beside, down] == 1.0
assert solved["planning, careful"].policy.values[0, beside, left] == 1.0
assert np.isclose(grid.transition[beside, down, fall], 0.1, rtol=0, atol=1e-12)
assert solved["planning, careful"].state_marginals.values[T, fall] < 1e-12

# %% [markdown]
# ## The most probable trajectory
#
# MAP takes every variable by maximum, the dice included. It is the *mode* of the posterior, one
# whole trajectory. The most probable state at each step is another question, with another
# answer.

# %%
net = unroll(grid, T, temperature=alpha)
posterior = infer(net, net.optimal)
mode = posterior.mode()
for t in range(T):
    marginal = posterior.marginal(f"s_{t}").array(f"s_{t}")
    print(f"t={t}: mode {mode.assignment[f's_{t}']} {mode.assignment[f'a_{t}']!s:6}", end="   ")
    print(f"most probable state {grid.states[int(marginal.argmax())]}")
print("log p(mode, O) =", round(mode.log_probability, 6), "nats")

# %%
by_values = (solved["map"].value - net.reward_shift.sum()) / alpha
print("the same by inference='map':", round(by_values, 6), "nats")
assert np.isclose(by_values, mode.log_probability, rtol=0, atol=1e-9)

# %% [markdown]
# ## A plan without looking
#
# Marginal MAP fixes all actions in advance: sums over all states first, then maxima over all
# actions. Maxima and sums do not commute, so this is no recursion over $V(s)$, and the clusters
# are larger. A policy that looks where it is cannot be worse. The plan below spends a step on
# going down once more than needed: it insures against a slip.

# %%
text, steps = "S..\n.#.\n..G", 5
open_loop = solve(gridworld(text, slip=0.2), steps, temperature=alpha, inference="marginal-map")
print(open_loop)
print("plan:", *open_loop.plan)
assert open_loop.plan.count("down") == 3  # two would do without a slip

# %% [markdown]
# In units of reward, with $\lambda = 1/\alpha$ and every action counted as one instead of
# weighed by the prior:
#
# $$\text{soft value} \ge \text{planning} \ge \text{marginal MAP} \ge \text{MAP}$$
#
# The last three are equal under deterministic dynamics from a known start: then there is
# nothing to look at. Why it holds, and where it does not, is explained beside the
# [table of all types](../reference/types_of_inference.py). (The soft value happens not to depend on
# the slip here: if all actions count alike, so do all directions.)

# %%
for slip in (0.2, 0.0):
    world = gridworld(text, slip=slip)
    counted = unroll(world, steps, temperature=alpha, action_prior="counting")
    belief = infer(counted, counted.optimal)
    shift = counted.reward_shift.sum()
    chain = [
        alpha * belief.log_evidence + shift,  # soft value
        solve(world, steps, inference="planning", risk=1 / alpha).value,
        solve(world, steps, temperature=alpha, inference="marginal-map").value,
        alpha * belief.mode().log_probability + shift,  # MAP
    ]
    print(f"slip {slip}:", " ≥ ".join(f"{value:.4f}" for value in chain))
    # Rounding may lift one by a hair where they are equal.
    assert all(larger >= smaller - 1e-9 for larger, smaller in pairwise(chain))

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** One state, one action, one step: it pays 1 or 0 with equal chances. For
# $\alpha = 1$ and $\lambda = 1$, compute the value by `posterior`, `variational`, `planning`,
# `bellman` and `map`.
#
# <details><summary>Answer</summary>
#
# With one action there is nothing to choose, and only the operator over outcomes is left.
#
# | inference | value |
# |---|---|
# | posterior, planning | $\log\left(\tfrac12 e^1 + \tfrac12 e^0\right) = 0.6201$ |
# | variational, Bellman | $\tfrac12\cdot 1 + \tfrac12\cdot 0 = 0.5$ |
# | map | $\max(1 + \log\tfrac12,\; 0 + \log\tfrac12) = 0.3069$ |
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
from control_pgm import MDP

coin = MDP.from_outcomes(
    [("x", "toss", 0.5, "won", 1.0), ("x", "toss", 0.5, "lost", 0.0)]
    + [(s, "toss", 1.0, s, 0.0) for s in ("won", "lost")],
    initial="x",
)
answers = {
    "posterior": 0.6201,
    "planning": 0.6201,
    "variational": 0.5,
    "bellman": 0.5,
    "map": 0.3069,
}
for kind, right in answers.items():
    options = {"risk": 1.0} if kind == "planning" else {}
    got = float(solve(coin, 1, inference=kind, **options).V.sel(t=0, s="x"))
    print(f"{kind:12} {got:.4f}")
    assert np.isclose(got, right, rtol=0, atol=1e-4)

# %% [markdown]
# **Exercise 2.** Which of these policies change if all rewards are multiplied by ten? Which if
# $\alpha$ is multiplied by ten as well? Decide from the table above, then try.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
for name, (actions, states, _) in ROWS.items():
    actions, states = ([10 * x for x in pair] for pair in (actions, states))
    rich, _ = backward(grid, 10 * reward, T, actions, states)
    assert np.allclose(rich, 10 * solved[name].Q, rtol=0, atol=1e-9)
print(
    "Only the ratios count: reward to temperature, and risk times reward. Bellman's optimum has neither."
)

# %% [markdown]
# **Exercise 3.** Planning at small risk is Bellman's optimum, nearly. How fast does the difference of
# the values vanish with $\lambda$, and what is its sign?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
standard = solved["bellman"].V[0, 0]
for risk in (0.1, 0.01, 0.001):
    apart = solve(grid, T, inference="planning", risk=risk).value - standard
    print(f"risk {risk:6}: difference {apart:.3e}, over risk {apart / risk:.5f}")
    assert apart > 0
print("In proportion to the risk: the slope is half the variance of the return of the best policy.")
real = evaluate(grid, solved["bellman"].policy)
goal_and_hole = [float(real.state_marginals.sel(t=T, s=s)) for s in ("(3,4)", "(2,3)")]
variance = sum(goal_and_hole) - real.expected_reward**2  # the return is 1, −1 or 0
assert np.isclose(apart / risk, variance / 2, rtol=0, atol=1e-3)

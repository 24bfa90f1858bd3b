# %% [markdown]
# # 10. Planning, most probable paths and other types of inference
#
# **Question.** "Control as inference": *which* inference?
#
# Sums and maxima, over actions and over states, can be combined in several ways. Each combination answers
# another question (Lázaro-Gredilla et al. 2024). One operator holds them together:
#
# $$\Phi^{\mu}_{\kappa,w}[f] = w\log\sum_{x:\,\mu(x)>0}\exp\frac{f(x) + \kappa\log\mu(x)}{w}$$
#
# * $w\to 0$: the maximum of $f + \kappa\log\mu$.
# * $\kappa = w\to\infty$: the expectation under $\mu$.
# * $\kappa = w < 0$: a pessimist's average.
#
# The backup is $Q_t = \Phi^P_{\kappa_s,w_s}[r + V_{t+1}]$, then $V_t = \Phi^{p}_{\kappa_a,w_a}[Q_t]$:
#
# | inference | actions $(\kappa_a,w_a)$ | states $(\kappa_s,w_s)$ | the question |
# |---|---|---|---|
# | `posterior` | $\alpha,\alpha$ | $\alpha,\alpha$ | what was done, given that all went well? |
# | `variational` | $\alpha,\alpha$ | $\infty,\infty$ | the best soft policy in the true world? |
# | `planning`, risk $\lambda$ | $0,0$ | $1/\lambda,1/\lambda$ | the best policy for exponential utility? |
# | `bellman` | $0,0$ | $\infty,\infty$ | the largest expected reward? |
# | `map` | $\alpha,0$ | $\alpha,0$ | the single most probable trajectory? |
# | `marginal-map` | all maxima after all sums | | the best sequence of actions, fixed in advance? |

# %% [markdown]
# ## One recursion
#
# Here is the table as a program. It is short because the rows differ in four numbers only.

# %%
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

soft, mean, free = (alpha, alpha), (INF, INF), (0.0, 0.0)
for name, actions, states in (("posterior", soft, soft), ("variational", soft, mean), ("bellman", free, mean)):
    q, v = backward(grid, reward, T, actions, states)
    options = {} if name == "bellman" else {"temperature": alpha}
    solution = solve(grid, T, inference=name, **options)
    print(f"{name:12} largest difference from solve: {np.abs(q - solution.Q.values).max():.1e}")
    assert np.allclose(v, solution.V, rtol=0, atol=1e-12)

# %% [markdown]
# ## Planning with risk
#
# *Planning* chooses the actions freely and lets the dice fall by their chances, but scores a policy by
# exponential utility: the certainty equivalent $\frac1\lambda\log\mathbb{E}\,e^{\lambda\cdot\text{return}}$.
# Positive $\lambda$ loves risk, negative avoids it, and $\lambda\to 0$ is the standard optimum.


# %%
def greedy(q):
    """The policy that is uniform over the best actions."""
    best = q >= q.max(-1, keepdims=True) - 1e-9
    return best / best.sum(-1, keepdims=True)


def chances(policy):
    """P(goal), P(hole) and expected reward of a policy under the true dynamics."""
    real = evaluate(grid, policy)
    goal, hole = (float(real.state_marginals.sel(t=T, s=s)) for s in ("(3,4)", "(2,3)"))
    return f"P(goal) {goal:.4f}   P(hole) {hole:.4f}   expected reward {real.expected_reward:.4f}"


for risk in (10.0, 1.0, 1e-4, -1.0, -10.0):
    q, v = backward(grid, reward, T, free, (1 / risk, 1 / risk))
    print(f"planning, risk {risk:7}: V {v[0, 0]:7.4f}   {chances(greedy(q))}")
print(f"bellman                : V {solution.V[0, 0]:7.4f}   {chances(solution.policy)}")

# %%
picture = plot_policy(solve(grid, T, temperature=alpha), title="posterior: believes in luck")

# %%
picture = plot_policy(solution, title="Bellman's optimum: keeps away from the hole")

# %% [markdown]
# ## The most probable trajectory
#
# MAP takes every variable by maximum, the dice included. It is the *mode* of the posterior, one whole
# trajectory. The most probable state at each step is another question, with another answer.

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
with_prior = backward(grid, reward, T, (alpha, 0.0), (alpha, 0.0))[1][0, 0]
shift = net.reward_shift.sum()
print("the same by the recursion:", round((with_prior - shift) / alpha, 6), "nats")
assert np.isclose((with_prior - shift) / alpha, mode.log_probability, rtol=0, atol=1e-9)

# %% [markdown]
# ## A plan without looking
#
# Marginal MAP fixes all actions in advance: sums over all states first, then maxima over all actions. Maxima
# and sums do not commute, so this is no recursion over $V(s)$, and the clusters are larger. A policy that
# looks where it is cannot be worse. The plan below spends a step on going down once more than needed: it
# insures against a slip.

# %%
steps = 5
short = unroll(gridworld("S..\n.#.\n..G", slip=0.2), steps, temperature=alpha)
belief = infer(short, short.optimal)
plan = belief.mode(*(f"a_{t}" for t in range(steps)))
print(plan)

# %% [markdown]
# In units of reward, with $\lambda = 1/\alpha$ and every action counted as one instead of weighed by the
# prior:
#
# $$\text{soft value} \ge \text{planning} \ge \text{marginal MAP} \ge \text{MAP}$$
#
# The last three are equal under deterministic dynamics from a known start: then there is nothing to look at.
# (The soft value happens not to depend on the slip here: if all actions count alike, so do all directions.)

# %%
text = "S..\n.#.\n..G"
for slip in (0.2, 0.0):
    world = gridworld(text, slip=slip)
    counted = unroll(world, steps, temperature=alpha, action_prior="counting")
    belief = infer(counted, counted.optimal)
    back = alpha * np.array([belief.log_evidence, belief.mode(*(f"a_{t}" for t in range(steps))).log_probability])
    back = np.append(back, alpha * belief.mode().log_probability) + counted.reward_shift.sum()
    paid = np.broadcast_to([float(s == "(2,2)") for s in world.states], world.transition.shape).copy()
    paid[world.states.index("(2,2)")] = 0.0
    planned = backward(world, paid, steps, free, soft)[1][0, 0]
    soft_value, open_loop, path = back
    print(f"slip {slip}: {soft_value:.4f} ≥ {planned:.4f} ≥ {open_loop:.4f} ≥ {path:.4f}")
    # Rounding may lift one by a hair where they are equal.
    assert soft_value + 1e-9 >= planned >= open_loop - 1e-9 >= path - 2e-9

# %% [markdown]
# ## Exercise
#
# Which of these policies change if all rewards are multiplied by ten? Which if $\alpha$ is multiplied by ten
# as well? Decide from the table above, then try.

# %% tags=["hide-cell"]
for actions, states in ((soft, soft), (soft, mean)):
    rich = backward(grid, 10 * reward, T, [10 * x for x in actions], [10 * x for x in states])[0]
    once = backward(grid, reward, T, actions, states)[0]
    assert np.allclose(rich, 10 * once, rtol=0, atol=1e-9)
print("Only the ratio counts. Bellman's optimum has no temperature: its policy never changes.")

# %% [markdown]
# # Average reward, and choosing next states
#
# Two further problems without a last step ([infinite horizons](infinite_horizons.py) has discount).
# In the first nothing ever ends or loses weight, and only the growth per step is asked for. In the
# second there are no actions: the controller chooses next states, at a price. Every number is
# computed while this page is built.

# %%
import matplotlib.pyplot as plt
import numpy as np

from control_pgm import (
    LinearlySolvable,
    forest,
    gridworld,
    solve,
    solve_average,
    solve_infinite,
    solve_linearly_solvable,
)

# %% [markdown]
# ## Average reward
#
# A forest is to be managed for ever, without discount. Then the posterior's messages never settle,
# but their *growth* does. Each step backwards multiplies the vector $\beta$ by the same matrix
#
# $$M(s,s') = \sum_a p(a\mid s)\,P(s'\mid s,a)\,e^{r(s,a)/\alpha}$$
#
# so that far from the end $\beta$ points along its leading eigenvector and grows by its leading
# eigenvalue $\lambda$ (Perron and Frobenius). The *soft average reward* is
# $\rho = \alpha\log\lambda$, in units of reward per step. The right eigenvector is the backward
# message, the left one the forward message, and their product the share of time spent in a state.

# %%
woods, warm = forest(), 2.0
average = solve_average(woods, temperature=warm)
print(average)
M = np.einsum("sax,sa->sx", woods.transition, np.exp(woods.reward / warm) / woods.n_actions)
eigenvalues, right = np.linalg.eig(M)
first = eigenvalues.real.argmax()
left = np.linalg.inv(right)[first]
share = (left * right[:, first]).real
print(f"\nby numpy's eigenvalues: rho = {warm * np.log(eigenvalues[first].real):.8f}")
print("share of time in each age:", average.state_marginals.values.round(6))
assert np.isclose(average.rate, warm * np.log(eigenvalues[first].real), rtol=0, atol=1e-9)
assert np.allclose(average.state_marginals, share / share.sum(), rtol=0, atol=1e-9)

# %% [markdown]
# Long horizons show the same in their middle: what a further step adds to the soft value, the
# policy, and the state marginals.

# %%
print("  T   growth of the soft value   largest difference of the policy, of the marginals")
for T in (4, 8, 16, 32):
    finite, longer = (solve(woods, steps, temperature=warm) for steps in (2 * T, 2 * T + 1))
    growth = longer.soft_value - finite.soft_value
    policy = np.abs(finite.policy.values[T] - average.policy).max()
    marginals = np.abs(finite.state_marginals.values[T] - average.state_marginals).max()
    print(f"{2 * T:3}   {growth:24.10f}   {policy:32.1e} {marginals:18.1e}")
assert max(abs(growth - average.rate), policy, marginals) < 1e-8

# %% [markdown]
# Is the soft average reward what the forest yields? No: it is a certainty equivalent, and
# optimistic. A fire takes one tenth of the forests that wait, so that nobody earns more than 3.24 a
# year. Towards $\alpha = 0$ the posterior expects 4, the yield of a forest that never burns.

# %%
almost = 0.9999  # (1 − gamma) V tends to the average reward as gamma tends to 1
patient = solve_infinite(forest(discount=almost), inference="bellman", method="policy-iteration")
optimum = (1 - almost) * float(patient.V[2])
never_burns = woods.reward.max()
print(f"largest average reward: {optimum:.4f} a step")
warmth = np.geomspace(0.03, 30, 25)
rates = [solve_average(woods, temperature=a).rate for a in warmth]
prior_chain = woods.transition.mean(axis=1)
stationary = np.linalg.matrix_power(prior_chain, 200)[0]
indifferent = float(stationary @ woods.reward.mean(axis=1))
print(f"of random choices:      {indifferent:.4f} a step")
assert abs(optimum - 3.24) < 1e-3
assert np.all(np.diff(rates) < 0)
assert indifferent < rates[-1] < optimum < rates[0] < never_burns

# %%
# Picture: The soft average reward falls from 4, the yield without any fire, at low temperature to
# the average of random choices at high temperature; it crosses the best true average, 3.24.
figure, ax = plt.subplots(figsize=(7, 3))
ax.semilogx(warmth, rates, "o-", color="#0072B2", markersize=4)
LEVELS = {
    "never a fire": (never_burns, 31, "right"),
    "best policy, with fires": (optimum, 31, "right"),
    "random choices, with fires": (indifferent, 0.03, "left"),
}
for text, (level, at, side) in LEVELS.items():
    ax.axhline(level, color="#333333", lw=1, ls="--")
    ax.text(at, level + 0.06, text, ha=side, fontsize=9)
ax.set(xlabel="temperature α (reward)", ylabel="soft average ρ (reward per step)", ylim=(0.4, 4.4))
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Before `solve_average` looks for eigenvalues it takes the process apart into classes of states
# that can reach each other. A process may fall into several; each state looks to the best one that
# it can reach (`.rates`). Where policies of finite horizons go round in a cycle, `.period` is its
# length.
#
# ## Linearly solvable problems
#
# Todorov (2006, 2009) leaves actions out. A controller replaces the *passive* dynamics $p(s'\mid s)$
# by any $u(s'\mid s)$, and pays $\alpha\operatorname{KL}(u\parallel p)$ for it; being in $s$ pays $q(s)$.
# The best choice is $u(s'\mid s) \propto p(s'\mid s)\,z(s')$, where the *desirability*
# $z = e^{V/\alpha}$ solves equations that are linear:
#
# | objective | equation |
# |---|---|
# | first exit | $z = e^{q/\alpha}\,P z$ inside, $z = e^{\text{final}/\alpha}$ at absorbing states |
# | finite horizon | $z_t = e^{q/\alpha}\,P z_{t+1}$ |
# | average | $\lambda z = e^{q/\alpha}\,P z$ |
# | discounted | $z = e^{q/\alpha}\,P z^\gamma$, no longer linear |
#
# Over a finite horizon this is a posterior, too: that of the network whose actions are next states
# and whose action prior is $p$. `solve(…, inference="linearly-solvable")` infers it there.
#
# Here a walker stumbles through a maze at random, and each step costs 1 until the exit is reached.

# %%
maze = gridworld("S..#.\n.#...\n.#.#.\n...#.\n.#..G")
passive = maze.transition.mean(axis=1)
cost = np.where(np.diag(passive) == 1.0, 0.0, -1.0)
problem = LinearlySolvable(passive, cost, states=maze.states)
exit_ = solve_linearly_solvable(problem, temperature=1.0)
print(exit_)
print("\nfrom (0,0):", "next state  passive  controlled", sep="\n")
for s, p in zip(maze.states, passive[0], strict=True):
    if p > 0:
        print(f"{s:>10}  {p:7.4f}  {exit_.controlled().sel(s='(0,0)')[maze.states.index(s)]:10.4f}")

# %% [markdown]
# `method="z-iteration"` repeats $z \leftarrow e^{q/\alpha}Pz$, as Todorov does; the default is
# Newton's method on $\log z$. Both prove their bound, and both agree with one linear system for the
# inner states.

# %%
slow = solve_linearly_solvable(problem, method="z-iteration")
print(f"z-iteration: {slow.iterations} sweeps, bound {slow.error_bound:.0e}")
print(f"Newton:      {exit_.iterations} sweeps, bound {exit_.error_bound:.0e}")
inner = ~problem.absorbing
weights = np.exp(cost[inner])[:, None] * passive[inner]
system = np.eye(inner.sum()) - weights[:, inner]
z = np.linalg.solve(system, weights[:, ~inner].sum(axis=1))
assert np.allclose(exit_.V.values[inner], np.log(z), rtol=0, atol=1e-9)
assert np.allclose(slow.V, exit_.V, rtol=0, atol=1e-9)

# %% [markdown]
# Shortest paths are a limit of it (Todorov 2006). A path of $d$ steps has probability at least
# $4^{-d}$ in the passive dynamics, hence $-d - \alpha d\log 4 \le V(s) \le -d$:

# %%
reachable = passive > 0
distance = np.where(problem.absorbing, 0, -1)
for step in range(1, maze.n_states):
    nearer = (reachable[:, distance == step - 1]).any(axis=1) & (distance < 0)
    distance[nearer] = step
print(f"steps from the start to the exit: {distance[0]}")
for temperature in (1.0, 0.1, 0.01):
    V = solve_linearly_solvable(problem, temperature=temperature).V.values
    print(f"alpha = {temperature:4}: V(start) = {V[0]:9.5f}")
    excess = -distance - V  # what stumbling adds to the shortest way
    assert excess.min() >= -1e-9
    assert np.all(excess <= temperature * distance * np.log(4) + 1e-9)

# %% [markdown]
# None of this is new to the network of [lesson 2](../lessons/02_from_mdp_to_network.py). Let the
# actions be next states and the action prior be $p(s'\mid s)$. Then $u$ is the posterior's policy
# $p(a\mid s,O)$, and $z$ the backward message.

# %%
as_network = solve(problem.as_mdp(first_exit=True), 400, action_prior=passive)
u = exit_.controlled().values
print(f"largest difference from the network: {np.abs(as_network.policy.values[0] - u).max():.1e}")
assert np.allclose(as_network.policy.values[0], u, rtol=0, atol=1e-9)

# %% [markdown]
# With discount there is a choice to be made. Todorov's equation has $z^\gamma$: discount makes the
# future cheaper, control costs included. That is the *variational* backup
# $V = q + \alpha\log\sum_{s'}p(s'\mid s)\,e^{\gamma V(s')/\alpha}$. The posterior takes discount
# as luck, $\gamma z + 1 - \gamma$ instead of $z^\gamma$. That is another problem: here, where only
# walking costs something, it hopes for an early end.

# %%
gamma = 0.9
todorov = solve_linearly_solvable(problem, "discounted", discount=gamma)
choices = problem.as_mdp(discount=gamma)
for kind in ("variational", "posterior"):
    same = solve_infinite(choices, inference=kind, action_prior=passive)
    apart = np.abs(same.V - todorov.V).max()
    print(
        f"{kind:12} V(start) = {same.V[0]:.6f}, from Todorov's {todorov.V[0]:.6f}: at most {apart:.0e}"
    )
    assert (apart < 1e-8) == (kind == "variational")

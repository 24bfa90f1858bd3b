# %% [markdown]
# # 7. Temperature
#
# **Question.** How greedy is the posterior?
#
# The temperature $\alpha$ is in units of reward. Halving it is the same as doubling all
# rewards: $p(O=1) = e^{(r-c)/\alpha}$ knows only the ratio.
#
# * $\alpha\to\infty$: rewards do not matter, and the policy is the prior.
# * $\alpha\to 0$: only trajectories of the largest return remain (the *return* is the sum of all
#   rewards).

# %%
import numpy as np

from control_pgm import MDP, evaluate, gridworld, plot_temperature, solve

mdp = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
for alpha in (10.0, 1.0, 1 / 6, 1 / 30):
    start = np.asarray(solve(mdp, 9, temperature=alpha).policy.sel(t=0, s="(0,0)"))
    print(f"alpha = {alpha:7.3f}:", dict(zip(mdp.actions, start.round(3).tolist(), strict=True)))

# %% [markdown]
# At $\alpha=1$ the policy is nearly uniform: a reward of 1 weighs a factor of $e$, and few of the
# trajectories of nine steps get it at all. Choose the temperature in proportion to the rewards that
# are to be told apart.

# %%
# Picture: p(a_0 | start) over temperatures as areas, by the posterior and by variational inference,
# both uniform from 0.3 on; beside them the expected reward of either policy and the optimum.
picture = plot_temperature(mdp, 9)

# %% [markdown]
# ## Only the ratio counts

# %%
scaled = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1, rewards={"G": 6.0, "H": -6.0})
one, other = solve(mdp, 9, temperature=1 / 6), solve(scaled, 9, temperature=1.0)
print("policies differ by", np.abs(one.policy.values - other.policy.values).max())
assert np.allclose(one.policy, other.policy, rtol=0, atol=1e-12)

# %% [markdown]
# ## Towards zero
#
# A policy of the posterior is not made to have a large expected reward. Nor does it get one in the
# limit. Three policies, run in the *true* dynamics:
#
# * the posterior's,
# * the *variational* one, which [lesson 8](08_maximum_entropy.py) derives: its backup is that of lesson
#   6, but with an expectation over next states instead of a soft maximum,
# * the standard optimum of Bellman's equation, with expectation and maximum, which has no
#   temperature and gets the largest expected reward that there is.
#
# Of the variational values we know how far they are from the optimum. A soft maximum with a uniform
# prior over $|A|$ actions lies below the maximum, by at most $\alpha\log|A|$, since a sum of positive
# terms is at least its largest one, and a mean is at most that:
#
# $$\max_a Q - \alpha\log|A| = \alpha\log\frac1{|A|}\max_a e^{Q/\alpha}
# \le \alpha\log\frac1{|A|}\sum_a e^{Q/\alpha} \le \alpha\log\max_a e^{Q/\alpha} = \max_a Q$$
#
# Each of $T$ steps adds one such error, so $0 \le V^* - V^{\text{var}} \le \alpha\,T\log|A|$ in every
# state; and the policy itself gets no less than $V^{\text{var}}$.

# %%
T = 9
optimum = solve(mdp, T, inference="bellman")
best = evaluate(mdp, optimum.policy).expected_reward
print(f"expected reward of the optimal policy: {best:.4f}\n")
print("         bound    variational              posterior")
print("alpha    αT log4  max V*−V  reward lost    V at the start  reward lost")
for alpha in (1.0, 0.3, 0.1, 0.03, 0.01, 0.003):
    exact, causal = (
        solve(mdp, T, temperature=alpha, inference=kind) for kind in ("posterior", "variational")
    )
    bound = alpha * T * np.log(4)
    apart = (optimum.V.values - causal.V.values).max()
    lost = [best - evaluate(mdp, found.policy).expected_reward for found in (causal, exact)]
    print(
        f"{alpha:5}  {bound:9.4f}  {apart:8.4f}  {lost[0]:11.4f}  "
        f"{exact.V[0, 0]:16.4f}  {lost[1]:11.4f}"
    )
    assert np.all(causal.V.values <= optimum.V.values + 1e-12)
    assert apart <= bound
    assert lost[0] <= best - causal.V[0, 0] + 1e-12
assert lost[0] < 0.01
assert lost[1] > 0.3

# %% [markdown]
# The variational policy reaches the optimum as $\alpha\to 0$. The posterior does not, at any
# temperature: its value tends to 1, the return of the luckiest course of events, and its policy
# relies on that luck. That is [lesson 9](09_optimism.py).
#
# ## Why the posterior's policy may earn more at the same temperature
#
# In the picture above the posterior's policy earns *more* than the variational one around
# $\alpha = 0.1$, though only the latter knows the true dynamics. There is no contradiction: neither
# maximises the reward. The variational policy maximises reward minus
# $\alpha\operatorname{KL}(\pi\parallel p)$, and at this temperature the goal is not worth the price:
# eight moves lead there over slippery ground, with nine steps to make them; a policy that heads for
# it has to leave the prior again and again, and what it then gets is an average over slips. The
# posterior puts $\alpha\log\mathbb{E}\,e^{V/\alpha} \ge \mathbb{E}\,V$ in the place of that average,
# so that lucky outcomes weigh more. The differences between good and bad actions are then larger, and
# the policy departs from the prior at a higher temperature already. It earns more because it pays
# more:

# %%
print("alpha = 0.1   reward   KL, nats  reward − alpha KL")
at_tenth = {
    kind: evaluate(mdp, solve(mdp, T, temperature=0.1, inference=kind).policy, temperature=0.1)
    for kind in ("posterior", "variational")
}
for kind, got in at_tenth.items():
    print(f"{kind:12} {got.expected_reward:7.4f} {got.divergence:10.4f} {got.objective:18.4f}")
assert at_tenth["posterior"].expected_reward > at_tenth["variational"].expected_reward
assert at_tenth["posterior"].objective < at_tenth["variational"].objective

# %% [markdown]
# At equal price the order is reversed. Cool the variational policy until its divergence from the
# prior is the posterior's, by bisection: no policy with that divergence, or less, earns more than it
# does, since at its own temperature it maximises reward minus a multiple of the divergence.

# %%
spent = at_tenth["posterior"].divergence
low, high = 0.01, 0.1
for _ in range(40):
    middle = (low + high) / 2
    found = solve(mdp, T, temperature=middle, inference="variational")
    same_price = evaluate(mdp, found.policy, temperature=middle)
    low, high = (middle, high) if same_price.divergence > spent else (low, middle)
print(
    f"variational at alpha = {middle:.4f}: KL {same_price.divergence:.4f} nats, reward "
    f"{same_price.expected_reward:.4f}; the posterior's policy {at_tenth['posterior'].expected_reward:.4f}"
)
assert np.isclose(same_price.divergence, spent, rtol=0, atol=1e-6)
assert same_price.expected_reward > at_tenth["posterior"].expected_reward

# %% [markdown]
# ## A schedule of temperatures
#
# Each step may have a temperature of its own: $p(O_t=1\mid\cdot) = e^{(r_t-c_t)/\alpha_t}$. Pass $T$
# numbers instead of one. Here is a schedule that cools down, and one that warms up, at (3,4), the cell
# above the goal:

# %%
cooling = np.geomspace(3, 0.03, T)
print("p(a_t | s_t=(3,4)):    ", *mdp.actions)
for name, schedule in {"cools": cooling, "warms": cooling[::-1]}.items():
    policy = solve(mdp, T, temperature=schedule).policy.sel(s="(3,4)")
    for t in (0, 4, 8):
        print(f"{name}, t={t}, alpha_t={schedule[t]:.2f}", np.asarray(policy.sel(t=t)).round(4))
cooled = solve(mdp, T, temperature=cooling).policy.sel(t=0, s="(3,4)")
warmed = solve(mdp, T, temperature=cooling[::-1]).policy.sel(t=0, s="(3,4)")
assert cooled.coords["a"][int(np.argmax(cooled))] == "up"
assert warmed.coords["a"][int(np.argmax(warmed))] == "down"

# %% [markdown]
# The cooling schedule first walks *away* from the goal. The prize is paid once, and in nats it is
# worth $1/\alpha_t$ at the time when it is paid: 1/3 at first, 33 in the end. So the posterior waits for
# the cold. The warming schedule hurries. A schedule is thus no way of exploring first and acting
# later; it says when rewards count.
#
# It is the same as other rewards, $r_t/\alpha_t$ in nats. Policy, marginals and evidence are as well
# defined as before. $Q$ and $V$ are not: there is no one unit of reward in which to give them. Asking
# for them says so:

# %%
rng = np.random.default_rng(0)
P, r, alphas = rng.dirichlet(np.ones(3), (3, 2)), rng.normal(size=(3, 2)), [2.0, 1.0, 0.5]
by_schedule = solve(MDP(P, r), 3, temperature=alphas)
by_rewards = solve(MDP(P, np.stack([r / alpha for alpha in alphas]), reward_axes="tsa"), 3)
print("policies differ by", np.abs(by_schedule.policy.values - by_rewards.policy.values).max())
assert np.allclose(by_schedule.policy, by_rewards.policy, rtol=0, atol=1e-12)
assert np.isclose(by_schedule.log_evidence, by_rewards.log_evidence, rtol=0, atol=1e-12)
try:
    print(by_schedule.V)
except AttributeError as problem:
    print(problem)

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** With one action that surely pays 1 and one that surely pays 0, which
# temperature makes the first one nine times as likely as the second?
#
# <details><summary>Answer</summary>
#
# The prior cancels, and $\pi(1)/\pi(0) = e^{1/\alpha}/e^{0} = 9$ for $\alpha = 1/\log 9 = 0.4551$.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
alpha = 1 / np.log(9)
choice = solve(MDP([[[1], [1]]], [[0.0, 1.0]]), 1, temperature=alpha).policy[0, 0]
print("alpha = 1/log 9 =", round(alpha, 6), "gives", np.asarray(choice).round(12))
assert np.isclose(choice[1], 0.9, rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** At which temperature does the variational policy earn half of the optimum on this
# grid? Its expected reward grows as the temperature falls, so halve an interval.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
low, high = 0.01, 1.0
for _ in range(30):
    middle = (low + high) / 2
    found = solve(mdp, T, temperature=middle, inference="variational")
    enough = evaluate(mdp, found.policy).expected_reward > best / 2
    low, high = (middle, high) if enough else (low, middle)
print(f"alpha = {middle:.4f}, expected reward {evaluate(mdp, found.policy).expected_reward:.4f}")
assert np.isclose(evaluate(mdp, found.policy).expected_reward, best / 2, rtol=0, atol=1e-6)

# %% [markdown]
# **Exercise 3.** Keep $\alpha = 1/6$ and give the agent more time: 9, 18, 36 and 72 steps. Does the
# posterior's policy at the start become more decided or less? Why?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
spread = {}
for steps in (9, 18, 36, 72):
    longer = solve(mdp, steps, temperature=1 / 6)
    reached = float(longer.state_marginals.sel(t=steps, s="(4,4)"))
    start = np.asarray(longer.policy.sel(t=0, s="(0,0)")).round(4)
    print(f"T = {steps:2}: p(a_0 | start) {start}, believed to arrive with {reached:.4f}")
    spread[steps] = np.ptp(start)
assert spread[18] == max(spread.values())
print(
    "First more: with 9 steps arriving is improbable even given O=1, since a prize of 1 weighs little."
)
print("Then less: with time to spare the first step matters little for arriving at all.")

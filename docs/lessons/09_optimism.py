# %% [markdown]
# # 9. Optimism, and what variational inference repairs
#
# **Question.** May you trust the posterior's policy?
#
# The posterior conditions on success. Success has two causes, good actions and good luck, and
# evidence speaks for both:
#
# $$\begin{aligned}
# p(s'\mid s,a,O=1) &= \frac{p(s',\,O_{t:T-1}=1\mid s,a)}{p(O_{t:T-1}=1\mid s,a)} \\
# &= \frac{P(s'\mid s,a)\;p(O_t=1\mid s,a,s')\;\beta_{t+1}(s')}{\beta_t(s,a)}
# \end{aligned}$$
#
# (The past cancels as in lesson 5; the second line splits the numerator as in lesson 4.)
# That is $P(s'\mid s,a)$ where the dynamics are deterministic, or where all possible $s'$ are
# equally good; otherwise good outcomes become more probable. The posterior believes in luck. Levine
# (2018, section 2.3) calls it optimistic and risk-seeking.
#
# ## A ticket or a wage
#
# Each step either works for a sure 0.4, or buys a ticket that pays 1 with probability one
# tenth.

# %%
import numpy as np

from control_pgm import (
    MDP,
    evaluate,
    gridworld,
    optimism_report,
    plot_marginals,
    plot_optimism,
    plot_policy,
    solve,
)

ticket = MDP.from_outcomes(
    [
        ("day", "work", 1.0, "day", 0.4),
        ("day", "ticket", 0.1, "day", 1.0),
        ("day", "ticket", 0.9, "day", 0.0),
    ]
)
print("alpha  p(ticket): posterior  variational")
for alpha in (1.0, 0.3, 0.1, 0.03):
    lucky = float(solve(ticket, 1, temperature=alpha).policy.sel(t=0, s="day", a="ticket"))
    sober = float(
        solve(ticket, 1, temperature=alpha, inference="variational").policy.sel(
            t=0, s="day", a="ticket"
        )
    )
    print(f"{alpha:5}  {lucky:20.4f}  {sober:11.4f}")
assert lucky > 0.99 > 0.01 > sober

# %% [markdown]
# A lower temperature does not cure the optimism. It *makes* it:
# $\alpha\log\mathbb{E}\,e^{r/\alpha}$ tends to the largest possible reward, not to the expected
# one.
#
# ## A slippery lake
#
# On this lake only every third step goes where it should; otherwise it slips to one side.
# Reaching the goal pays 1, so the expected reward is the probability of reaching it in time.

# %%
lake = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
goal, horizon, alpha = "(3,3)", 30, 0.02
exact = solve(lake, horizon, temperature=alpha)
causal = solve(lake, horizon, temperature=alpha, inference="variational")
best = solve(lake, horizon, inference="bellman")

believed = float(exact.state_marginals.sel(t=horizon, s=goal))
print(f"posterior:   believes to reach the goal with {believed:.3f}")
for name, solution in {"posterior": exact, "variational": causal, "optimal": best}.items():
    reached = float(evaluate(lake, solution.policy).state_marginals.sel(t=horizon, s=goal))
    print(f"{name + ':':12} reaches it with             {reached:.3f}")

# %% [markdown]
# The posterior is sure, because success is its condition. Its policy would be fine in the world that it
# believes in.

# %%
transition = exact.posterior.conditional("s_1", given={"s_0": "(0,0)", "a_0": "down"})
real = lake.transition[0, lake.actions.index("down")]
print("next state after 'down' at the start")
print("state   true   believed")
for s, (p, b) in enumerate(zip(real, transition.array("s_1"), strict=True)):
    if p > 0:
        print(f"{lake.states[s]}  {p:.3f}  {b:.3f}")

# %% [markdown]
# One call gathers these numbers, and measures the luck: by how many nats the posterior's dynamics
# diverge from the true ones, summed over the steps.

# %%
report = optimism_report(lake, horizon, temperature=alpha, event=[goal])
print(report)
assert report.believed.chance > 0.99
assert report.gets.chance < report.variational.chance < report.optimal.chance
assert report.dynamics > report.policy

# %% [markdown]
# The posterior departs from the prior in its actions by half a nat, and in its dynamics by several:
# most of its success is luck.

# %%
# Picture: Two panels of states against time, darker where more probable. Belief: all mass ends in
# the goal. Reality: most mass ends in the holes.
picture = plot_marginals(exact)

# %% [markdown]
# ## The repair
#
# Variational inference (lesson 8) may change the actions only. It keeps $P$, and so cannot
# hope. As $\alpha\to 0$ its policy becomes the optimal one, while the posterior's does not
# ([lesson 7](07_temperature.py) has the numbers and the bound). What it pays is the gap:

# %%
print(f"ELBO {causal.elbo:.1f} ≤ log p(O=1) {causal.log_evidence:.1f} nats; gap {causal.gap:.1f}")
# Picture: The lake with the variational policy at t = 0 as triangles; beside holes it leans away
# from them.
picture = plot_policy(causal)

# %% [markdown]
# Below: how often the posterior believes to get there, how often its policy does, and how often
# the variational policy does, over temperatures.

# %%
# Picture: Probability of the goal over inverse temperature. What the posterior believes rises to
# 1; what its policy gets stays near 0.02, below the variational policy and the optimum, about
# 0.07.
picture = plot_optimism(lake, 12)

# %% [markdown]
# ## Averaging the reward makes it incoherent
#
# Replace $r(s,a,s')$ by its mean over $s'$ *inside* exact inference. Then luck is believed in,
# but not paid for: beside the goal each step earns a third of the prize, and the posterior
# believes that it slips back again and again, to earn the next third. The prize, which is paid
# once, is collected eight times.

# %%
averaged = MDP(
    lake.transition, lake.reward, initial=lake.initial, states=lake.states, actions=lake.actions
)
dreamer = solve(averaged, horizon, temperature=alpha)
for name, solution in {"r(s,a,s')": exact, "averaged": dreamer}.items():
    beside = float(solution.state_marginals.sel(s="(3,2)").values.sum())
    arrives = float(solution.state_marginals.sel(t=horizon, s=goal))
    print(
        f"{name:10} believed: {beside:5.1f} steps beside the goal, at it in the end with {arrives:.3f}"
    )
earned = (dreamer.state_action_marginals.values * averaged.reward).sum()
print(
    f"prize that the averaged posterior believes to collect: {earned:.2f}, though it is paid once"
)
assert earned > 8

# %% [markdown]
# Bayesian inference needs $\mathbb{E}\,e^{r/\alpha}$, with $s_{t+1}$ a parent of $O_t$. The backups of
# the variational and the standard optimum are linear in the reward; for them the average is right.

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** For the ticket and the wage with one step: write the odds of the ticket
# under the posterior, and under variational inference, as functions of $\alpha$. Which one tends to
# infinity as $\alpha\to 0$?
#
# <details><summary>Answer</summary>
#
# $$\begin{aligned}
# \text{posterior:} &\quad \frac{0.1\,e^{1/\alpha} + 0.9}{e^{0.4/\alpha}} = 0.1\,e^{0.6/\alpha} + 0.9\,e^{-0.4/\alpha}
# \to\infty \\
# \text{variational:} &\quad \frac{e^{0.1/\alpha}}{e^{0.4/\alpha}} = e^{-0.3/\alpha}\to 0
# \end{aligned}$$
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
for a in (1.0, 0.3, 0.1):
    odds = 0.1 * np.exp(0.6 / a) + 0.9 * np.exp(-0.4 / a)
    got = float(solve(ticket, 1, temperature=a).policy.sel(t=0, s="day", a="ticket"))
    print(f"alpha = {a}: odds {odds:.4f}, p(ticket) {got:.4f}")
    assert np.isclose(got, odds / (1 + odds), rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** How much of the posterior's probability of success is luck? Compute
# $p(s_T=\text{goal}\mid O=1)$ when the *dynamics* are the posterior's and the *actions* are
# uniform.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
belief = np.asarray(lake.initial)
for t in range(horizon):
    bent = exact.posterior.conditional(f"s_{t + 1}", given=(f"s_{t}", f"a_{t}"), undefined="nan")
    table = np.nan_to_num(bent.array(f"s_{t}", f"a_{t}", f"s_{t + 1}"))
    belief = np.einsum("s,sax->x", belief, table) / lake.n_actions
print(
    f"uniform actions in the believed world reach the goal with {belief[lake.states.index(goal)]:.3f}"
)
print("Nearly all of it: under the posterior's dynamics the choice of actions hardly matters.")
assert belief[lake.states.index(goal)] > 0.95

# %% [markdown]
# **Exercise 3.** Freeze the lake harder: `slip=0`. What do you expect of the divergence of the
# dynamics, of the believed and the real probability of the goal?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
firm = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=0, rewards={"H": 0})
sure = optimism_report(firm, horizon, temperature=alpha, event=[goal])
print(
    f"dynamics {sure.dynamics:.2e} nats, believed {sure.believed.chance:.6f}, real {sure.gets.chance:.6f}"
)
assert abs(sure.dynamics) < 1e-9
assert np.isclose(sure.believed.chance, sure.gets.chance, rtol=0, atol=1e-9)
print("Deterministic dynamics cannot be bent: what is believed is what happens.")

# %% [markdown]
# # 2. From a decision process to a network
#
# **Question.** How does a decision problem become a question about probabilities?
#
# You are at home or at the shop. *Stay* keeps you where you are. *Go* brings you to the shop
# half of the time. Being at the shop pays 1 per step. What should you do?
#
# A *Markov decision process* has states $s$, actions $a$, transition probabilities
# $P(s'\mid s,a)$ to the next state $s'$, and rewards $r(s,a)$. It takes a fixed number $T$ of steps,
# the *horizon*.

# %%
import numpy as np

from control_pgm import MDP, infer, plot_network, plot_transitions, unroll

mdp = MDP(
    [
        [[1, 0], [0.5, 0.5]],  # from home: stay, go
        [[0, 1], [0, 1]],  # from the shop: there is no way back
    ],
    [0.0, 1.0],  # the reward of being at home, at the shop
    initial="home",
    states=["home", "shop"],
    actions=["stay", "go"],
)
print(mdp)
# Picture: Two circles, home and shop. From home, stay leads back and go leads to either with
# probability one half; at the shop both actions stay.
picture = plot_transitions(mdp)

# %% [markdown]
# ## Optimality as a random variable
#
# Levine (2018, section 2.2) adds one binary variable $O_t$ to every step: "this step was
# optimal". Its probability grows with the reward:
#
# $$p(O_t = 1\mid s_t,a_t) = \exp\frac{r(s_t,a_t) - c_t}{\alpha}$$
#
# * $\alpha > 0$ is the **temperature**, in units of reward. A small one makes rewards matter
#   more.
# * $c_t$ is the largest reward that is possible at $t$. The papers assume $r \le 0$; the shift
#   makes a probability of any reward. With a fixed horizon it does not change the posterior.
# * Time counts from 0: states $s_0,\ldots,s_T$, actions $a_0,\ldots,a_{T-1}$. (The papers count
#   from 1.)
#
# Actions get a **prior** $p(a\mid s)$, uniform unless you say otherwise. The joint distribution
# of a *trajectory* $\tau = (s_0, a_0, s_1, \ldots, s_T)$ and of all $O_t$ is
#
# $$p(\tau, O) = p(s_0)\prod_{t=0}^{T-1} p(a_t\mid s_t)\,P(s_{t+1}\mid s_t,a_t)\,p(O_t\mid s_t,a_t)$$
#
# That is a Bayesian network, and `unroll` builds it.
#
# ## What it means to condition on optimality
#
# Given that every step was optimal, a trajectory is as probable as it would be by chance, times the
# exponential of its return (the sum of its rewards):
#
# $$\begin{aligned}
# p(\tau\mid O=1) &= \frac{p(\tau, O=1)}{p(O=1)} \\
# &= \frac{1}{p(O=1)}\;p(s_0)\prod_t p(a_t\mid s_t)\,P(s_{t+1}\mid s_t,a_t)\;
# \prod_t\exp\frac{r(s_t,a_t) - c_t}{\alpha} \\
# &= \frac{e^{-\sum_t c_t/\alpha}}{p(O=1)}\;p(\tau)\,\exp\left(\frac1\alpha\sum_t r(s_t,a_t)\right) \\
# &\propto p(\tau)\,\exp\left(\frac1\alpha\sum_t r(s_t,a_t)\right)
# \end{aligned}$$
#
# Here $p(\tau)$ has the prior over actions and the true dynamics. The fraction in the third line does
# not depend on $\tau$, so that the shifts $c_t$ cancel. Returns count with their exponentials, and
# chance counts as well: a trajectory needs to be both good and possible.

# %%
net = unroll(mdp, horizon=3, temperature=1.0)
print(*net.topological)
# Picture: Network of three steps: states below, actions above them, observed optimality nodes on
# top. Each optimality node and each next state has arrows from the state and the action of its
# step.
picture = plot_network(net, asked=["a_0"])

# %% [markdown]
# The grey nodes are observed: we *assume* that every step was optimal and ask what the actions
# were. The tables are ordinary conditional tables. Here are all three kinds.

# %%
for name in ("a_0", "s_1", "O_0"):
    print(net.cpd(name), "\n")
assert np.allclose(net.cpd("O_0").array("s_0", "a_0", "O_0")[..., 1], np.exp([[-1, -1], [0, 0]]))

# %% [markdown]
# Transition tables do not change from slice to slice. They exist once in memory, however long
# the network is.

# %%
assert net.cpd("s_1").scaled is net.cpd("s_3").scaled
print("c_t =", net.reward_shift)

# %% [markdown]
# ## Ask
#
# `net.optimal` is the evidence $O_0 = O_1 = O_2 = 1$. Without evidence both actions are equally
# likely. With it, going is better, and the more so the more steps are left.

# %%
before = infer(net)
after = infer(net, net.optimal)
print(
    "p(a_0=go | s_0=home)      ", before.conditional("a_0", given={"s_0": "home"}).array("a_0")[1]
)
for t in range(3):
    p = after.conditional(f"a_{t}", given={f"s_{t}": "home"}).array(f"a_{t}")[1]
    print(f"p(a_{t}=go | s_{t}=home, O=1) {p:.6f}")

# %% [markdown]
# By hand, for the last two steps: at $t=2$ the reward is already decided by $s_2$, so both
# actions are equally good. At $t=1$ going leads to the shop half of the time, where the last step is
# optimal with probability 1 instead of $e^{-1}$. What both actions share cancels, and
# $p(\text{go}) = \frac{(1 + e^{-1})/2}{(1 + e^{-1})/2 + e^{-1}}$.

# %%
by_hand = (1 + np.exp(-1)) / 2 / ((1 + np.exp(-1)) / 2 + np.exp(-1))
print(f"by hand at t=1: {by_hand:.6f}")
engine = after.conditional("a_1", given={"s_1": "home"}).array("a_1")[1]
assert np.isclose(engine, by_hand, rtol=0, atol=1e-12)

# %% [markdown]
# ## Rewards that depend on the outcome
#
# Many rewards are paid on *arriving*: $r(s,a,s')$. Then $s_{t+1}$ becomes a second parent of
# $O_t$. The difference is more than a convention; see [lesson 9](09_optimism.py) and [common
# errors](../reference/common_errors.py).

# %%
arriving = np.broadcast_to([0.0, 1.0], (2, 2, 2))  # [s, a, s']: paid for where you arrive
paid_later = MDP(
    mdp.transition, arriving, reward_axes="sas", initial="home", states=["home", "shop"]
)
print("parents of O_0:", *(v.name for v in unroll(paid_later, 3).cpd("O_0").parents))

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** Two steps ($T=2$), $\alpha = 1$, from home. Add up $p(\tau)$ times the
# probability that both steps are optimal over all ways to be at home or at the shop at $t=1$. What is
# $p(O_0=O_1=1)$?
#
# <details><summary>Answer</summary>
#
# The largest reward is 1, so a step at home is optimal with probability $e^{0-1} = e^{-1}$, at the
# shop with 1. The first step is at home. With probability one half the action is *stay*; with one
# half it is *go*, which works half of the time.
#
# $$\begin{aligned}
# p(s_1 = \text{shop}) &= \tfrac12\cdot\tfrac12 = \tfrac14 \\
# p(O_0=O_1=1) &= e^{-1}\left(\tfrac34\,e^{-1} + \tfrac14\cdot 1\right) = 0.1935
# \end{aligned}$$
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
two = unroll(mdp, horizon=2)
print("p(O_0=O_1=1) =", np.exp(infer(two, two.optimal).log_evidence).round(6))
right = np.exp(-1) * (3 / 4 * np.exp(-1) + 1 / 4)
assert np.isclose(np.exp(infer(two, two.optimal).log_evidence), right, rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** What is $p(s_1 = \text{shop}\mid O=1)$? Going works half of the time. So is it one half
# of $p(a_0=\text{go}\mid O=1)$, or more? Why?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
arrived = after.marginal("s_1").value({"s_1": "shop"})
went = after.marginal("a_0").value({"a_0": "go"})
print(f"p(s_1=shop | O=1) = {arrived:.4f}, half of p(a_0=go | O=1) = {went / 2:.4f}")
print("Evidence about the future is evidence of luck as well as of choice (lesson 9).")
assert arrived > went / 2

# %% [markdown]
# **Exercise 3.** Pay 5 more in every step, whatever happens. Which of these change: the shifts $c_t$,
# $p(O_t=1\mid s_t,a_t)$, $p(O=1)$, the policy?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
richer = unroll(MDP(mdp.transition, [5.0, 6.0], initial=0), horizon=3)
better = infer(richer, richer.optimal)
print("shifts:", richer.reward_shift, " log p(O=1):", better.log_evidence, "as", after.log_evidence)
assert np.allclose(richer.reward_shift, net.reward_shift + 5, rtol=0, atol=1e-12)
assert np.isclose(better.log_evidence, after.log_evidence, rtol=0, atol=1e-12)
policies = [found.conditional("a_0", given="s_0").array("s_0", "a_0") for found in (after, better)]
assert np.allclose(*policies, rtol=0, atol=1e-12)
print("Only the shifts: they take up what is paid in any case.")

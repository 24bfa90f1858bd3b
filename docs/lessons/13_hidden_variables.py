# %% [markdown]
# # 13. Hidden variables
#
# **Question.** What if actions are driven by something that is not in the state: a skill, a mood
# that lasts, a plan of a higher layer?
#
# Then it is a further variable, and the query stays the same. A `ControlModel` declares such
# processes slice by slice: variables by role, rewards over parts of a slice, and what each action
# sees. `unroll` and `solve` take it as they take an MDP.

# %%
import matplotlib.pyplot as plt
import numpy as np

from control_pgm import CPD, ControlModel, Reward, Variable, infer, plot_network, solve, unroll

# %% [markdown]
# ## A skill for the episode
#
# A walker on a line of seven places starts in the middle. A skill $z$ is drawn once and stays; it
# decides which way the walker leans, $p(a\mid z)$. The right end pays 1, the left end one half.
#
# $$p(z)\,p(s_0)\prod_t p(a_t\mid z)\,p(s_{t+1}\mid s_t,a_t)\,p(O_t=1\mid s_{t+1})$$

# %%
n, T = 7, 6
s, after = (Variable(name, n, kind="state") for name in ("s", "s'"))
a = Variable("a", ["left", "right"], kind="action")
z = Variable("z", ["leftish", "rightish"], kind="latent")
move = np.zeros((n, 2, n))
for place in range(n):
    move[place, 0, max(place - 1, 0)] = move[place, 1, min(place + 1, n - 1)] = 1
start = CPD(s, [], np.eye(n)[3])
lean = CPD(a, [z], [[0.8, 0.2], [0.2, 0.8]])
skill = CPD(z, [], [0.5, 0.5])


def walker(pays, sees=("s", "z")):
    """The walker with a reward for each place that it enters."""
    step = [lean, CPD(after, [s, a], move)]
    return ControlModel(
        [start], step, [Reward("", ["s'"], pays)], episode=[skill], sees={"a": sees}
    )


ends = np.array([0.5, 0, 0, 0, 0, 0, 1.0])
# Picture: Network of two steps: the skill z with edges to both actions, states in a row, one
# optimality node for each step.
picture = plot_network(unroll(walker(ends), 2))

# %% [markdown]
# Optimality is evidence about the skill, like any observation: $p(z\mid O=1)$ is an ordinary query.
# The posterior has two policies. With $z$ in view it is $p(a_t\mid s_t,z,O=1)$, without it the mixture
#
# $$p(a_t\mid s_t,O=1) = \sum_z p(z\mid s_t,O=1)\,p(a_t\mid s_t,z,O=1).$$

# %%
seen, unseen = (
    solve(walker(ends), T, temperature=0.5),
    solve(walker(ends, ["s"]), T, temperature=0.5),
)
print("p(z | O=1) =", seen.posterior.marginal("z").array().round(4))
t = 2
weights = seen.posterior.conditional("z", given=f"s_{t}", undefined="nan").array(f"s_{t}", "z")
mixture = np.einsum("sz,sza->sa", weights, seen.policy.values[t])
reached = ~np.isnan(weights[:, 0])
assert np.allclose(mixture[reached], unseen.policy.values[t][reached], rtol=0, atol=1e-12)
print(unseen.policy.sel(t=t))

# %% [markdown]
# A skill with several tasks is an *embedding* (Hausman, Springenberg, Wang, Heess and Riedmiller
# 2018): each task, a reward, is mapped to a distribution over $z$, and tasks that need the same
# skill lie together. Here the map is Bayes' rule.

# %%
tasks = {
    "right end": np.eye(n)[6],
    "right of the middle": np.where(np.arange(n) > 3, 0.5, 0.0),
    "stay near": np.where(np.arange(n) == 3, 1.0, 0.0),
    "left end": np.eye(n)[0],
}
for name, pays in tasks.items():
    found = (
        solve(walker(pays), T, temperature=0.25).posterior.marginal("z").value({"z": "rightish"})
    )
    print(f"{name:20} p(rightish | O=1) = {found:.3f}")

# %% [markdown]
# ## What the past says about the future
#
# With full observation the past is irrelevant given the state, so that
# $p(a_t\mid s_t,O_{0:T-1}) = p(a_t\mid s_t,O_{t:T-1})$. With something hidden it is not: past optimality
# tells which skill was drawn, and the skill goes on. Two characters, one that turns back to the middle
# and one that goes on outwards, and pay that grows with the distance:

# %%
inwards = np.where(np.arange(n) > 3, 0, 1)  # the action that leads to the middle
character = np.full((n, 2, 2), 0.2)
for place in range(n):
    character[place, 0, inwards[place]] = character[place, 1, 1 - inwards[place]] = 0.8
distance = np.abs(np.arange(n) - 3) / 3


def both_conditionals(choice, t, **hidden):
    """The policy of step t at place 4 given optimality of all steps, and of those from t on."""
    step = [choice, CPD(after, [s, a], move)]
    model = ControlModel([start], step, [Reward("", ["s'"], distance)], sees={"a": ["s"]}, **hidden)
    network = unroll(model, T, temperature=0.3)
    later = {name: 1 for name in network.optimal if int(name.split("_")[-1]) >= t}
    given = {f"s_{t}": 4}
    both = (infer(network, evidence) for evidence in (network.optimal, later))
    return [
        posterior.conditional(f"a_{t}", given=given, undefined="nan").array() for posterior in both
    ]


given_all, given_later = both_conditionals(CPD(a, [s, z], character), t=5, episode=[skill])
print("a hidden character:", given_all.round(4), given_later.round(4))
assert np.abs(given_all - given_later).max() > 0.01
given_all, given_later = both_conditionals(CPD(a, [s], character.mean(axis=1)), t=5)
print("none:              ", given_all.round(4), given_later.round(4))
assert np.allclose(given_all, given_later, rtol=0, atol=1e-12)

# %% [markdown]
# ## Exploration that keeps its direction
#
# Let $z_t$ change now and then: $p(z_{t+1}=z_t)=\rho$. Each single action is still left or right with
# probability one half, whatever $\rho$ is; but they are no longer independent, and the walk gets
# further (Gupta, Mendonca, Liu, Abbeel and Levine 2018). How far is exact: the joint of the network
# without any optimality, with a distant place that is never left again.

# %%
goal, steps = 12, 30


def wanderer(rho):
    """A walk on 0 … goal, from 0; the goal is never left."""
    x, x1 = Variable("x", goal + 1, kind="state"), Variable("x'", goal + 1, kind="state")
    w, w1 = (Variable(name, 2, kind="latent") for name in ("w", "w'"))
    walk = np.zeros((goal + 1, 2, goal + 1))
    for place in range(goal + 1):
        walk[place, 0, goal if place == goal else max(place - 1, 0)] = 1
        walk[place, 1, min(place + 1, goal)] = 1
    return ControlModel(
        [CPD(x, [], np.eye(goal + 1)[0]), CPD(w, [], [0.5, 0.5])],
        [
            CPD(a, [w], [[0.95, 0.05], [0.05, 0.95]]),
            CPD(x1, [x, a], walk),
            CPD(w1, [w], [[rho, 1 - rho], [1 - rho, rho]]),
        ],
        [Reward("", ["x'"], np.eye(goal + 1)[goal])],
        sees={"a": ["x", "w"]},
    )


persistence = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
reach = []
for rho in persistence:
    walk = infer(unroll(wanderer(rho), steps))
    assert np.allclose(walk.marginal("a_20").array(), 0.5, rtol=0, atol=1e-12)
    reach.append(float(walk.marginal(f"x_{steps}").array()[goal]))
print("independent:", round(reach[0], 4), " coherent:", [round(p, 4) for p in reach[1:]])
assert all(np.diff(reach) > 0)

figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(persistence, reach, "o-")
axes.set(xlabel="persistence ρ of the latent", ylabel=f"reaches {goal} in {steps} steps")
# Picture: The probability of reaching a place 12 steps away in 30 steps, over the persistence of
# the latent variable: one in twenty for independent steps, more than one half at 0.98.
picture = axes

# %% [markdown]
# The same number decides how long one waits for the first reward: with a sparse reward the evidence
# $p(O=1)$ is dominated by the walks that arrive. It is a marginal of the same network.

# %%
for rho in (0.5, 0.95):
    print(
        f"ρ = {rho}: log p(O=1) = {solve(wanderer(rho), steps, temperature=0.2).log_evidence:.2f}"
    )

# %% [markdown]
# ## Layers
#
# A policy that was found for one purpose can be the action prior of the next (Haarnoja, Hartikainen,
# Abbeel and Levine 2018). The lower layer chooses $a$ given $s$ and a latent command $h$, which leans
# its prior, and is rewarded for safety. The upper layer then chooses $h$; the lower layer's policy
# $\pi(a\mid s,h)$ is a table of its network like any other.

# %%
cliff = np.array([-3.0, 0, 0, 0, 0, 0, 0])
command = Variable("h", ["west", "east"], kind="latent")
own_lean = CPD(a, [command], [[0.7, 0.3], [0.3, 0.7]])
lower = ControlModel(
    [start],
    [CPD(command, [], [0.5, 0.5]), own_lean, CPD(after, [s, a], move)],
    [Reward("safe", ["s'"], cliff)],
    sees={"a": ["s", "h"]},
)
safe = solve(lower, T, inference="variational", temperature=0.5)
chosen = Variable("h", ["west", "east"], kind="action")
skillful = Variable("a", ["left", "right"], kind="chance")  # nobody's choice any more


def upper(table):
    """The process whose action is the command; the table says what the lower layer does with it."""
    step = [
        CPD(chosen, [], [0.5, 0.5]),
        CPD(skillful, [s, chosen], table),
        CPD(after, [s, skillful], move),
    ]
    rewards = [Reward("safe", ["s'"], cliff), Reward("goal", ["s'"], np.eye(n)[1])]
    return ControlModel([start], step, rewards, sees={"h": ["s"]})


naive = np.broadcast_to(np.array([[0.7, 0.3], [0.3, 0.7]]), (n, 2, 2))
results = {}
for name, table in {
    "without a lower layer": naive,
    "on the lower layer": safe.policy.values[0],
}.items():
    results[name] = solve(upper(table), T, inference="bellman").value
    print(f"{name:22} best expected reward {results[name]:.3f}")
assert results["on the lower layer"] > results["without a lower layer"]

# %% [markdown]
# The place that pays lies beside the cliff. On top of a layer that keeps away from the cliff by itself
# the upper one may approach it.
#
# An *option* is a command that lasts: it is kept until a termination variable $b$ says otherwise,
# $o_{t+1}=w_t$ if $b_t=1$, else $o_t$. That is one more latent per step.

# %%
o, o1 = (Variable(name, 2, kind="latent") for name in ("o", "o'"))
b, w = Variable("b", [0, 1], kind="latent"), Variable("w", 2, kind="action")
kept = np.zeros((2, 2, 2, 2))  # option, termination, choice, next option
for old in range(2):
    for new in range(2):
        kept[old, 0, new, old] = kept[old, 1, new, new] = 1
ends_with = 0.25
options = ControlModel(
    [CPD(o, [], [1, 0])],
    [CPD(b, [], [1 - ends_with, ends_with]), CPD(w, [], [0.5, 0.5]), CPD(o1, [o, b, w], kept)],
    [Reward("", ["o"], [0.0, 1.0])],
    sees={"w": ["o", "b"]},
)
free = infer(unroll(options, 8))
for t in (1, 4, 8):
    still = free.marginal(f"o_{t}").array()[0]
    assert np.isclose(still, 0.5 + 0.5 * (1 - ends_with) ** t, rtol=0, atol=1e-12)
best = solve(options, 8, inference="bellman")
print("choice after a termination:", best.policy.sel(t=0, o=0, b=1).tolist())
print("choice that will not count: ", best.policy.sel(t=0, o=0, b=0).tolist())

# %% [markdown]
# ## Several agents
#
# Two walkers on five places are paid for standing on the same one: one action node each, one reward
# over both. If each sees both places, the pair can be planned for by dynamic programming: the second
# sees the choice of the first, which is what acting as one means. If each sees its own place only,
# what is left is the posterior: each acts as if the other one, too, had arrived.

# %%
m = 5
places = [Variable(name, m, kind="state") for name in ("x", "y")]
nexts = [Variable(name, m, kind="state") for name in ("x'", "y'")]
moves = [Variable(name, ["left", "stay", "right"], kind="action") for name in ("u", "v")]
walk = np.zeros((m, 3, m))
for place in range(m):
    for k, shift in enumerate((-1, 0, 1)):
        walk[place, k, min(max(place + shift, 0), m - 1)] = 1


def pair(sees):
    """The two walkers, from the ends."""
    step = [CPD(u, [], np.full(3, 1 / 3)) for u in moves]
    step += [CPD(new, [old, u], walk) for new, old, u in zip(nexts, places, moves, strict=True)]
    begin = [CPD(places[0], [], np.eye(m)[0]), CPD(places[1], [], np.eye(m)[4])]
    return ControlModel(begin, step, [Reward("meet", ["x'", "y'"], np.eye(m))], sees=sees)


together = solve(pair({"u": ["x", "y"], "v": ["x", "y", "u"]}), 4, inference="bellman")
apart = solve(pair({"u": ["x"], "v": ["y"]}), 4, temperature=0.2)
print("as one:", together.value, " each for itself:", round(apart.expected_reward, 3))
print("p(u_0 | x_0=0, O=1) =", apart.policies["u"].sel(t=0, x=0).values.round(3))
assert np.isclose(
    together.value, 3, rtol=0, atol=1e-12
)  # two steps to meet in the middle, then three payments
assert apart.expected_reward < together.value

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** Why does the expected *number* of steps to the right not depend on $\rho$,
# while the probability of reaching the goal does?
#
# <details><summary>Answer</summary>
#
# An expectation of a sum needs the marginals of the single actions only, and each is one half. The
# probability of a distant place needs the joint: the variance of a sum of correlated steps grows with
# their correlation, about $(1+c)/(1-c)$ times that of independent ones, with $c$ the correlation of
# neighbours' latents, $2\rho-1$.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
for rho in (0.5, 0.95):
    walk = infer(unroll(wanderer(rho), 8))
    right = sum(walk.marginal(f"a_{t}").array()[1] for t in range(8))
    both = walk.marginal("a_0", "a_1").array("a_0", "a_1")
    print(f"ρ = {rho}: {right:.1f} steps to the right, p(a_0 = a_1) = {np.trace(both):.3f}")
    assert np.isclose(right, 4, rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** Let the walker not see its skill, and ask for values by Bellman's operator. What is
# refused, and why?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
from control_pgm.errors import InvalidArgument

try:
    solve(walker(ends, ["s"]), T, inference="bellman")
except InvalidArgument as error:
    print(error)
print("What is hidden is a belief: lesson 14.")

# %% [markdown]
# **Exercise 3.** Which skill does an observed trajectory speak for? Condition on actions instead of
# optimality.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
net = unroll(walker(ends), T)
posterior = infer(net, {"a_0": "right", "a_1": "right", "a_2": "left"}).marginal("z").array()
print("p(z | right, right, left) =", posterior.round(4))
assert np.isclose(posterior[1], 0.8 / (0.8 + 0.2), rtol=0, atol=1e-12)

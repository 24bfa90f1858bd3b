# %% [markdown]
# # 1. Sum-product on graphs that fit on paper
#
# **Question.** It rained in the night, or it did not. The grass is wet, or it is not. You see
# wet shoes. What do you now believe about the rain?
#
# All of control as inference is this question, asked about longer chains. So we begin with
# three variables.
#
# ## The model
#
# A *Bayesian network* multiplies one conditional table per variable (Koller and Friedman 2009,
# chapter 3). Here the variables form a chain:
#
# $$p(\text{rain}, \text{grass}, \text{shoes}) = p(\text{rain})\, p(\text{grass}\mid\text{rain})\,
# p(\text{shoes}\mid\text{grass})$$

# %%
import numpy as np

from control_pgm import (
    CPD,
    BayesianNetwork,
    Factor,
    FactorGraph,
    Variable,
    infer,
    plot_factor_graph,
    plot_network,
)

rain = Variable("rain", ["no", "yes"])
grass = Variable("grass", ["dry", "wet"])
shoes = Variable("shoes", ["dry", "wet"])

network = BayesianNetwork(
    [
        CPD(rain, [], [0.8, 0.2]),
        CPD(grass, [rain], [[0.9, 0.1], [0.2, 0.8]]),  # one row per state of the parent
        CPD(shoes, [grass], [[0.95, 0.05], [0.3, 0.7]]),
    ]
)
# Picture: Three nodes in a column, with arrows from rain to grass and from grass to shoes; shoes
# is observed, rain is asked for.
picture = plot_network(network, observed=["shoes"], asked=["rain"])

# %% [markdown]
# ## The sum, and how not to do it
#
# Bayes' rule asks for a sum over everything that was not seen:
#
# $$p(\text{rain}\mid\text{shoes}=\text{wet}) \propto \sum_{\text{grass}}
# p(\text{rain})\,p(\text{grass}\mid\text{rain})\,p(\text{shoes}=\text{wet}\mid\text{grass})$$
#
# Written naively, a sum over $n$ variables with $k$ states has $k^n$ terms. But multiplication
# distributes over addition: what does not mention $\text{grass}$ may stand before the sum. The
# inner sum is then a table over $\text{rain}$ alone. It is called a **message**.
#
# $$m(\text{rain}) = \sum_{\text{grass}} p(\text{grass}\mid\text{rain})\,p(\text{shoes}=\text{wet}\mid\text{grass})$$

# %%
p_grass = network.cpd("grass").array("rain", "grass")
p_wet = network.cpd("shoes").array("grass", "shoes")[:, shoes.states.index("wet")]

message = p_grass @ p_wet
joint = network.cpd("rain").array("rain") * message
print("message to rain:         ", message)
print("p(rain, shoes=wet):      ", joint)
print("p(shoes=wet):            ", joint.sum().round(6))
print("p(rain | shoes=wet):     ", (joint / joint.sum()).round(6))

# %% [markdown]
# The engine does the same. It finds the order of the sums from the graph alone. `log_evidence` is
# the logarithm of the probability of what was observed. All logarithms here are natural; their unit
# is called *nat*.

# %%
posterior = infer(network, {"shoes": "wet"})
print(posterior.marginal("rain"))
print("log p(shoes=wet) =", round(posterior.log_evidence, 6), "nats")
assert np.allclose(
    posterior.marginal("rain").array("rain"), joint / joint.sum(), rtol=0, atol=1e-12
)

# %% [markdown]
# ## Over time: the hidden Markov model
#
# The best-known chain is the *hidden Markov model* (Rabiner 1989): a hidden state $x_t$ at each time,
# and an observation $y_t$ that depends on it.
#
# $$p(x, y) = p(x_0)\,\prod_{t=0}^{T-2} p(x_{t+1}\mid x_t)\,\prod_{t=0}^{T-1} p(y_t\mid x_t)$$
#
# A sum over all hidden paths has $k^T$ terms. With the sums moved inwards there are two recursions, one
# message per step and direction:
#
# $$\begin{aligned}
# f_{t+1}(x') &= \sum_x f_t(x)\,p(y_t\mid x)\,p(x'\mid x), & f_0(x) &= p(x_0 = x) \\
# b_t(x) &= p(y_t\mid x)\,\sum_{x'} p(x'\mid x)\,b_{t+1}(x'), & b_T(x) &= 1
# \end{aligned}$$
#
# $f_t(x) = p(x_t = x, y_{0:t-1})$ comes from the past, $b_t(x) = p(y_{t:T-1}\mid x_t = x)$ from the
# future, and $p(x_t = x\mid y)\propto f_t(x)\,b_t(x)$. Here is the rain of three nights, of which only
# wet or dry shoes in the morning are known:

# %%
change = np.array([[0.7, 0.3], [0.4, 0.6]])  # p(rain tomorrow | rain today)
wet_if = np.array([[0.9, 0.1], [0.25, 0.75]])  # p(shoes | rain)
seen = ["dry", "wet", "wet"]

nights = [Variable(f"rain_{t}", ["no", "yes"]) for t in range(3)]
mornings = [Variable(f"shoes_{t}", ["dry", "wet"]) for t in range(3)]
hidden = BayesianNetwork(
    [
        CPD(nights[0], [], [0.8, 0.2]),
        *(CPD(nights[t + 1], [nights[t]], change) for t in range(2)),
        *(CPD(mornings[t], [nights[t]], wet_if) for t in range(3)),
    ]
)
likelihood = [wet_if[:, ["dry", "wet"].index(shoe)] for shoe in seen]
forward, backward = [np.array([0.8, 0.2])], [np.ones(2)]
for t in range(2):
    forward.append((forward[t] * likelihood[t]) @ change)
for t in (2, 1, 0):
    backward.insert(0, likelihood[t] * (change @ backward[0] if t < 2 else 1.0))

smoothed = infer(hidden, {f"shoes_{t}": shoe for t, shoe in enumerate(seen)})
for t in range(3):
    product = forward[t] * backward[t]
    print(
        f"p(rain_{t}=yes | shoes) = {product[1] / product.sum():.6f}, p(shoes) = {product.sum():.6f}"
    )
    assert np.allclose(
        product / product.sum(),
        smoothed.marginal(f"rain_{t}").array(f"rain_{t}"),
        rtol=0,
        atol=1e-12,
    )

# %% [markdown]
# Control as inference has this form. The next lessons replace the words, not the sums:
#
# | hidden Markov model | control as inference | in lesson |
# |---|---|---|
# | hidden state $x_t$ | state and action $(s_t,a_t)$ | 2 |
# | observation $y_t$ | "step $t$ was optimal", $O_t = 1$ | 2 |
# | emission $p(y_t\mid x_t)$ | $p(O_t=1\mid s_t,a_t)$, from the reward | 2 |
# | transition $p(x_{t+1}\mid x_t)$ | $P(s_{t+1}\mid s_t,a_t)\,p(a_{t+1}\mid s_{t+1})$ | 2 |
# | messages $f_t$, $b_t$ | forward $\alpha_t$, backward $\beta_t$ | 4 |
# | smoothing $p(x_t\mid y)$ | $p(s_t,a_t\mid O=1)$ | 4 |
# | – | policy $p(a_t\mid s_t, O=1)$ | 5 |
#
# ## Factor graphs
#
# The engine does not care that the tables are probabilities. Any product of non-negative
# tables, called *factors*, will do. A *factor graph* shows each factor as a square beside the
# variables that it mentions (Kschischang, Frey and Loeliger 2001). The sum-product rule is the
# same everywhere:
#
# > The message from one node to another is the product of what the node has and of all messages
# > that it received from its *other* neighbours, summed over what the receiver does not know.
#
# On a graph without loops one sweep to a root and one sweep back makes every message, and every
# marginal (the distribution of one variable, the others summed out) is exact. A product of factors
# need not sum to one; what it does sum to is its *partition function*.

# %%
alike = [[3, 1], [1, 3]]  # neighbours like to agree
a, b, c = (Variable(name, ["left", "right"]) for name in "abc")
graph = FactorGraph([Factor([a, b], alike), Factor([b, c], alike), Factor([a], [2, 1])])
# Picture: Factor graph in one line: variable c, factor, variable b, factor, variable a, factor;
# no loop.
picture = plot_factor_graph(graph)

# %%
beliefs = infer(graph)
by_hand = np.einsum("ab,bc,a->c", alike, alike, [2, 1])
print("p(c), engine: ", beliefs.marginal("c").array("c"))
print("p(c), by hand:", by_hand / by_hand.sum())
print("partition function:", np.exp(beliefs.log_evidence).round(9), "=", by_hand.sum())
assert np.isclose(np.exp(beliefs.log_evidence), by_hand.sum(), rtol=0, atol=1e-12)

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** The shoes are dry. Compute the message $m(\text{rain})$, the probability
# of dry shoes, and $p(\text{rain}=\text{yes}\mid\text{shoes}=\text{dry})$.
#
# <details><summary>Answer</summary>
#
# $$\begin{aligned}
# m(\text{no}) &= 0.9\cdot 0.95 + 0.1\cdot 0.3 = 0.885 \\
# m(\text{yes}) &= 0.2\cdot 0.95 + 0.8\cdot 0.3 = 0.43 \\
# p(\text{dry}) &= 0.8\cdot 0.885 + 0.2\cdot 0.43 = 0.794 \\
# p(\text{yes}\mid\text{dry}) &= 0.086/0.794 = 0.1083
# \end{aligned}$$
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
dry = infer(network, {"shoes": "dry"})
print(dry.marginal("rain"))
assert np.isclose(np.exp(dry.log_evidence), 0.794, rtol=0, atol=1e-12)
assert np.isclose(dry.marginal("rain").value({"rain": "yes"}), 0.086 / 0.794, rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** Add a fourth variable *slip* (you slip or you do not) whose parent is *grass*, with
# $p(\text{slip}\mid\text{wet}) = 0.3$ and $p(\text{slip}\mid\text{dry}) = 0.01$. You have wet
# shoes and you slipped. How likely was rain? Predict first whether the number goes up or down.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
slip = Variable("slip", ["no", "yes"])
longer = network.extend(CPD(slip, [grass], [[0.99, 0.01], [0.7, 0.3]]))
answer = infer(longer, {"shoes": "wet", "slip": "yes"}).marginal("rain")
print(answer)
assert answer.value({"rain": "yes"}) > posterior.marginal("rain").value({"rain": "yes"})

# %% [markdown]
# **Exercise 3.** In the factor graph of a, b and c, multiply the table over a by five. Predict what
# becomes of $p(c)$ and of the partition function, then try.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
louder = FactorGraph([Factor([a, b], alike), Factor([b, c], alike), Factor([a], [10, 5])])
again = infer(louder)
print(
    "p(c):",
    again.marginal("c").array("c"),
    " partition function:",
    np.exp(again.log_evidence).round(9),
)
assert np.allclose(
    again.marginal("c").array("c"), beliefs.marginal("c").array("c"), rtol=0, atol=1e-12
)
assert np.isclose(np.exp(again.log_evidence), 5 * by_hand.sum(), rtol=0, atol=1e-9)
print("A constant cancels when a marginal is normalised; the partition function keeps it.")

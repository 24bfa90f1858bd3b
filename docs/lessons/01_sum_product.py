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
# ## Exercise
#
# Add a fourth variable *slip* (you slip or you do not) whose parent is *grass*, with
# $p(\text{slip}\mid\text{wet}) = 0.3$ and $p(\text{slip}\mid\text{dry}) = 0.01$. You have wet
# shoes and you slipped. How likely was rain? Predict first whether the number goes up or down.

# %% tags=["hide-cell"]
slip = Variable("slip", ["no", "yes"])
longer = network.extend(CPD(slip, [grass], [[0.99, 0.01], [0.7, 0.3]]))
answer = infer(longer, {"shoes": "wet", "slip": "yes"}).marginal("rain")
print(answer)
assert answer.value({"rain": "yes"}) > posterior.marginal("rain").value({"rain": "yes"})

# %% [markdown]
# # pgmpy, pyAgrum, or this?
#
# All three do exact inference in discrete Bayesian networks. They are also this toolkit's
# referees: `crosscheck` asks them the same questions. This page says when to use which.
#
# | you want | use |
# |---|---|
# | to learn structure or parameters from data | pgmpy or pyAgrum: this toolkit does neither |
# | causal queries, do-calculus | pgmpy (causal inference), pyAgrum (causal networks) |
# | influence diagrams, credal networks, relational models | pyAgrum |
# | fast exact inference on one general network of moderate size | pyAgrum: compiled, with mature heuristics |
# | samplers, many file formats, a large community | pgmpy |
# | networks that repeat over time, hundreds of slices | this: slices share tables, cost is linear in time |
# | probabilities far below the smallest floating-point number | this: others return 0/0 or wrong numbers, see below |
# | conditionals at states that have probability zero | this: what cancels is never divided |
# | decision processes: policies, values, messages by their names | this |
# | sparse transition tables | this |
#
# ## The same question to all three

# %%
import warnings

import numpy as np

from control_pgm import crosscheck, gridworld, infer, to_pgmpy, unroll

warnings.filterwarnings("ignore", module="pgmpy")

mdp = gridworld("S...\n.#.H\n...G", slip=0.2)
net = unroll(mdp, 4, temperature=0.25)
print(crosscheck(net))

# %% [markdown]
# *Undefined* are conditions that have probability zero given the evidence: there the reference
# divides 0 by 0.
#
# By hand, in pgmpy's own words. Its states get names that no engine takes for numbers, such as
# `1:1`.

# %%
from pgmpy.inference import VariableElimination

evidence = dict.fromkeys(net.optimal, "1:1") | {"s_0": "0:(0,0)"}
theirs = VariableElimination(to_pgmpy(net)).query(["a_0"], evidence=evidence, show_progress=False)
ours = infer(net, net.optimal).conditional("a_0", given={"s_0": "(0,0)"})
print(theirs)
print(ours)
assert np.allclose(ours.array("a_0"), theirs.values, rtol=0, atol=1e-12)

# %% [markdown]
# ## Where plain floating point ends
#
# A longer horizon and a lower temperature make $p(O=1)$ smaller than any floating-point number.
# An engine without scaling then has nothing to normalise. `crosscheck` recognises this and says
# so, instead of counting it as a failure or as a success. (It stops asking some way before the edge.)

# %%
for horizon, temperature in ((4, 0.25), (30, 0.05), (30, 0.02)):
    deep = unroll(mdp, horizon, temperature=temperature)
    print(
        f"T={horizon:2}, α={temperature}: log p(O=1) = {infer(deep, deep.optimal).log_evidence:.1f} nats"
    )
print(crosscheck(unroll(mdp, 30, temperature=0.02), against="pgmpy"))

# %% [markdown]
# ## Where pgmpy is not to be trusted for this
#
# Just before its numbers run out they are wrong, and nothing says so. A query near the edge, beside
# the exact answer:

# %%
for temperature in (0.045, 0.04, 0.0395, 0.03):
    deep = unroll(mdp, 30, temperature=temperature)
    right = infer(deep, deep.optimal)
    theirs = VariableElimination(to_pgmpy(deep)).query(
        ["a_0"],
        evidence=dict.fromkeys(deep.optimal, "1:1") | {"s_0": "0:(0,0)"},
        show_progress=False,
    )
    ours = right.conditional("a_0", given={"s_0": "(0,0)"}).array("a_0")
    print(
        f"log p(O=1) = {right.log_evidence:7.1f} nats: "
        f"pgmpy differs by {np.abs(theirs.values - ours).max():.0e}"
    )

# %% [markdown]
# Its `DBNInference` is for networks that repeat over time. For the network of
# [lesson 2](../lessons/02_from_mdp_to_network.py) whether it answers at all depends on Python's hash
# seed (tried with pgmpy 1.1.2). Use `VariableElimination` on the unrolled network, as `to_pgmpy`
# prepares it.
#
# ## What this toolkit does not do better
#
# * On a single network of moderate width pyAgrum's compiled engine may be faster.
# * Elimination orders come from greedy heuristics; pyAgrum has more of them.
# * Continuous variables: none of it is here.

"""Two states, two actions, two steps: every message by hand, then by the engine.

Run it:  python examples/two_states_by_hand.py

You are at home or at the shop. Staying keeps you where you are; going to the shop works half of the time. Being at
the shop pays 1 per step, being at home 0. What should you do, if every step is to be *optimal*?
"""

from fractions import Fraction as F
from math import exp, log

import numpy as np

from control_pgm import MDP, crosscheck, infer, unroll

# 1. The decision process. Axes of the transition: s, a, s'. To keep the numbers rational the reward at home is
#    chosen as log(1/4): then exp(reward) is 1/4 at home and 1 at the shop.
STATES, ACTIONS = ["home", "shop"], ["stay", "go"]
transition = [
    [[1, 0], [0.5, 0.5]],  # from home: stay; go
    [[0, 1], [0, 1]],  # from the shop there is no way back
]
mdp = MDP(transition, [log(1 / 4), 0.0], initial="home", states=STATES, actions=ACTIONS)
print(mdp, "\n")

# 2. Unrolled: s_0 → s_1 → s_2, actions a_0, a_1 with a uniform prior, and optimality nodes O_0, O_1 with
#    p(O_t=1 | s_t, a_t) = exp(r(s_t)), which is 1/4 at home and 1 at the shop.
net = unroll(mdp, horizon=2)
print("variables, parents first:", *net.topological, "\n")

# 3. Backward messages by hand, in fractions: beta_t(s,a) = p(O_{t:1}=1 | s_t=s, a_t=a).
#    At the last step nothing comes after: beta_1(s,a) = p(O_1=1|s).
optimal = {"home": F(1, 4), "shop": F(1)}
beta_1 = dict(optimal)  # the prior averages two equal numbers, so beta_1(s) = beta_1(s,a)
#    One step earlier: beta_0(s,a) = p(O_0=1|s) sum_s' p(s'|s,a) beta_1(s').
beta_0 = {
    ("home", "stay"): optimal["home"] * beta_1["home"],
    ("home", "go"): optimal["home"] * (F(1, 2) * beta_1["home"] + F(1, 2) * beta_1["shop"]),
}
print("beta_0(home, stay) =", beta_0["home", "stay"], "  beta_0(home, go) =", beta_0["home", "go"])
evidence = F(1, 2) * (beta_0["home", "stay"] + beta_0["home", "go"])
go = F(1, 2) * beta_0["home", "go"] / evidence
print("p(O=1) =", evidence, "  p(a_0=go | s_0=home, O=1) =", go, "\n")

# 4. The same from the engine. It knows nothing of decision processes: it sees a network and evidence.
posterior = infer(net, net.optimal)
table = posterior.conditional("a_0", given="s_0")
print(table, "\n")
print("log p(O=1) =", posterior.log_evidence, " by hand:", log(evidence), "\n")
assert np.isclose(table.value({"s_0": "home", "a_0": "go"}), float(go), rtol=0, atol=1e-12)
assert np.isclose(posterior.log_evidence, log(evidence), rtol=0, atol=1e-12)

# 5. The clusters of the engine, and the message that is beta_0(s,a) up to the factor p(O_0=1|s,a): it comes from the
#    cluster in which s_1 was summed out, {s_0, a_0, s_1}, and goes to the one in which a_0 is.
for cluster in posterior.clusters:
    print(f"  cluster {cluster}, summing out {cluster.name}, sends to {cluster.parent or 'nobody: the root'}")
message = posterior.message("s_1", "a_0")
print("\n" + str(message) + "\n")
assert np.isclose(message.factor.value({"s_0": "home", "a_0": "go"}) * exp(log(1 / 4)), float(beta_0["home", "go"]))

# 6. Nobody has to take our word for it.
report = crosscheck(net)
print(report)
assert report.passed

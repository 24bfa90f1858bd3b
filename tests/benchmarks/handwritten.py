"""The yardstick: forward-backward on one decision process as one would write it by hand, fast, in NumPy.

It knows that the problem is a Markov decision process with r(s,a) and a stationary, dense transition; it scales its
messages linearly and has no guard against underflow.
"""

from __future__ import annotations

import numpy as np


def forward_backward(transition, reward, prior, initial, horizon):
    """All policies [t,s,a], all marginals p(s_t,a_t|O) [t,s,a], and log p(O) of rewards shifted to at most 0."""
    n, m, _ = transition.shape
    flat = transition.reshape(n * m, n)
    weight = np.exp(reward - reward.max()) * prior  # p(a|s) p(O=1|s,a)
    policy, marginals = np.empty((horizon, n, m)), np.empty((horizon, n, m))
    backward = np.ones((horizon + 1, n))
    log_scale = 0.0
    for t in range(horizon - 1, -1, -1):
        joint = weight * (flat @ backward[t + 1]).reshape(n, m)
        total = joint.sum(axis=1)
        policy[t] = joint / total[:, None]
        top = total.max()
        backward[t] = total / top
        log_scale += np.log(top)
    log_evidence = np.log(initial @ backward[0]) + log_scale
    forward = initial
    for t in range(horizon):
        belief = forward * backward[t]
        marginals[t] = (belief / belief.sum())[:, None] * policy[t]
        forward = (forward[:, None] * weight).reshape(-1) @ flat
        forward /= forward.max()
    return policy, marginals, log_evidence

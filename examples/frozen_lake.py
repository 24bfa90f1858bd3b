"""FrozenLake from Gymnasium: believing in luck, not believing in it, and walking on the real ice.

Run it:  python examples/frozen_lake.py [folder for the pictures]      (needs the extra: pip install -e '.[gym]')
"""

import sys
from pathlib import Path

import numpy as np

from control_pgm import (
    crosscheck,
    evaluate,
    from_gymnasium,
    plot_marginals,
    plot_messages,
    plot_optimism,
    save_picture,
    simulate,
    solve,
    unroll,
)

try:
    import gymnasium
except ImportError:
    sys.exit("this example needs Gymnasium: pip install -e '.[gym]'")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "frozen-lake-pictures")
HORIZON, ALPHA = 30, 0.02

# 1. The environment's table of outcomes. Outcomes that end an episode lead to one absorbing state, "terminal".
env = gymnasium.make("FrozenLake-v1")
mdp = from_gymnasium(env)
print(mdp, "\n")

# 2. Three types of inference about the same process. The posterior conditions on success, and so bends the dynamics;
#    the other two keep them.
solutions = {
    "posterior": solve(mdp, HORIZON, temperature=ALPHA),
    "variational": solve(mdp, HORIZON, temperature=ALPHA, inference="variational"),
    "bellman": solve(mdp, HORIZON, inference="bellman"),
}

# 3. The reward is 1 for reaching the goal, so the expected reward is the probability of reaching it in time. This is
#    what each policy gets in the true world, exactly and in 2000 sampled walks.
for name, solution in solutions.items():
    exact = evaluate(mdp, solution.policy).expected_reward
    drawn = simulate(mdp, solution.policy, 2000, seed=0).returns.mean()
    print(f"{name:12s} reaches the goal with probability {exact:.3f} (sampled: {drawn:.3f})")

# 4. What the posterior believes. Its own numbers say that success is near certain: it has assumed it.
believed = solutions["posterior"].state_action_marginals.values[-1].sum(axis=1)
causal = solutions["variational"]
print(f"\nbefore the last step the posterior believes to be at: {mdp.states[int(believed.argmax())]}")
print(f"ELBO {causal.elbo:.1f} ≤ log p(O=1) {causal.log_evidence:.1f} nats: the gap is the price of keeping P\n")
assert causal.gap > 0

# 5. The policy runs in the environment itself: states by the environment's own numbers, actions by label.
rng = np.random.default_rng(1)
state, _ = env.reset(seed=1)
for t in range(HORIZON):
    action = causal.action(mdp.states[state], t, rng)
    state, reward, terminated, truncated, _ = env.step(mdp.actions.index(action))
    if terminated or truncated:
        break
print(f"one walk ended at {mdp.states[state]} after {t + 1} steps with reward {reward}\n")

# 6. Other engines agree, as long as their arithmetic does not underflow: at this horizon and temperature log p(O=1) is
#    too low for plain floating point, which the report says.
print(crosscheck(solutions["posterior"].network), "\n")
report = crosscheck(unroll(mdp, 8, temperature=0.2))
print(report)
assert report.passed

# 7. Pictures. The optimism curve distinguishes paid ends of an episode from the others by itself.
folder.mkdir(parents=True, exist_ok=True)
for name, picture in {
    "messages.png": plot_messages(solve(mdp, 8, temperature=0.2)),
    "marginals.png": plot_marginals(solutions["posterior"]),
    "optimism.png": plot_optimism(mdp, HORIZON),
}.items():
    print("wrote", save_picture(picture, folder / name))

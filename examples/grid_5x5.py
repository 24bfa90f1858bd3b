"""A slippery 5×5 grid: from a drawing to a policy, its values, and what the posterior believes.

Run it:  python examples/grid_5x5.py [folder for the pictures]
"""

import sys
from pathlib import Path

import numpy as np

from control_pgm import crosscheck, gridworld, plot_network, plot_policy, plot_values, save_picture, solve

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "grid-pictures")

# 1. Draw the world. Entering the goal G pays 1, falling into the hole H costs 1, walls # block; with probability 0.1
#    a step slips sideways.
mdp = gridworld(
    """
    S..#.
    .#...
    .#.H.
    ...H.
    .#..G
    """,
    slip=0.1,
)
print(mdp, "\n")

# 2. Condition on optimality: p(O_t=1 | s,a,s') = exp((r − c)/alpha). The temperature alpha is in units of reward; at
#    alpha = 1 a reward of 1 hardly stands out from luck, at 1/6 there is something to be seen.
solution = solve(mdp, horizon=9, temperature=1 / 6)
print(solution, "\n")

# 3. The optimal action conditional p(a_t | s_t, O_{t:T-1}=1) is the policy. Ask by label, or as a plain array [t,s,a].
print("next to the goal, at (3,4):")
print(solution.policy.sel(t=0, s="(3,4)"), "\n")
assert np.allclose(np.asarray(solution.policy).sum(axis=-1), 1.0)

# 4. Values are the messages on another scale: Q = alpha log beta_t(s,a) + the shifts, V = alpha log beta_t(s). They are
#    certainty equivalents alpha log E exp(return/alpha), not expected returns.
advantage = solution.Q.sel(t=0, s="(3,4)") - solution.V.sel(t=0, s="(3,4)")
implied = 0.25 * np.exp(advantage / (1 / 6))
assert np.allclose(implied, solution.policy.sel(t=0, s="(3,4)"))
print("p(a|s) exp((Q − V)/alpha) gives the policy back:", implied.round(4), "\n")

# 5. A lower temperature is greedier.
for temperature in (1.0, 1 / 6, 1 / 30):
    greedy = solve(mdp, 9, temperature=temperature).policy.sel(t=0, s="(0,0)")
    print(f"alpha = {temperature:.3f}: p(a_0 | start) =", np.asarray(greedy).round(3))

# 6. The posterior is optimistic: it conditions on success, so it believes in luck. It thinks that it reaches the goal
#    more often than its policy does in the true world, whose steps slip just the same.
believed = float(solution.state_marginals.sel(t=9, s="(4,4)"))
belief = mdp.initial
for t in range(9):
    belief = np.einsum("s,sa,sax->x", belief, np.asarray(solution.policy)[t], mdp.transition)
print(f"\nP(goal within 9 steps): believed {believed:.3f}, real {belief[mdp.states.index_of['(4,4)']]:.3f}\n")

# 7. Every (t, s) against pgmpy.
report = crosscheck(solution.network, against="pgmpy")
print(report)
assert report.passed

# 8. Pictures.
folder.mkdir(parents=True, exist_ok=True)
for name, picture in {
    "network.png": plot_network(solution.network),
    "policy.png": plot_policy(solution),
    "values.png": plot_values(solution),
}.items():
    print("wrote", save_picture(picture, folder / name))

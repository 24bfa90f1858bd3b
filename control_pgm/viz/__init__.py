"""Pictures: f(obj, *, ax=None, **artist options) -> a Drawing. Nothing is shown, no global style is changed.

matplotlib is imported when the first picture is drawn, not with the package.
"""

from control_pgm.viz.animation.animation import animate_messages
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.saving import save_picture
from control_pgm.viz.curves.beliefs import plot_belief_values
from control_pgm.viz.curves.crosscheck import plot_crosscheck
from control_pgm.viz.curves.optimism import plot_optimism
from control_pgm.viz.curves.temperature import plot_temperature
from control_pgm.viz.graphs.clusters import plot_clusters
from control_pgm.viz.graphs.factor_graph import plot_factor_graph
from control_pgm.viz.graphs.network import plot_network
from control_pgm.viz.graphs.template import plot_template
from control_pgm.viz.graphs.transitions import plot_transitions
from control_pgm.viz.over_time.flow import plot_flow
from control_pgm.viz.over_time.marginals import plot_marginals
from control_pgm.viz.over_time.messages import plot_messages
from control_pgm.viz.policies.comparison import plot_comparison
from control_pgm.viz.policies.policy import plot_policy
from control_pgm.viz.policies.text import policy_text
from control_pgm.viz.policies.trajectories import plot_trajectories
from control_pgm.viz.policies.values import plot_values

__all__ = [
    "Drawing",
    "animate_messages",
    "plot_belief_values",
    "plot_clusters",
    "plot_comparison",
    "plot_crosscheck",
    "plot_factor_graph",
    "plot_flow",
    "plot_marginals",
    "plot_messages",
    "plot_network",
    "plot_optimism",
    "plot_policy",
    "plot_temperature",
    "plot_template",
    "plot_trajectories",
    "plot_transitions",
    "plot_values",
    "policy_text",
    "save_picture",
]

"""Pictures: f(obj, *, ax=None, **artist options) -> the artists. Nothing is shown, no global style is changed.

matplotlib is imported when the first picture is drawn, not with the package.
"""

from control_pgm.viz.animation import animate_messages
from control_pgm.viz.clusters import plot_clusters
from control_pgm.viz.comparison import plot_comparison
from control_pgm.viz.crosscheck import plot_crosscheck
from control_pgm.viz.drawing import Drawing
from control_pgm.viz.factor_graph import plot_factor_graph
from control_pgm.viz.flow import plot_flow
from control_pgm.viz.marginals import plot_marginals
from control_pgm.viz.messages import plot_messages
from control_pgm.viz.network import plot_network
from control_pgm.viz.optimism import plot_optimism
from control_pgm.viz.policy import plot_policy
from control_pgm.viz.saving import save_picture
from control_pgm.viz.temperature import plot_temperature
from control_pgm.viz.template import plot_template
from control_pgm.viz.text import policy_text
from control_pgm.viz.trajectories import plot_trajectories
from control_pgm.viz.transitions import plot_transitions
from control_pgm.viz.values import plot_values

__all__ = [
    "Drawing",
    "animate_messages",
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

"""Pictures: f(obj, *, ax=None, **artist options) -> the artists. Nothing is shown, no global style is changed.

matplotlib is imported when the first picture is drawn, not with the package.
"""

from control_pgm.viz.drawing import Drawing
from control_pgm.viz.factor_graph import plot_factor_graph
from control_pgm.viz.marginals import plot_marginals
from control_pgm.viz.messages import plot_messages
from control_pgm.viz.network import plot_network
from control_pgm.viz.optimism import plot_optimism
from control_pgm.viz.policy import plot_policy
from control_pgm.viz.saving import save_picture
from control_pgm.viz.temperature import plot_temperature
from control_pgm.viz.text import policy_text
from control_pgm.viz.values import plot_values

__all__ = [
    "Drawing",
    "plot_factor_graph",
    "plot_marginals",
    "plot_messages",
    "plot_network",
    "plot_optimism",
    "plot_policy",
    "plot_temperature",
    "plot_values",
    "policy_text",
    "save_picture",
]

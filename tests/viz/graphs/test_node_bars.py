"""Beliefs in nodes: the bars are the marginals, drawn inside the circles."""

import numpy as np
import pytest

from control_pgm import gridworld, plot_network, solve
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.viz.graphs.node_bars import pooled

SOLVED = solve(gridworld("S.\nHG", slip=0.1), 3, temperature=0.3)
OTHER = solve(gridworld("S.G"), 5)


def test_bars_are_marginals_inside_the_circle():
    drawing = plot_network(SOLVED.network, beliefs=SOLVED.posterior)
    assert set(drawing.of("bars")) == {name for name in drawing.of("node") if not name.startswith("O")}
    for name, bars in drawing.of("bars").items():
        corners = np.array([path.vertices for path in bars.get_paths()])
        heights = np.ptp(corners[:, :, 1], axis=1)
        belief = SOLVED.posterior.marginal(name).array()
        np.testing.assert_allclose(heights / heights.max(), belief / belief.max(), atol=1e-12)
        circle = drawing.of("node")[name]
        apart = np.hypot(*(corners.reshape(-1, 2) - np.array(circle.center)).T)
        assert apart.max() < circle.radius
        label = drawing.of("label")[name]
        assert label.get_position()[1] > corners[:, :, 1].max()


def test_mappings_are_checked():
    drawing = plot_network(SOLVED.network, beliefs={"s_0": [0.5, 0.5, 0, 0]})
    assert set(drawing.of("bars")) == {"s_0"}
    for wrong in ([0.5, 0.5], [1, 1, 0, 0], [2, -1, 0, 0]):
        with pytest.raises(InvalidArgument, match="4 probabilities that sum to 1"):
            plot_network(SOLVED.network, beliefs={"s_0": wrong})
    with pytest.raises(InvalidArgument, match="a posterior, or a mapping"):
        plot_network(SOLVED.network, beliefs=3)
    with pytest.raises(UnknownName, match="a_3"):
        plot_network(OTHER.network, beliefs=SOLVED.posterior)


def test_many_states_share_bars():
    rng = np.random.default_rng(0)
    for n in (24, 25, 100, 1000):
        belief = rng.dirichlet(np.ones(n))
        bars = pooled(belief, 24)
        assert len(bars) == 24
        assert bars.max() == belief.max()
        assert set(bars) <= set(belief)

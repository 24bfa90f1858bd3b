"""Options of pictures: what neither a picture nor its artists have is refused, before anything is drawn."""

import matplotlib.pyplot as plt
import pytest

from control_pgm import crosscheck, gridworld, simulate, solve, tiger, viz
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.viz.base.options import artist_options

GRID = gridworld("S.G", slip=0.2)
SOLUTION = solve(GRID, 2, temperature=0.2)
NET = SOLUTION.network
PICTURES = {
    viz.plot_belief_values: (solve(tiger(), 2, inference="bellman"),),
    viz.plot_clusters: (NET,),
    viz.plot_comparison: ({"one": SOLUTION, "two": SOLUTION},),
    viz.plot_crosscheck: (crosscheck(NET, against="enumeration"),),
    viz.plot_factor_graph: (NET,),
    viz.plot_flow: (SOLUTION,),
    viz.plot_marginals: (SOLUTION,),
    viz.plot_messages: (SOLUTION,),
    viz.plot_network: (NET,),
    viz.plot_optimism: (GRID, 2),
    viz.plot_policy: (SOLUTION,),
    viz.plot_temperature: (GRID, 2),
    viz.plot_template: (NET,),
    viz.plot_trajectories: (simulate(GRID, SOLUTION.policy, 3, 0),),
    viz.plot_transitions: (GRID,),
    viz.plot_values: (SOLUTION,),
}
EVERY = pytest.mark.parametrize("plot", PICTURES, ids=lambda plot: plot.__name__)


def test_every_picture_is_asked():
    assert {plot.__name__ for plot in PICTURES} == {name for name in viz.__all__ if name.startswith("plot_")}


@EVERY
@pytest.mark.parametrize(("option", "nearest"), [("zoder", "zorder"), ("titel", "title")])
def test_an_unknown_option_is_named_with_the_nearest(plot, option, nearest):
    with pytest.raises(UnknownName, match=f"{plot.__name__} has no option '{option}'.*did you mean '{nearest}'"):
        plot(*PICTURES[plot], **{option: 1})
    assert not plt.get_fignums(), "an error leaves no figure behind"


@EVERY
def test_what_the_picture_itself_decides_is_no_option(plot):
    for option in ("radius", "text", "xdata", "boxstyle", "segments"):
        with pytest.raises(UnknownName, match=f"no option '{option}'"):
            plot(*PICTURES[plot], **{option: 1})


@EVERY
def test_properties_of_the_artists_pass(plot):
    plot(*PICTURES[plot], alpha=0.5, zorder=7)
    plt.close("all")


def test_other_names_of_a_property_are_as_good():
    number = viz.plot_values(SOLUTION, size=5, horizontalalignment="left").of("number")["(0,0)"]
    assert (number.get_fontsize(), number.get_ha()) == (5.0, "left")
    nodes = viz.plot_network(NET, lw=4).of("node").values()
    assert {node.get_linewidth() for node in nodes} == {4}
    lines = viz.plot_flow(SOLUTION, style="lines", lw=4).of("line").values()
    assert {line.get_linewidth() for line in lines} == {4}


def test_one_property_under_two_names_is_refused():
    with pytest.raises(InvalidArgument, match=r"plot_network.*linewidth.*leave one of them out"):
        viz.plot_network(NET, lw=4, linewidth=3)


def test_without_options_there_is_nothing_to_check():
    assert artist_options(viz.plot_network, "patches.Circle", {}) == {}

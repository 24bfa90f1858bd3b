"""Messages of errors: readable in a terminal, whatever names models and files hold."""

import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Variable, infer
from control_pgm.errors import ControlPGMError, InvalidModel, TooLarge, UnknownName


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\u202eb", "a\nb", "a\x00b", "x" * 20_000, "wet grass " * 2000])
def test_messages_are_one_line_of_bounded_length_without_control_characters(name):
    x = Variable(name, ["off", name])
    network = BayesianNetwork([CPD(x, [], [0.5, 0.5])])
    calls = [
        lambda: infer(network, {name: name + "!"}),
        lambda: infer(network, {"y": 1}),
        lambda: CPD(x, [], [0.5, 0.25]),
        lambda: MDP.from_outcomes([(name, name, 0.5, name, 0.0)]),
    ]
    for call in calls:
        with pytest.raises(ControlPGMError) as caught:
            call()
        message = str(caught.value)
        assert message.isprintable()
        assert len(message) < 3500


def test_usual_messages_and_long_paths_stay_whole():
    path = "/folder" * 50 + "/net.bif"
    assert str(InvalidModel(f"{path}: wet", allowed="näß ≥ 0", remedy="dry it")) == (
        f"{path}: wet; allowed: näß ≥ 0; dry it"
    )
    assert str(UnknownName("x" * 1000)) == "x" * 40 + "…" + "x" * 20
    assert TooLarge("a\tb").what == "a\tb"

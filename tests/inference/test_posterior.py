"""The face that all posteriors share: what a method has it answers, what it lacks it names."""

import inspect

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, LoopyOptions, Posterior, Variable, infer
from control_pgm.errors import InvalidArgument, NotAvailable, UnknownName
from control_pgm.inference.exact import TreePosterior

RAIN, WET = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
LAWN = BayesianNetwork([CPD(RAIN, [], [0.7, 0.3]), CPD(WET, [RAIN], [[0.9, 0.1], [0.2, 0.8]])])
FACE = ("clusters", "conditional", "log_evidence", "marginal", "message", "messages", "mode", "plan", "sample")
LACKS = {
    "exact": set(),
    "enumeration": {"clusters", "message", "messages", "plan"},
    "loopy": {"clusters", "message", "mode", "plan", "sample"},
}
ASK = {
    "conditional": lambda ask: ask("wet", given="rain"),
    "marginal": lambda ask: ask("rain"),
    "message": lambda ask: ask("wet", "rain"),
    "mode": lambda ask: ask(),
    "sample": lambda ask: ask(2, 0),
}


def asked(posterior, name):
    found = getattr(posterior, name)
    return ASK[name](found) if name in ASK else found


@pytest.mark.parametrize("name", FACE)
def test_the_face_is_documented_with_an_example_where_it_is_answered(name):
    owner = Posterior if hasattr(Posterior, name) else TreePosterior
    member = inspect.getattr_static(owner, name)
    assert ">>> " in inspect.getdoc(member)


@pytest.mark.parametrize("method", LACKS)
@pytest.mark.parametrize("name", FACE)
def test_a_method_answers_or_names_what_it_lacks_and_where_it_is(method, name):
    posterior = infer(LAWN, method=method)
    if name not in LACKS[method]:
        assert asked(posterior, name) is not None
        return
    with pytest.raises(NotAvailable, match=name) as caught:
        asked(posterior, name)
    assert "exact" in str(caught.value) or "elimination='max'" in str(caught.value)


def test_options_and_settings_are_the_same():
    one = infer(LAWN, method="loopy", options=LoopyOptions(schedule="flooding", damping=0.25))
    other = infer(LAWN, method="loopy", schedule="flooding", damping=0.25)
    mixed = infer(LAWN, method="loopy", options=LoopyOptions(damping=0.25), schedule="flooding")
    assert one.options == other.options == mixed.options
    assert np.array_equal(one.marginal("wet").array(), other.marginal("wet").array())


def test_one_setting_twice_is_refused_and_so_are_strangers():
    damped = LoopyOptions(damping=0.25)
    with pytest.raises(InvalidArgument, match=r"damping=0\.5 beside options with damping=0\.25; leave one of them out"):
        infer(LAWN, method="loopy", options=damped, damping=0.5)
    with pytest.raises(InvalidArgument, match=r"options=\{'damping': 0\.5\}; allowed: LoopyOptions"):
        infer(LAWN, method="loopy", options={"damping": 0.5})
    with pytest.raises(UnknownName, match=r"'dampin'.*did you mean 'damping'"):
        infer(LAWN, method="loopy", options=damped, dampin=0.5)
    with pytest.raises(InvalidArgument, match=r"options with method='exact'; leave it out"):
        infer(LAWN, options=damped)

"""Every attribute of any type of inference is there, or refused by the name of the type."""

import re

import numpy as np
import pytest

from control_pgm import MDP, Solution, solve
from control_pgm.errors import NotAvailable
from tests.control.small import KINDS, MDP2
from tests.control.test_mdp_errors import P


def classes(base=Solution):
    """The class and everything below it."""
    return [base, *(below for kind in base.__subclasses__() for below in classes(kind))]


def refused(solution, name):
    """What is said about an attribute that is not there; nothing if it is."""
    try:
        getattr(solution, name)
    except NotAvailable as error:
        return str(error)
    return ""


@pytest.mark.parametrize("options", [*KINDS, {"temperature": [1, 0.5, 2]}], ids=str)
def test_an_attribute_of_another_type_is_answered_or_refused_by_the_name_of_the_type(options):
    solution = solve(MDP2, 3, **options)
    fields = {name for kind in classes() for name in (*dir(kind), *kind.__dataclass_fields__)}
    for name in sorted(name for name in fields if not name.startswith("_")):
        refusal = refused(solution, name)
        assert refusal == "" or re.match(rf"inference='{solution.inference}' has no {name}; .{{5}}", refusal), name


def test_a_variational_solution_of_a_forbidden_process_still_prints():
    for temperature in (1.0, [1.0, 0.5]):
        solution = solve(MDP(P, np.full((2, 2), -np.inf)), 2, inference="variational", temperature=temperature)
        assert "no trajectory is optimal" in str(solution)
        assert "no trajectory is optimal" in solution._repr_html_()


@pytest.mark.parametrize(
    ("name", "nearest"), [("q", "Q"), ("v", "V"), ("polici", "policy"), ("Log_Evidence", "log_evidence")]
)
def test_the_nearest_public_attribute_is_offered_whatever_its_case(name, nearest):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; did you mean '{nearest}'") as caught:
        getattr(solve(MDP2, 3), name)
    assert caught.value.obj is None, "or Python would add a suggestion of its own"


def test_private_names_are_never_offered():
    solution = solve(MDP2, 3)
    private = {name for name in dir(solution) if name.startswith("_") and not name.startswith("__")}
    for name in sorted(private):
        with pytest.raises(AttributeError) as caught:
            getattr(solution, name.strip("_") + "z")
        assert "mean '_" not in str(caught.value)

"""Whatever the toolkit hands out survives pickling, copying and the way to another process, with equal answers."""

import copy
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import control_pgm
from control_pgm import solve, unroll
from tests.copies import LONG, MAKERS, answers, grid

PUBLIC = {name for name in control_pgm.__all__ if inspect.isclass(getattr(control_pgm, name))}


@pytest.fixture(scope="module")
def other_process():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def here(subject):
    return subject


def test_every_public_class_is_copied_here():
    assert MAKERS.keys() >= PUBLIC


@pytest.mark.parametrize("name", MAKERS)
def test_copies_give_the_same_answers(name, other_process):
    made = MAKERS[name]()
    assert made
    for fresh in made:
        assert name not in PUBLIC or isinstance(fresh, getattr(control_pgm, name))
        before = pickle.dumps(fresh)  # with nothing asked yet, and below with everything that was computed on the way
        expected = answers(fresh)
        copies = {
            "pickle of a fresh one": pickle.loads(before),
            "pickle": pickle.loads(pickle.dumps(fresh)),
            "pickle, protocol 5": pickle.loads(pickle.dumps(fresh, 5)),
            "deepcopy": copy.deepcopy(fresh),
            "copy": copy.copy(fresh),
            "another process": other_process.submit(here, fresh).result(),
        }
        for way, again in copies.items():
            assert type(again) is type(fresh), (way, fresh)
            found = answers(again)
            assert found.keys() >= expected.keys(), (way, fresh)
            for asked in expected:
                assert found[asked] == expected[asked], (way, fresh, asked)


def pairs(one, other, seen):
    """Arrays at the same place of two objects."""
    waiting = [(one, other, "")]
    while waiting:
        a, b, path = waiting.pop()
        if id(a) in seen or isinstance(a, str | int | float | bytes | type):
            continue
        seen[id(a)] = a
        if isinstance(a, np.ndarray):
            yield a, b, path
        elif isinstance(a, dict):
            waiting += [(a[k], b[m], f"{path}.{k}") for k, m in zip(a, b, strict=True)]
        elif isinstance(a, list | tuple):
            waiting += [(x, y, path) for x, y in zip(a, b, strict=True)]
        elif hasattr(a, "__dict__") and type(a).__module__.startswith("control_pgm"):
            waiting += [(x, vars(b)[k], f"{path}.{k}") for k, x in vars(a).items() if k in vars(b)]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("way", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_read_only_arrays_stay_read_only(name, way):
    for made in MAKERS[name]():
        answers(made)
        for mine, theirs, path in pairs(made, way(made), {}):
            assert not theirs.flags.writeable or mine.flags.writeable, (made, path)


def test_tables_that_slices_share_stay_shared():
    """A pickle grows with the messages, not with a copy of the transition for every step."""
    network = unroll(grid(), LONG)
    again = pickle.loads(pickle.dumps(network))
    assert len({id(cpd.scaled) for cpd in again.cpds}) == len({id(cpd.scaled) for cpd in network.cpds})
    short, long = (len(pickle.dumps(unroll(grid(), horizon))) for horizon in (LONG, 4 * LONG))
    assert long <= short + 16 * 3 * LONG + 100  # temperatures and shifts have one number for each step


def test_a_copied_solution_and_its_network_are_still_one():
    again = pickle.loads(pickle.dumps(solve(grid(), LONG)))
    assert again.network is again.posterior.model
    assert again.network.mdp is again.mdp


def test_messages_in_files_are_pickled_with_their_numbers(tmp_path):
    solution = solve(grid(), LONG, keep=tmp_path)
    again = pickle.loads(pickle.dumps(solution))
    assert np.array_equal(again.policy, solution.policy)
    assert np.array_equal(again.state_marginals, solution.state_marginals)

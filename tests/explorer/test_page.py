"""The page: what it holds is the solution's, and nothing in it can run, load, or break out of where it stands."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest

from control_pgm import MDP, from_gymnasium, gridworld, infer, solve, unroll
from control_pgm.errors import InvalidArgument, NotAvailable, TooLarge
from control_pgm.explorer import explore
from control_pgm.explorer.data import page_data
from control_pgm.explorer.page import page_text
from tests.control.instances import instances

GRID = "S..#.\n.#...\n.#.H.\n...H.\n.#..G"
NASTY = ["</script><script>alert(1)</script>", "<!--", "<b>x</b>", 'q"q', "a & b", "\u2028\U0001f600", "__proto__"]


def process(labels=("x", "y", "z"), seed=0, **options):
    rng = np.random.default_rng(seed)
    n = len(labels)
    return MDP(rng.dirichlet(np.ones(n), (n, 2)), rng.normal(size=(n, 2, n)), states=labels, **options)


class Page(HTMLParser):
    """The tags of a page, and the text of its data."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.inside, self.data = [], None, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = dict(attributes).get("id")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "data":
            self.data += data


def numbers(nested):
    """Nested lists of the page as an array."""
    words = {"-inf": -np.inf, "inf": np.inf, None: np.nan}

    def plain(x):
        if isinstance(x, list):
            return [plain(part) for part in x]
        return words[x] if x is None or isinstance(x, str) else x

    return np.array(plain(nested), dtype=float)


def agree(shown, exact):
    """Whether numbers of the page are those of the solution to six digits."""
    return np.allclose(numbers(shown), np.asarray(exact), rtol=1e-5, atol=0, equal_nan=True)


@pytest.mark.parametrize("inference", ["posterior", "variational", "bellman", "planning", "map"])
@pytest.mark.parametrize("seed", range(5))
def test_the_page_holds_the_solution(inference, seed):
    options = {"planning": {"risk": -0.5}, "bellman": {}}.get(inference, {"temperature": 0.4})
    solution = solve(process(seed=seed, discount=0.9), 5, inference=inference, **options)
    data = json.loads(Page(page_text(solution)).data)
    assert agree(data["V"], solution.V)
    assert agree(data["policy"], solution.policy)
    assert agree(data["marginals"], solution.state_marginals)
    if inference == "posterior":
        assert agree(data["logBackward"], solution.log_backward)
        assert agree(data["terms"], solution.log_backward_action)
    else:
        assert data["logBackward"] is None
        assert agree(data["terms"], solution.Q)


@pytest.mark.parametrize("item", instances(), ids=repr)
def test_the_shown_terms_add_up_to_the_shown_message(item):
    """log β_t(s,a) from the outcomes on the page, as the formula on the page says."""
    solution = solve(unroll(item.mdp, item.horizon, **item.options))
    network, data = solution.network, page_data(solution)
    alphas, beta, terms = network.temperatures, numbers(data["logBackward"]), numbers(data["terms"])
    ended = np.exp(numbers(data["logEnded"])) if data["logEnded"] else np.zeros(network.horizon + 1)
    for t in range(network.horizon):
        outcomes = data["outcomes"][min(t, len(data["outcomes"]) - 1)]
        for s, row in enumerate(outcomes):
            for a, entries in enumerate(row):
                if not entries or data["prior"][min(t, len(data["prior"]) - 1)][s][a] == 0:
                    continue
                with np.errstate(divide="ignore"):
                    worth = [(p, numbers([r])[0], beta[t + 1][k]) for k, p, r in entries]
                    gamma = data["discount"]
                    total = sum(
                        p
                        * np.exp((r - network.reward_shift[t]) / alphas[t])
                        * (gamma * np.exp(b) + (1 - gamma) * ended[t + 1])
                        for p, r, b in worth
                    )
                    assert np.isclose(np.log(total), terms[t, s, a], rtol=1e-4, atol=1e-4)


def test_a_schedule_of_temperatures_has_messages_and_no_values(tmp_path):
    network = unroll(process(discount=0.9), 3, temperature=[2.0, 1.0, 0.5])
    data = page_data(solve(network))
    assert data["V"] is None
    assert data["temperature"] == "2 … 0.5"
    assert agree(data["logBackward"], solve(network).log_backward)
    with pytest.raises(NotAvailable, match="common unit"):
        explore(solve(network, inference="variational"), tmp_path / "page.html")


def test_an_open_loop_plan_has_no_page(tmp_path):
    with pytest.raises(NotAvailable, match=r"no V"):
        explore(solve(process(), 2, inference="marginal-map"), tmp_path / "page.html")


def test_nothing_is_fetched_and_no_label_breaks_out(tmp_path):
    text = explore(solve(process(NASTY), 3), tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert json.loads(page.data)["states"] == NASTY
    assert not [a for _, a in page.tags if {"src", "href", "srcset", "onload", "onclick"} & set(a)]
    assert "default-src 'none'" in text
    assert not re.search(
        r"fetch\(|XMLHttpRequest|import\(|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text
    )
    assert set(re.findall(r"https?://[^\s\"']+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_page_of_a_ten_by_ten_grid_is_small(tmp_path):
    drawing = "\n".join(["S" + "." * 9, *["." * 10] * 8, "." * 9 + "G"])
    solution = solve(gridworld(drawing, slip=0.1), 30, temperature=0.1)
    assert explore(solution, tmp_path / "page.html").stat().st_size < 1_000_000


def test_a_grid_knows_its_walls_ends_and_starts():
    data = page_data(solve(gridworld(GRID, slip=0.1), 3))
    assert data["grid"]["shape"] == (5, 5)
    assert sorted(data["grid"]["walls"]) == [[0, 3], [1, 1], [2, 1], [4, 1]]
    assert sorted(data["grid"]["ends"].values()) == ["goal", "hole", "hole"]
    assert data["grid"]["starts"] == [0]
    assert data["moves"] == [(-1, 0), (0, -1), (1, 0), (0, 1)]
    assert sorted(map(tuple, data["edges"])) == sorted([("s", "O"), ("a", "O"), ("s'", "O"), ("s", "s'"), ("a", "s'")])
    assert page_data(solve(process(), 3))["grid"] is None


def test_a_network_is_solved_first(tmp_path):
    network = unroll(process(), 3, temperature=0.7)
    first, second = (explore(thing, tmp_path / "page.html").read_bytes() for thing in (network, solve(network)))
    assert first == second


def test_what_cannot_be_explored_is_refused(tmp_path):
    solution = solve(process(), 3)
    for wrong, path, match in [
        (process(), "page.html", "MDP cannot be explored"),
        (infer(unroll(process(), 2)), "page.html", "TreePosterior cannot be explored"),
        (solution, "page.pdf", r"'.*page.pdf'; allowed: a file that ends in .html"),
        (solution, "no/such/page.html", "does not exist"),
    ]:
        with pytest.raises(InvalidArgument, match=match):
            explore(wrong, tmp_path / path)
    with pytest.raises(TooLarge, match=r"shorter horizon"):
        explore(solve(process(range(50)), 10_000), tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_the_scripts_parse(tmp_path):
    script = re.findall(r"<script>\n(.*)</script>", page_text(solve(process(), 2)), re.DOTALL)[0]
    (tmp_path / "page.js").write_text(script)
    subprocess.run(["node", "--check", str(tmp_path / "page.js")], check=True)


def in_browser(page, fragment, folder):
    """The page as a browser has it after the scripts ran."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    command += ["--virtual-time-budget=2000", "--dump-dom", page.as_uri() + fragment]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here")
@pytest.mark.parametrize("t", [0, 2, 4])
def test_a_browser_shows_the_message_of_the_chosen_state(tmp_path, t):
    solution = solve(gridworld(GRID, slip=0.1), 4, temperature=0.3)
    page = explore(solution, tmp_path / "page.html")
    shown = in_browser(page, f"#t={t}&state=5", tmp_path)
    label = solution.network.mdp.states[5]
    assert f"s_{t} = {label}" in shown
    value = float(solution.log_backward.sel(t=t, s=label))
    text = re.search(rf"log β_{t}\(s\) = ([−\d.e]+)", shown)[1].replace("−", "-")
    assert abs(float(text) - value) <= 1e-5 * abs(value)
    assert shown.count('class="cell') == 21


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here")
def test_a_state_without_a_cell_is_named_and_does_not_stretch_the_colours(tmp_path):
    pytest.importorskip("gymnasium", reason="needs the extra 'gym'")
    solution = solve(from_gymnasium("FrozenLake-v1"), 20, temperature=0.1)
    shown = in_browser(explore(solution, tmp_path / "page.html"), "", tmp_path)
    low = re.search(r'id="legend">([^<]*)<', shown)[1]
    ends = ("(1,1)", "(1,3)", "(2,3)", "(3,0)", "(3,3)", "terminal")
    inner = [s for s in solution.network.mdp.states if s not in ends]
    assert float(low) == pytest.approx(min(float(solution.V.sel(t=0, s=s)) for s in inner), abs=1e-4)
    assert "not on the grid: terminal: 0<" in shown

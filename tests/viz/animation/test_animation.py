"""Animations: frame by frame the messages appear in the order in which they are sent; files are whole."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, gridworld, infer, solve, unroll
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.viz import animate_messages
from control_pgm.viz.animation.scenes import film_scene, tree_scene

GRID = gridworld("S.\nHG", slip=0.1)
SOLVED = solve(GRID, 3, temperature=0.3)


def test_the_film_fills_backward_then_forward():
    scene = film_scene(SOLVED, None)
    seen = []
    for step in scene.steps:
        step.show()
        frames = scene.drawing.of("frame")
        seen.append({key for key, mesh in frames.items() if mesh.get_visible()})
    assert [len(now) for now in seen] == list(range(13))
    order = [next(iter(now - before)) for before, now in pairwise(seen)]
    assert order[:4] == [("backward", t) for t in (3, 2, 1, 0)]
    assert order[4:8] == [("forward", t) for t in range(4)]
    widths = [line.get_linewidth() for line in scene.drawing.of("outline").values()]
    assert sorted(widths)[-2] < max(widths), "only the newest frame is marked"


def test_the_tree_sends_every_message_in_order():
    scene = tree_scene(SOLVED.posterior, None)
    sent = [f"{'collect' if m.upward else 'distribute'}: {m.source} → {m.target}" for m in SOLVED.posterior.messages]
    assert [step.caption for step in scene.steps[1:]] == sent
    for step in scene.steps:
        step.show()
    assert set(scene.drawing.of("message")) == {(m.source, m.target) for m in SOLVED.posterior.messages}
    below = scene.drawing.figure.axes[1]
    last = SOLVED.posterior.messages[-1].factor
    shares = last.array().ravel() / last.array().max()
    np.testing.assert_allclose([bar.get_height() for bar in below.patches], shares, atol=1e-12)


def test_long_trees_send_the_messages_drawn():
    scene = tree_scene(unroll(GRID, 200).infer(), 8)
    edges = scene.drawing.of("edge")
    assert len(scene.steps) == 1 + 2 * len(edges)
    for step in scene.steps:
        step.show()


def test_gif(tmp_path):
    path = animate_messages(SOLVED, tmp_path / "film.gif", dpi=40, seconds=0.1)
    data = path.read_bytes()
    assert data[:6] == b"GIF89a"
    assert b"NETSCAPE2.0" in data, "it repeats"
    image = plt.imread(path)
    assert image.std() > 1
    assert not plt.get_fignums(), "the figure is closed"


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.outside = [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "img":
            self.images.append(found)
        self.outside += [found[k] for k in ("src", "href") if k in found and not found[k].startswith("data:")]


@pytest.mark.parametrize("source", [SOLVED, SOLVED.posterior], ids=["film", "tree"])
def test_html_is_one_page_with_every_frame(tmp_path, source):
    told = []
    path = animate_messages(source, tmp_path / "page.html", dpi=40, progress=lambda *args: told.append(args))
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert not page.outside, "no file beside it"
    assert "http" not in re.sub(r'src="[^"]*"', "", text)
    assert "@" not in re.sub(r'src="[^"]*"', "", text), "every placeholder is filled"
    assert [("hidden" in image) for image in page.images] == [False] + [True] * (len(page.images) - 1)
    assert all(image["alt"] and "\\" not in image["alt"] for image in page.images)
    assert told[-1][:2] == (len(page.images), len(page.images))
    for k, image in enumerate(page.images[:2]):
        frame = tmp_path / f"{k}.png"
        frame.write_bytes(b64decode(image["src"].split(",")[1]))
        assert matplotlib.image.imread(frame).std() > 0.01


def test_errors_name_what_is_allowed_and_leave_no_file(tmp_path):
    with pytest.raises(InvalidArgument, match=r"\.gif, \.html"):
        animate_messages(SOLVED, tmp_path / "film.mp4")
    with pytest.raises(InvalidArgument, match="a Solution of inference='posterior'"):
        animate_messages(GRID, tmp_path / "film.gif")
    with pytest.raises(InvalidArgument, match="seconds=0"):
        animate_messages(SOLVED, tmp_path / "film.gif", seconds=0)
    with pytest.raises(NotAvailable, match="variational"):
        animate_messages(solve(GRID, 3, inference="variational"), tmp_path / "film.gif")
    with pytest.raises(InvalidArgument, match="times with a posterior"):
        animate_messages(SOLVED.posterior, tmp_path / "film.gif", times=[0])
    with pytest.raises(InvalidArgument, match="max_clusters with a solution"):
        animate_messages(SOLVED, tmp_path / "film.gif", max_clusters=5)
    assert list(tmp_path.iterdir()) == []
    assert infer(unroll(MDP([[[1.0]]], [[0.0]]), 1)).exact

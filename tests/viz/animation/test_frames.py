"""Frames of animations: what is drawn step by step is what drawing everything anew gives."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from control_pgm import gridworld, solve
from control_pgm.viz import animate_messages
from control_pgm.viz.animation.frames import frames
from control_pgm.viz.animation.scenes import film_scene, tree_scene

GRID = gridworld("S.\nHG", slip=0.1)
SOLVED = solve(GRID, 3, temperature=0.3)
SCENES = {"film": lambda: film_scene(SOLVED, None), "tree": lambda: tree_scene(SOLVED.posterior, None)}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_every_frame_is_the_whole_picture_at_that_step(scene):
    scene = scene()
    figure = scene.drawing.figure
    for k, (caption, image) in enumerate(frames(scene, 60)):
        assert caption == scene.steps[k].caption == scene.drawing.ax.get_title()
        whole = FigureCanvasAgg(figure)
        whole.draw()
        expected = np.asarray(whole.buffer_rgba())[..., :3].astype(int)
        apart = np.abs(np.asarray(image).astype(int) - expected).max(axis=-1)
        # Rims that are drawn upon themselves are a little darker where they were half transparent.
        assert (apart > 80).mean() < 2e-4, f"step {k}: {int((apart > 80).sum())} pixels differ"
        assert (apart > 8).mean() < 2e-2, f"step {k}: {int((apart > 8).sum())} pixels differ"
    assert k == len(scene.steps) - 1


def test_an_animated_gif_keeps_its_frames_and_its_colours(tmp_path):
    path = animate_messages(SOLVED, tmp_path / "film.gif", dpi=60, seconds=0.25)
    with Image.open(path) as film:
        assert film.n_frames == 13
        assert film.info["duration"] == 250
        assert film.info["loop"] == 0
        film.seek(12)
        last = np.asarray(film.convert("RGB")).astype(int)
    *_, (_, whole) = frames(film_scene(SOLVED, None), 60)
    apart = np.abs(last - np.asarray(whole).astype(int)).max(axis=-1)
    paper = (np.asarray(whole) == 255).all(axis=-1)
    assert (apart[paper] == 0).all(), "paper stays white"
    assert np.percentile(apart, 99) <= 16
    assert len(plt.get_fignums()) == 1, "that of the film scene made here"

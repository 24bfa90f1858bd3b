"""Messages in motion: an animated GIF, or one HTML page that can be played, paused and stepped through."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from io import BytesIO
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.solutions.solution import Solution
from control_pgm.errors import InvalidArgument
from control_pgm.inference.exact import TreePosterior
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import IntArray
from control_pgm.viz.animation.frames import frames
from control_pgm.viz.animation.scenes import AnimationScene, film_scene, tree_scene
from control_pgm.viz.base import style
from control_pgm.writing import replacing

if TYPE_CHECKING:
    from PIL.Image import Image

FILM_FORMATS = (".gif", ".html")
_APART = 8  # levels of red, green or blue between two colours of an animation


def animate_messages(
    source: Solution | TreePosterior,
    path: str | Path,
    *,
    times: Iterable[int] | None = None,
    max_clusters: int | None = None,
    seconds: float = 0.8,
    dpi: int = 100,
    progress: Progress | None = None,
) -> Path:
    """Write an animation of the messages in the order in which they are sent.

    Parameters
    ----------
    source : solution or posterior
        A solution of ``inference="posterior"``: the filmstrip of `plot_messages` fills frame by frame. An exact
        posterior of any model: its cluster tree, with every message as an arrow and as bars.
    path : path
        Its ending gives the format: .gif, or .html, one page without any other file, with keys and buttons.
    times : iterable of int, optional
        Of a solution: the times to show. Default: at most ten, chosen evenly.
    max_clusters : int, optional
        Of a posterior: how many clusters are drawn; see `plot_clusters`.
    seconds : float
        How long a frame stands.
    dpi : int
        Dots per inch.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        On another ending or another source.
    OSError
        If the file cannot be written; an older file of that name is then left as it was.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> animate_messages(solve(gridworld("S.G"), 2), "messages.gif", dpi=40).name
    'messages.gif'
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in FILM_FORMATS:
        raise InvalidArgument(f"animation {str(path)!r} ends in {path.suffix!r}", allowed=", ".join(FILM_FORMATS))
    if isinstance(seconds, bool) or not isinstance(seconds, Real) or not 0.02 <= float(seconds) <= 60:
        raise InvalidArgument(f"seconds={seconds!r}", allowed="0.02 … 60")
    check_progress(progress)
    scene = _scene(source, times, max_clusters)
    figure = scene.drawing.figure
    try:
        with replacing(path) as unfinished:
            if kind == ".gif":
                _write_gif(_counted(scene, dpi, progress), unfinished, float(seconds))
            else:
                unfinished.write_text(_page(_counted(scene, dpi, progress), float(seconds)), encoding="utf-8")
    finally:
        style.pyplot().close(figure)
    return path


def _scene(source: Any, times: Iterable[int] | None, max_clusters: int | None) -> AnimationScene:
    if isinstance(source, Solution):
        if max_clusters is not None:
            raise InvalidArgument("max_clusters with a solution", remedy="pass solution.posterior to see its clusters")
        return film_scene(source, times)
    if isinstance(source, TreePosterior):
        if times is not None:
            raise InvalidArgument("times with a posterior", remedy="pass the solution to see messages over time")
        return tree_scene(source, max_clusters)
    raise InvalidArgument(
        f"animate_messages draws no {type(source).__name__}",
        allowed="a Solution of inference='posterior', or an exact posterior",
    )


def _counted(scene: AnimationScene, dpi: int, progress: Progress | None) -> Iterator[tuple[str, Image]]:
    """The frames of a scene with their captions, and word of each that is done."""
    report = Reporter(progress, len(scene.steps), "frames")
    for k, frame in enumerate(frames(scene, dpi)):
        yield frame
        report.at(k + 1)
    report.end()


def _write_gif(pictures: Iterable[tuple[str, Image]], path: Path, seconds: float) -> None:
    """All frames with the colours of the last, in which everything is visible."""
    images = [image for _, image in pictures]
    palette = images[-1].quantize(2)
    palette.putpalette(_main_colours(images[-1]).ravel().tolist())
    first, *others = [image.quantize(palette=palette, dither=style.pillow().Dither.NONE) for image in images]
    duration = round(1000 * seconds)
    first.save(path, format="GIF", save_all=True, append_images=others, duration=duration, loop=0)


def _main_colours(image: Image) -> IntArray:
    """At most 256 colours of an image, the most frequent first, each a little apart from the others.

    They are colours that occur: means of similar ones, as usual quantisation takes them, would tint the paper.
    """
    counts: Any = image.getcolors(image.width * image.height)
    left = np.array([colour for _, colour in sorted(counts, reverse=True)], dtype=np.int64)
    chosen: list[IntArray] = []
    while len(left) and len(chosen) < 256:
        chosen.append(left[0])
        left = left[np.abs(left - left[0]).max(axis=1) >= _APART]
    return np.array(chosen)


def _page(pictures: Iterable[tuple[str, Image]], seconds: float) -> str:
    """The page, with every frame inside."""
    images = []
    for k, (caption, image) in enumerate(pictures):
        picture = BytesIO()
        image.save(picture, format="PNG")
        data, words = b64encode(picture.getvalue()).decode("ascii"), escape(_spoken(caption), quote=True)
        hidden = "" if k == 0 else " hidden"
        images.append(f'<img src="data:image/png;base64,{data}" alt="Step {k}: {words}"{hidden}>')
    values = {"FRAMES": "\n".join(images), "LAST": str(len(images) - 1), "PAUSE": str(round(1000 * seconds))}
    page = _PAGE
    for name, text in values.items():
        page = page.replace(f"@{name}@", text)
    return page


def _spoken(caption: str) -> str:
    """A caption without the commands of mathtext, for screen readers."""
    for command, word in ((r"\beta", "beta"), (r"\alpha", "alpha"), (r"\,", " "), ("$", ""), ("{", ""), ("}", "")):
        caption = caption.replace(command, word)
    return caption.replace("\\", "")


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Messages</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem sans-serif; margin: 1rem auto; max-width: 1280px; padding: 0 1rem; }
img { width: 100%; height: auto; background: white; }
img[hidden] { display: none; }
button { font: inherit; padding: .3rem .8rem; }
input { width: min(30rem, 50%); vertical-align: middle; }
</style>
</head>
<body>
<div id="frames">
@FRAMES@
</div>
<p>
<button id="back" aria-label="one step back">◀</button>
<button id="play" aria-pressed="false">play</button>
<button id="forth" aria-label="one step forward">▶</button>
<input id="place" type="range" min="0" max="@LAST@" value="0" aria-label="step">
<output id="count" for="place">0 of @LAST@</output>
</p>
<p>Keys: ← → one step, space plays and pauses.</p>
<script>
"use strict";
const frames = document.querySelectorAll("#frames img");
const [back, play, forth, place, count] =
  ["back", "play", "forth", "place", "count"].map(name => document.getElementById(name));
let now = 0, timer = null;
function show(k) {
  frames[now].hidden = true;
  now = Math.min(Math.max(k, 0), frames.length - 1);
  frames[now].hidden = false;
  place.value = now;
  count.textContent = `${now} of ${frames.length - 1}`;
}
function pause() {
  clearInterval(timer);
  timer = null;
  play.textContent = "play";
  play.setAttribute("aria-pressed", "false");
}
function run() {
  if (now === frames.length - 1) show(0);
  timer = setInterval(() => now === frames.length - 1 ? pause() : show(now + 1), @PAUSE@);
  play.textContent = "pause";
  play.setAttribute("aria-pressed", "true");
}
back.onclick = () => { pause(); show(now - 1); };
forth.onclick = () => { pause(); show(now + 1); };
play.onclick = () => timer === null ? run() : pause();
place.oninput = () => { pause(); show(Number(place.value)); };
document.onkeydown = event => {
  if (event.target === place || event.target.tagName === "BUTTON" && event.key === " ") return;
  const press = { ArrowLeft: back, ArrowRight: forth, " ": play }[event.key];
  if (press) { event.preventDefault(); press.click(); }
};
</script>
</body>
</html>
"""

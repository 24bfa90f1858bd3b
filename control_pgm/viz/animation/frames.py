"""The frames of a scene as images: what stays is drawn once, each frame adds what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.viz.animation.scenes import AnimationScene
from control_pgm.viz.base import style

if TYPE_CHECKING:
    from PIL.Image import Image


def frames(scene: AnimationScene, dpi: int) -> Iterator[tuple[str, Image]]:
    """Bring the picture from step to step; yields every caption and its image.

    Drawing all artists anew takes as long for the last frame as for a whole picture. Here the canvas keeps what has
    been drawn; on a copy of it come the artists that are new or only pass: those of `Changes`, and the caption.
    """
    figure: Any = scene.drawing.figure
    figure.set_dpi(dpi)
    canvas = style.mpl("backends.backend_agg").FigureCanvasAgg(figure)
    title = scene.drawing.ax.title
    passing = [title, *scene.passing]
    _show(passing, False)
    canvas.draw()
    _show(passing, True)
    renderer = canvas.get_renderer()
    for step in scene.steps:
        changes = step.show()
        _draw(changes.kept, renderer)
        kept = canvas.copy_from_bbox(figure.bbox)
        scene.drawing.ax.set_title(step.caption, color=style.readable(scene.drawing.ax), fontsize=11)
        _draw([*changes.passing, *passing], renderer)
        yield step.caption, _image(canvas)
        canvas.restore_region(kept)


def _show(artists: Iterable[Any], visible: bool) -> None:
    for artist in artists:
        artist.set_visible(visible)


def _draw(artists: Iterable[Any], renderer: Any) -> None:
    """Draw artists upon what is there, in the order of a whole picture."""
    for artist in sorted(artists, key=lambda artist: float(artist.get_zorder())):
        artist.draw(renderer)


def _image(canvas: Any) -> Image:
    """A copy of the canvas without transparency."""
    return style.pillow().fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-any-return]

"""The artist options of pictures: checked against what matplotlib's artists can be given, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any

from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.viz.base import style

# Where an artist is, and what it shows, is for the picture to say.
_OF_THE_PICTURE = {
    *("array", "axes", "bounds", "boxstyle", "center", "data", "figure", "height", "paths", "position", "radius"),
    *("segments", "text", "verts", "width", "x", "xdata", "xy", "y", "ydata"),
}
_MORE = {"image.AxesImage": {"aspect", "extent", "origin"}}  # taken by imshow itself
_SHORT = {"horizontalalignment": "ha", "verticalalignment": "va"}  # as pictures write them


def artist_options(function: Callable[..., Any], artist: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options under the names that pictures use; matplotlib knows most properties by several names.

    Parameters
    ----------
    function : callable
        The one that was called with the options.
    artist : str
        Module and class of the artists that get them, such as ``"patches.Circle"``.
    options : mapping

    Raises
    ------
    InvalidArgument
        If one property is given under two names.
    UnknownName
        If neither the function nor its artists have such an option; names the nearest.

    Examples
    --------
    >>> from control_pgm import plot_network
    >>> artist_options(plot_network, "patches.Circle", {"lw": 3})
    {'linewidth': 3}
    """
    if not options:
        return {}
    module, _, name = artist.partition(".")
    kind = getattr(style.mpl(module), name)
    known = _properties(kind) | _MORE.get(artist, set())
    for option in options:
        if option not in known:
            raise _unknown(option, function, artist, known)
    try:
        usual = style.mpl("cbook").normalize_kwargs(dict(options), kind)
    except TypeError as error:
        raise InvalidArgument(f"{function.__name__}: {error}", remedy="leave one of them out") from None
    return {_SHORT.get(option, option): value for option, value in usual.items()}


def _properties(kind: type) -> set[str]:
    """The properties of a class of artists, under all their names, without those that are the picture's own."""
    inspector = style.mpl("artist").ArtistInspector(kind)
    names = set(inspector.get_setters())
    return (names | {alias for other in inspector.aliasd.values() for alias in other}) - _OF_THE_PICTURE


def _unknown(option: str, function: Callable[..., Any], artist: str, known: set[str]) -> UnknownName:
    own = [p.name for p in signature(function).parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
    close = get_close_matches(option, [*own, *sorted(known)], n=1)
    return UnknownName(
        f"{function.__name__} has no option {option!r}",
        allowed=f"{', '.join(own)}, and the properties of matplotlib.{artist}, such as alpha and zorder",
        remedy=f"did you mean {close[0]!r}?" if close else "",
    )

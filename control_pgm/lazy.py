"""Public names of a package, imported on first use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def lazily(
    package: str, public: Sequence[str], parts: Sequence[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` (PEP 562) of a package whose public names stand in some of its parts.

    Parameters
    ----------
    package : str
        The dotted name.
    public : sequence of str
        The names, as in ``__all__``.
    parts : sequence of str
        Sub-packages, which list their names in ``__all__``, or modules, in the order in which a name is sought.

    Returns
    -------
    callable, callable
        The two functions, to be bound at the top of the package. A name is kept once it was asked for.
    """

    def find(name: str) -> Any:
        if name in parts:
            return import_module(f"{package}.{name}")
        if name in public:
            for part in parts:
                module = import_module(f"{package}.{part}")
                if name in getattr(module, "__all__", vars(module)):
                    value = getattr(module, name)
                    setattr(sys.modules[package], name, value)
                    return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find, lambda: sorted({*vars(sys.modules[package]), *public, *(part for part in parts if "." not in part)})

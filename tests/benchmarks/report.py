"""Tables of figures as aligned text or as markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from control_pgm.display import text_table


@dataclass(frozen=True)
class Table:
    """A titled table, and a note on what its columns mean. Without rows only title and note are printed."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def text(self) -> str:
        """Aligned text."""
        table = text_table(self.header, self.rows, limit=len(self.rows)) if self.rows else ""
        return "\n".join(part for part in (self.title.upper(), self.note, table) if part)

    def markdown(self) -> str:
        """Markdown."""
        lines = [self.header, ["---"] * len(self.header), *self.rows] if self.rows else []
        table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        return "\n\n".join(part for part in (f"## {self.title}", self.note, table) if part)


def left_out(title: str, reason: str) -> Table:
    """The line that stands for a table that cannot be made here."""
    return Table(title, (), (), f"left out: {reason}")


def progress(what: str) -> None:
    """Tell on the error stream what is being measured."""
    print(f"… {what}", file=sys.stderr, flush=True)

"""Strings for people: numbers, text tables, HTML tables and hand-written SVG. No knowledge of what they show."""

from control_pgm.display.html import html_table
from control_pgm.display.text import elided, listing, number, printable, size, text_table

__all__ = ["elided", "html_table", "listing", "number", "printable", "size", "text_table"]

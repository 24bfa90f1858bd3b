"""File formats of other programs: BIF, UAI, DOT, TikZ."""

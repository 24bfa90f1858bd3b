"""Slices of unrolled networks that repeat: runs of equal steps, and plans that grow out of short ones."""

"""Maximisation: most probable assignments, marginal MAP, and coordinate ascent."""

"""Elimination of utilities: probability and utility potentials (Jensen, Jensen and Dittmer 1994)."""

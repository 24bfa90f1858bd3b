"""Curves: temperature, optimism and cross-checks."""

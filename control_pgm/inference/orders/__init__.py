"""Elimination orders: given, greedy, along a line, and under constraints."""

"""Partially observable decision processes: beliefs, alpha vectors, bounds, simulation."""

"""Numerical methods without a last step: fixed points, linear systems, Krylov subspaces."""

"""Policies: validation, occupancy measures, simulation, and policy iteration."""

"""Loopy belief propagation on the Bethe graph: messages, schedules, beliefs and convergence."""

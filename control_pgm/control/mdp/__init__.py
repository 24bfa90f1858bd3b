"""Markov decision processes: transitions, rewards, outcomes, and their validation."""

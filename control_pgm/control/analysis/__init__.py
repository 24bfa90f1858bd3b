"""Analysis of policies and posteriors: evaluation, bounds, optimism, hitting probabilities."""

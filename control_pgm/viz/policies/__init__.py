"""Pictures of policies and values, on grids and as tables."""

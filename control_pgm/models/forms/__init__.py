"""CPDs of few parameters, and memories of earlier slices."""

"""Other engines: pgmpy, pyAgrum, and the cross-check against them."""

"""Places of nodes and edges in pictures: pure geometry."""

"""Where the nodes and edges of a model's picture go: models in, coordinates out, whoever draws them."""

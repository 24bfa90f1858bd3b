"""Pictures of graphs: networks, templates, factor graphs, clusters and transitions."""

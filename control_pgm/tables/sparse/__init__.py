"""Sparse arrays: patterns of non-zeros, joins, and compressed rows."""

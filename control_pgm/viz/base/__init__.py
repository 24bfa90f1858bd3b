"""Foundations of pictures: style, options, drawing and saving."""

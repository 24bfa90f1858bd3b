"""Whether words on a picture overlap, once it is laid out."""

from itertools import combinations


def overlapping(drawing, texts):
    """The pairs of texts whose boxes overlap by more than a pixel."""
    drawing.figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in texts if text.get_text().strip()}
    return [(a, b) for (a, one), (b, two) in combinations(boxes.items(), 2) if one.padded(-1).overlaps(two.padded(-1))]

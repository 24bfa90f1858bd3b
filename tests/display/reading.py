"""Reads pictures back: circles, squares and lines of an SVG with what their titles say; nothing of the package."""

from itertools import pairwise
from math import dist, hypot
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text):
    """The root of a picture; of a piece of HTML, an element around it."""
    root = ElementTree.fromstring(text if text.startswith("<svg") else f"<div>{text}</div>")
    assert not [e.tag for e in root.iter() if "id" in e.attrib], "ids of two pictures on one page would clash"
    return root


def groups(root):
    """(title, element) of every part with a title of its own."""
    return [(g.find(f"{SVG}title").text, g) for g in root.iter(f"{SVG}g")]


def circles(root):
    """name -> (x, y, radius) of variables."""
    found = {}
    for title, group in groups(root):
        for circle in group.findall(f"{SVG}circle"):
            found[title.partition(":")[0]] = tuple(float(circle.get(key)) for key in ("cx", "cy", "r"))
    return found


def rectangles(root):
    """title -> (left, top, width, height)."""
    return {
        title: tuple(float(rect.get(key)) for key in ("x", "y", "width", "height"))
        for title, group in groups(root)
        for rect in group.findall(f"{SVG}rect")
    }


def squares(root):
    """ "factor 3" -> (x, y, half the diagonal)."""
    found = {}
    for title, (x, y, width, height) in rectangles(root).items():
        found[title.partition(":")[0]] = (x + width / 2, y + height / 2, hypot(width, height) / 2)
    return found


def lines(root):
    """(name, name, points) of the edges."""
    found = []
    for title, group in groups(root):
        for between in (" → ", " – "):
            if between in title:
                a, b = title.split(between)
                first = group.find(f"{SVG}path").get("d")
                found.append((a, b, [tuple(map(float, p.split(","))) for p in first[1:].split("L")]))
    return found


def words(root):
    """All letters in the picture, line by line."""
    return [text.text for text in root.iter(f"{SVG}text")]


def distance(point, start, end):
    """Of a point from a segment, by ternary search along it: slow, and independent of any formula."""

    def at(share):
        return dist(point, [a + share * (b - a) for a, b in zip(start, end, strict=True)])

    low, high = 0.0, 1.0
    for _ in range(60):
        third = (high - low) / 3
        low, high = (low, high - third) if at(low + third) < at(high - third) else (low + third, high)
    return at((low + high) / 2)


def check_geometry(root, *, margin=3.0):
    """No two nodes touch; no line comes within ``margin`` pixels of a node that is not one of its ends."""
    nodes = circles(root) | squares(root)
    places = list(nodes.items())
    for k, (name, (x, y, r)) in enumerate(places):
        for other, (u, v, q) in places[:k]:
            assert hypot(x - u, y - v) > r + q + margin, f"{name} touches {other}"
    for a, b, points in lines(root):
        assert a in nodes or b in nodes
        for name, (x, y, r) in nodes.items():
            if name not in (a, b):
                near = min(distance((x, y), *segment) for segment in pairwise(points))
                assert near > r + margin, f"{a} – {b} passes through {name}"
    return nodes

"""What is drawn in a figure, read back from it."""

import numpy as np
from matplotlib.colors import to_hex


def outline(axes, colour):
    """Extent ``(x0, x1, y0, y1)`` of the contour of one colour; None if there is none."""
    for collection in axes.collections:
        edges = collection.get_edgecolor()
        if len(edges) and to_hex(edges[0]) == colour.lower():
            points = np.concatenate([path.vertices for path in collection.get_paths()])
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            return x0, x1, y0, y1
    return None


def legend_labels(fig):
    """The texts of a figure's only legend, in their order."""
    (legend,) = fig.legends
    return [text.get_text() for text in legend.get_texts()]

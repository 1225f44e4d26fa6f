"""Points of groups of patients."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from seglib.plotting.points import points_by_group
from seglib.plotting.style import PALETTE


def test_a_group_without_a_point_takes_no_other_groups_colour():
    rows = {"pathology": list("aab"), "x": [np.nan, 1, 2], "y": [1, np.nan, 3]}
    _, axes = plt.subplots()
    first, second = points_by_group(axes, pd.DataFrame(rows), "x", "y", counted=True)
    assert (first.get_label(), second.get_label()) == ("a (n = 0)", "b (n = 1)")
    assert second.get_offsets().tolist() == [[2, 3]]
    assert to_hex(second.get_facecolor()[0], keep_alpha=False).upper() == PALETTE[1]
    plt.close("all")


def test_without_groups_all_points_are_alike():
    _, axes = plt.subplots()
    (points,) = points_by_group(axes, pd.DataFrame({"x": [1, 2], "y": [3, 4]}), "x", "y")
    assert len(points.get_offsets()) == 2
    plt.close("all")

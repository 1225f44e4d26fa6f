"""Labels below the groups of a stratified chart stay apart, whatever they say."""

from itertools import combinations

import pandas as pd
import pytest
from matplotlib import rc_context

from seglib.files import REPOSITORY
from seglib.plotting.comparison import plot_strata

NOTEBOOKS = REPOSITORY / "notebooks" / "matplotlibrc"
#: As the stored comparison's slices are cut into four groups.
SIZES = ["10-544", "544-1006", "1006-1580", "1580-3555"]


def strata_of(sizes: list[str]) -> pd.DataFrame:
    """Two patients in every group."""
    rows = pd.DataFrame({"size": pd.Categorical(sizes, categories=sizes)}).merge(
        pd.DataFrame({"patient": ["A", "B"], "dice": [0.85, 0.95]}), how="cross"
    )
    return rows.assign(variant="unet", phase="ED")


@pytest.mark.slow
@pytest.mark.parametrize(
    "sizes",
    [SIZES, [f"{1000 * i}-{1000 * i + 1000}" for i in range(8)], ["100000-150000", *SIZES]],
    ids=["four", "eight", "long"],
)
@pytest.mark.parametrize("style", [None, NOTEBOOKS], ids=["default", "notebook"])
def test_labels_of_the_groups_are_a_gap_apart(sizes, style):
    with rc_context(fname=style):
        slices = strata_of(sizes)
        fig = plot_strata(slices, ("phase", "size", "phase", "size"))
        for dpi in (100, 150):
            fig.set_dpi(dpi)
            fig.canvas.draw()
            labels = [label for axes in fig.axes for label in axes.get_xticklabels()]
            names = [f"{name}\nn = 2" for name in ("ED", *sizes)]
            assert [label.get_text() for label in labels] == names * 2
            gap = 1.25 * dpi / 72  # on either side, so 2.5 points: more than a narrow blank
            boxes = [label.get_window_extent().padded(gap, 0) for label in labels]
            assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
            (legend,) = fig.legends
            for axes in fig.axes:
                assert not axes.get_tightbbox().overlaps(legend.get_window_extent())


def test_labels_with_room_stay_level():
    few = strata_of(SIZES[:2])
    fig = plot_strata(few, ("phase", "size"))
    assert [label.get_rotation() for axes in fig.axes for label in axes.get_xticklabels()] == [
        0
    ] * 3

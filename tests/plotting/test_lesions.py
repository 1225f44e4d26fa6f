"""The charts of areas and slices show what the masks hold."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from seglib.evaluation.tables import score_cases
from seglib.plotting.lesions import plot_areas, plot_presence
from seglib.slices import SliceSet


@pytest.fixture
def drawn(phantom_set) -> SliceSet:
    """Patient A has slices 3, 1, 2 (in this order), B slices 1 and 2; slice 1 is empty."""
    slices = phantom_set.take([0, 1, 2, 6, 7])
    table = slices.table.assign(patient=list("AAABB"), case=list("AAABB"), slice=[3, 1, 2, 1, 2])
    masks = np.zeros_like(slices.masks)
    for row, number in enumerate(table["slice"]):
        masks[row, :5, : number - 1] = 1
    return SliceSet("tumour phantom", slices.images, masks, table)


def cells_of(fig) -> np.ndarray:
    mesh = next(item for item in fig.axes[0].collections if isinstance(item, QuadMesh))
    return mesh.get_array().reshape(2, 3)


def test_presence_is_in_the_order_of_the_slices(drawn):
    fig = plot_presence(drawn)
    assert cells_of(fig).tolist() == [[1, 2, 2], [1, 2, 0]]
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == ["A", "B"]


def test_presence_tells_extra_and_missed_slices(drawn):
    prediction = np.zeros_like(drawn.masks)
    prediction[[1, 2, 4]] = 1  # slices 1 and 2 of A, slice 2 of B
    assert cells_of(plot_presence(drawn, prediction=prediction)).tolist() == [
        [3, 4, 2],
        [1, 4, 0],
    ]


def test_areas_of_the_best_and_the_worst_case(drawn):
    prediction = drawn.masks.copy()
    prediction[[3, 4]] = 0
    prediction[4, 30:, 30:] = 1  # B is missed
    fig = plot_areas(drawn, prediction, score_cases(drawn, prediction))
    best, _, worst = fig.axes
    assert best.get_title() == "best: A, Dice 1.000" and "worst: B" in worst.get_title()
    expert, network = (line.get_xydata().tolist() for line in worst.lines)
    assert expert == [[1, 0], [2, 5]]
    assert network == [[1, 0], [2, 34 * 34]]
    assert best.lines[0].get_xydata().tolist() == [[1, 0], [2, 5], [3, 10]]

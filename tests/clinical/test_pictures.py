"""What the charts of agreement draw."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from seglib.clinical.bland_altman import agreement
from seglib.clinical.pictures import plot_bland_altman, plot_dice_and_error
from seglib.errors import DataError


@pytest.fixture
def patients():
    truth, predicted = np.array([20.0, 30, 60, 70, 50]), np.array([22.0, 29, 55, 66, np.nan])
    return pd.DataFrame(
        {
            "pathology": ["HF-I", "HF-I", "N", "N", "N"],
            "ef_truth": truth,
            "ef_predicted": predicted,
            "error": predicted - truth,
            "dice": [0.9, 0.95, 0.85, 0.92, 0.5],
        }
    )


def drawn(axes):
    return np.sort(np.concatenate([points.get_offsets().data for points in axes.collections]), 0)


def test_differences_stand_over_means_with_bias_and_limits(patients):
    axes = plot_bland_altman(patients).axes[0]
    expected = [(21, 2), (29.5, -1), (57.5, -5), (68, -4)]
    np.testing.assert_allclose(drawn(axes), np.sort(expected, 0))
    found = agreement(patients["ef_truth"], patients["ef_predicted"])
    lines = [line.get_ydata()[0] for line in axes.lines]
    np.testing.assert_allclose(lines, [0, found["bias"], found["lower"], found["upper"]])
    low, high = axes.get_ylim()
    assert low < found["lower_low"] and found["upper_high"] < high  # all bands can be seen
    assert "n = 4" in axes.get_title()
    plt.close("all")


def test_one_patient_has_no_limits(patients):
    with pytest.raises(DataError, match="1 of 2 patients have ef_truth and ef_predicted"):
        plot_bland_altman(patients.tail(2))


def test_the_legend_counts_the_points_of_each_group(patients):
    fig = plot_dice_and_error(patients)
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert labels == ["HF-I (n = 2)", "N (n = 2)"]
    np.testing.assert_allclose(drawn(fig.axes[0])[:, 0], [0.85, 0.9, 0.92, 0.95])
    plt.close("all")

"""Charts of doubt draw what the tables hold: reliability, doubt against Dice, who is kept."""

import numpy as np
import pandas as pd
import pytest
from figures import legend_labels
from matplotlib.colors import to_hex

from seglib.plotting.style import PALETTE
from seglib.uncertainty import calibration, pictures

COLUMNS = ["case", "patient", "bin", *calibration.SUMS]


@pytest.fixture
def table() -> pd.DataFrame:
    """Two patients in five bins: the lowest keeps its word, the highest promises too much."""
    rows = [
        ("A ED", "A", 0, 60, 6.0, 4, 0.0),
        ("B ED", "B", 0, 20, 2.0, 4, 0.0),
        ("A ED", "A", 4, 10, 9.0, 6, 0.0),
        ("B ED", "B", 4, 10, 9.0, 6, 0.0),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_reliability_is_the_share_of_true_pixels_over_their_probability(table):
    fig = pictures.plot_reliability({"network": table}, bins=5)
    top, bottom = fig.axes
    diagonal, curve = top.lines[:2]
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    np.testing.assert_allclose(curve.get_xydata(), [[0.1, 0.1], [0.9, 0.6]])
    assert (top.get_xlim(), top.get_ylim()) == ((0, 1), (0, 1))
    assert top.get_ylabel() == "share inside the expert's mask"
    # 20 of 100 pixels are 0.3 off.
    assert legend_labels(fig) == ["network (ECE 0.060)"]
    counts, edges, _ = bottom.patches[0].get_data()
    assert counts.tolist() == [80, 0, 0, 0, 20]
    np.testing.assert_allclose(edges, [0, 0.2, 0.4, 0.6, 0.8, 1])
    assert (bottom.get_xlabel(), bottom.get_ylabel()) == ("probability", "pixels")
    assert bottom.get_yscale() == "log"


def test_bars_are_the_interval_over_patients(table):
    top = pictures.plot_reliability({"network": table}, bins=5).axes[0]
    (bars,) = top.collections
    low, high = bars.get_segments()
    # Resamples hold A alone, both, or B alone: 4 of 60, 8 of 80, 4 of 20 pixels are true.
    np.testing.assert_allclose(low, [[0.1, 4 / 60], [0.1, 4 / 20]])
    np.testing.assert_allclose(high, [[0.9, 0.6], [0.9, 0.6]])


def test_each_network_has_its_colour_and_mark_in_both_panels(table):
    fig = pictures.plot_reliability({"one": table, "other": table[table["bin"] == 0]}, bins=5)
    top, bottom = fig.axes
    curves = [line for line in top.lines if line.get_marker() in ("o", "s")]
    assert [(line.get_marker(), line.get_color()) for line in curves] == [
        ("o", PALETTE[0]),
        ("s", PALETTE[1]),
    ]
    stairs = [to_hex(patch.get_edgecolor()).upper() for patch in bottom.patches]
    assert stairs == list(PALETTE[:2])
    assert legend_labels(fig) == ["one (ECE 0.060)", "other (ECE 0.000)"]


def test_a_table_without_pixels_is_drawn_empty(table):
    fig = pictures.plot_reliability({"none": table[:0]}, bins=5)
    counts, *_ = fig.axes[1].patches[0].get_data()
    assert counts.tolist() == [0] * 5
    assert fig.axes[1].get_yscale() == "linear"  # a log axis needs something to show
    assert legend_labels(fig) == ["none (ECE nan)"]


@pytest.fixture
def patients() -> pd.DataFrame:
    """Four patients: disagreement tells who fails, in the right order; smallness does not."""
    return pd.DataFrame(
        {
            "disagreement": [0.1, 0.2, 0.3, 0.4],
            "smallness": [4.0, 2.0, 1.0, 3.0],
            "dice": [0.9, 0.8, 0.7, 0.2],
            "pathology": ["N", "HF", "N", "HF"],
        },
        index=pd.Index(list("ABCD"), name="patient"),
    )


def points(axes) -> list[list[list[float]]]:
    return [group.get_offsets().tolist() for group in axes.collections]


@pytest.mark.slow
def test_every_patient_is_a_point_in_the_colour_of_its_pathology(patients):
    fig = pictures.plot_doubt(patients, ["disagreement", "smallness"])
    one, other = fig.axes
    assert points(one) == [[[0.2, 0.8], [0.4, 0.2]], [[0.1, 0.9], [0.3, 0.7]]]
    assert points(other) == [[[2, 0.8], [3, 0.2]], [[4, 0.9], [1, 0.7]]]
    colours = [to_hex(group.get_facecolor()[0]).upper() for group in one.collections]
    assert colours == list(PALETTE[:2])
    assert legend_labels(fig) == ["HF", "N"]
    assert one.get_xlabel() == "1 − mean Dice between two members"
    assert (one.get_ylabel(), other.get_ylabel()) == ("Dice per patient", "")


@pytest.mark.slow
def test_the_title_is_the_correlation_of_all_who_have_a_dice(patients):
    fig = pictures.plot_doubt(patients, ["disagreement", "smallness"])
    one, other = (axes.get_title() for axes in fig.axes)
    assert one == "Spearman −1.00 [−1.00, −1.00]\nn = 4"
    # Ranks 4 2 1 3 against 4 3 2 1: squared differences 0 1 1 4, and 1 - 6 * 6 / (4 * 15) = 0.4.
    assert other.startswith("Spearman 0.40 [") and other.endswith("n = 4")
    patients.loc["D", "dice"] = np.nan
    title = pictures.plot_doubt(patients, ["disagreement"]).axes[0].get_title()
    assert title == "Spearman −1.00 [−1.00, −1.00]\nn = 3"


@pytest.mark.slow
def test_without_pathologies_there_is_one_colour_and_no_legend(patients):
    fig = pictures.plot_doubt(patients.drop(columns="pathology"), ["disagreement"])
    assert [len(group) for group in points(fig.axes[0])] == [4]
    assert not fig.legends


def test_risk_over_coverage_is_the_mean_of_those_kept(patients):
    fig = pictures.plot_risk_coverage(patients, ["disagreement", "smallness"])
    (axes,) = fig.axes
    oracle, one, other, chance = axes.lines
    np.testing.assert_allclose(one.get_xdata(), [0, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(one.get_ydata(), [0.65, 0.8, 0.85, 0.9])
    np.testing.assert_array_equal(oracle.get_ydata(), one.get_ydata())  # no order does better
    # Kept with the smallest 1 / area: C, then B, then D, then A.
    np.testing.assert_allclose(other.get_ydata(), [0.65, 1.7 / 3, 0.75, 0.7])
    assert list(chance.get_ydata()) == pytest.approx([0.65, 0.65])
    assert legend_labels(fig) == [
        "oracle: by Dice",
        "1 − mean Dice between two members",
        "1 / predicted area",
        "at random (mean, 95 %)",
    ]
    assert axes.xaxis.get_major_formatter()(0.25, 0) == "25 %"


def test_the_band_of_chance_narrows_to_the_mean_of_all(patients):
    (band,) = pictures.plot_risk_coverage(patients, ["disagreement"]).axes[0].collections
    x, y = band.get_paths()[0].vertices.T
    np.testing.assert_allclose(y[np.isclose(x, 0)], 0.65)
    # One of four kept by chance is now the worst and now the best.
    np.testing.assert_allclose(np.unique(y[np.isclose(x, 0.75)].round(9)), [0.2, 0.9])


def test_the_last_tenth_is_not_drawn(rng):
    patients = pd.DataFrame({"disagreement": rng.random(20), "dice": rng.random(20)})
    line = pictures.plot_risk_coverage(patients, ["disagreement"]).axes[0].lines[1]
    np.testing.assert_allclose(line.get_xdata(), np.arange(19) / 20)  # two of twenty are kept yet

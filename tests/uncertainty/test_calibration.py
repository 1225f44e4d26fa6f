"""Reliability: known answers, bins, pooling, and intervals."""

import numpy as np
import pandas as pd
import pytest
from pixels import drawn

from seglib.errors import DataError
from seglib.uncertainty import calibration


def rows(cases):
    """A set's table for slices of these cases; the patient is what stands before the blank."""
    return pd.DataFrame({"case": cases, "patient": [case.split()[0] for case in cases]})


@pytest.fixture(scope="module")
def honest():
    """Eight slices of four patients, probabilities that keep their word."""
    p = np.random.default_rng(1).random((8, 100, 100))
    return p, drawn(p), rows([f"{name} {phase}" for name in "ABCD" for phase in ("ED", "ES")])


@pytest.fixture(scope="module")
def table(honest):
    return calibration.reliability_table(*honest)


def test_probabilities_that_keep_their_word_have_almost_no_error(table):
    assert calibration.expected_calibration_error(table) < 0.01
    # The mean of p (1 - p) for p even over [0, 1].
    assert calibration.brier_score(table) == pytest.approx(1 / 6, abs=0.005)


def test_a_planted_promise_is_measured_as_large_as_it_is():
    p = np.full((2, 200, 200), 0.9)
    truth = np.zeros_like(p, np.uint8)
    truth[:, :120] = 1  # 60 % are true
    table = calibration.reliability_table(p, truth, rows(["A ED", "B ED"]))
    assert calibration.expected_calibration_error(table) == pytest.approx(0.3)
    assert calibration.calibration_scores(table).at["mce", "value"] == pytest.approx(0.3)
    assert calibration.brier_score(table) == pytest.approx(0.6 * 0.1**2 + 0.4 * 0.9**2)


def test_the_worst_bin_counts_by_itself_and_the_mean_by_pixels():
    p = np.array([[[0.05] * 8 + [0.95] * 2]])
    truth = np.array([[[0] * 8 + [0, 1]]])
    table = calibration.reliability_table(p, truth, rows(["A ED"]))
    assert calibration.calibration_scores(table).at["mce", "value"] == pytest.approx(0.45)
    assert calibration.expected_calibration_error(table) == pytest.approx(0.8 * 0.05 + 0.2 * 0.45)


def test_every_probability_falls_into_one_bin_with_both_ends():
    p = np.array([0.0, 0.1999, 0.2, 0.4, 0.5, 0.6, 0.999, 1.0]).reshape(1, 2, 4)
    table = calibration.reliability_table(p, np.ones((1, 2, 4), int), rows(["A ED"]), bins=5)
    assert dict(zip(table["bin"], table["pixels"], strict=True)) == {0: 2, 1: 1, 2: 2, 3: 1, 4: 2}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_bins_of_the_table_are_those_of_numpys_histogram(dtype):
    p = np.random.default_rng(0).random((3, 20, 20)).astype(dtype)
    table = calibration.reliability_table(p, drawn(p), rows(["A ED", "A ES", "B ED"]), bins=7)
    expected = np.histogram(p.astype(float), bins=np.arange(8) / 7)[0]
    assert table.groupby("bin")["pixels"].sum().tolist() == expected.tolist()


def test_sums_over_cases_are_those_of_all_pixels_together(honest, table):
    p, truth, _ = honest
    pooled = calibration.reliability_table(p, truth, rows(["all x"] * len(p)))
    summed = table.groupby("bin")[calibration.SUMS].sum()
    np.testing.assert_allclose(summed, pooled.set_index("bin")[calibration.SUMS])
    for score in (calibration.expected_calibration_error, calibration.brier_score):
        assert score(table) == pytest.approx(score(pooled))
    assert calibration.brier_score(table) == pytest.approx(np.mean((p - truth) ** 2))


def test_pixels_counted_apart_add_up_to_all(honest, table):
    p, truth, cases = honest
    some = np.random.default_rng(3).random(p.shape) < 0.3
    parts = [
        calibration.reliability_table(p, truth, cases, counted=counted) for counted in (some, ~some)
    ]
    both = pd.concat(parts).groupby(["case", "bin"])[calibration.SUMS].sum()
    np.testing.assert_allclose(both, table.groupby(["case", "bin"])[calibration.SUMS].sum())


def test_masks_with_a_channel_axis_give_the_same_table(honest, table):
    p, truth, cases = honest
    pd.testing.assert_frame_equal(
        calibration.reliability_table(p[..., None], truth[..., None], cases), table
    )


def test_the_interval_holds_the_score_and_needs_two_patients(table):
    scores = calibration.calibration_scores(table, resamples=400)
    assert scores["patients"].unique().tolist() == [4]
    assert scores["pixels"].unique().tolist() == [80000]
    brier = scores.loc["brier"]
    assert brier["low"] <= brier["value"] <= brier["high"]
    alone = calibration.calibration_scores(table[table["patient"] == "A"])
    assert alone["value"].notna().all()
    assert alone[["low", "high"]].isna().all(axis=None)


def test_patients_are_resampled_not_their_cases():
    """Two patients, one always right, one always wrong: resamples are 0, a half or 1."""
    p = np.full((4, 10, 10), 1.0)
    truth = np.repeat([1, 1, 0, 0], 100).reshape(p.shape)
    table = calibration.reliability_table(p, truth, rows(["A ED", "A ES", "B ED", "B ES"]))
    brier = calibration.calibration_scores(table).loc["brier"]
    assert (brier["low"], brier["value"], brier["high"]) == (0, 0.5, 1)


def test_the_curve_says_what_the_bins_hold(honest, table):
    p, truth, _ = honest
    curve = calibration.reliability_curve(table, resamples=200)
    inside = (p >= 3 / 15) & (p < 4 / 15)
    assert curve.at[3, "pixels"] == inside.sum()
    assert curve.at[3, "probability"] == pytest.approx(p[inside].mean())
    assert curve.at[3, "true"] == pytest.approx(truth[inside].mean())
    assert (curve["low"] <= curve["true"] + 1e-12).all()
    assert (curve["true"] <= curve["high"] + 1e-12).all()
    assert curve["patients"].unique().tolist() == [4]


def test_no_counted_pixel_is_no_score_and_no_error(honest):
    p, truth, cases = honest
    none = calibration.reliability_table(p, truth, cases, counted=np.zeros(p.shape, bool))
    assert len(none) == 0
    scores = calibration.calibration_scores(none, resamples=10)
    assert scores[["value", "low", "high"]].isna().all(axis=None)
    assert len(calibration.reliability_curve(none, resamples=10)) == 0


def test_cases_without_a_counted_pixel_leave_the_others_alone(honest):
    p, truth, cases = honest
    counted = np.ones(p.shape, bool)
    counted[:2] = False
    table = calibration.reliability_table(p, truth, cases, counted=counted)
    assert set(table["patient"]) == {"B", "C", "D"}
    assert calibration.brier_score(table) == pytest.approx(np.mean((p[2:] - truth[2:]) ** 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probabilities": np.full((1, 2, 2), 1.5)}, "sigmoid"),
        ({"probabilities": np.full((1, 2, 2), np.nan)}, r"\[0, 1\]"),
        ({"truth": np.full((1, 2, 2), 255)}, "0 and 1"),
        ({"truth": np.zeros((1, 2, 3), int)}, "do not fit"),
        ({"cases": rows(["A ED", "A ES"])}, "do not fit"),
    ],
)
def test_what_cannot_be_judged_is_refused(change, message):
    good = {
        "probabilities": np.full((1, 2, 2), 0.5),
        "truth": np.zeros((1, 2, 2), int),
        "cases": rows(["A ED"]),
    }
    with pytest.raises(DataError, match=message):
        calibration.reliability_table(**{**good, **change})


def test_no_slices_are_refused():
    empty = np.zeros((0, 4, 4))
    with pytest.raises(DataError, match="no slices"):
        calibration.reliability_table(empty, empty, rows([]))


def test_near_is_a_band_on_both_sides_of_the_outline():
    mask = np.zeros((2, 30, 30), np.uint8)
    mask[0, 10:20, 10:20] = 1
    near = calibration.near_outline(mask, 2)
    assert near[0, 15].nonzero()[0].tolist() == [8, 9, 10, 11, 18, 19, 20, 21]
    assert not near[1].any()
    assert (calibration.near_outline(mask[..., None], 2)[..., 0] == near).all()
    assert not calibration.near_outline(np.ones((1, 5, 5), np.uint8)).any()


def disc_in_doubt():
    """Many slices with one fading disc each, and truth drawn as the disc promises."""
    y, x = np.mgrid[:48, :48] - 23.5
    p = np.repeat(1 / (1 + np.exp(np.hypot(y, x) - 12))[None], 200, axis=0)
    return p, drawn(p), rows([f"P{i} ED" for i in range(200)])


@pytest.mark.slow
def test_choosing_pixels_by_the_prediction_keeps_an_honest_network_honest():
    """...and choosing them by the truth does not: why `near_outline` is given predictions."""
    p, truth, cases = disc_in_doubt()
    by_prediction = calibration.near_outline(p >= 0.5, 3)
    by_truth = calibration.near_outline(truth, 1)
    errors = [
        calibration.expected_calibration_error(
            calibration.reliability_table(p, truth, cases, counted=counted)
        )
        for counted in (by_prediction, by_truth)
    ]
    assert errors[0] < 0.01
    assert errors[1] > 0.05


def test_easy_pixels_make_the_error_small(honest):
    p, truth, cases = honest
    wrong = np.clip(p * 1.5, 0, 1)
    mostly_background = np.pad(wrong, ((0, 0), (300, 300), (300, 300)))
    padded = np.pad(truth, ((0, 0), (300, 300), (300, 300)))
    near = calibration.expected_calibration_error(
        calibration.reliability_table(wrong, truth, cases)
    )
    diluted = calibration.expected_calibration_error(
        calibration.reliability_table(mostly_background, padded, cases)
    )
    assert near > 0.1
    assert diluted == pytest.approx(near / 49, rel=0.05)


def test_the_stored_form_is_compared_by_network_scaling_and_region(table):
    parts = [
        table.assign(network=network, scaling="none", region=region)
        for network in ("single", "ensemble")
        for region in ("near", "far")
    ]
    compared = calibration.compare_calibration(pd.concat(parts))
    assert compared.index.tolist() == [
        (network, "none", pixels)
        for network in ("single", "ensemble")
        for pixels in ("near", "all")
    ]
    error = calibration.expected_calibration_error(table)
    np.testing.assert_allclose(compared["ece"], error)  # far is near once more here
    assert compared["patients"].unique().tolist() == [4]

"""Ensembles: how members disagree, and whether that foretells Dice."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seglib import uncertainty
from seglib.errors import DataError
from seglib.evaluation.tables import per_patient, score_cases
from seglib.phantoms import heart


@pytest.fixture(scope="module")
def hearts():
    return heart.make(patients=4, slices=3, size=64)


@pytest.fixture(scope="module")
def one(hearts):
    """Soft probabilities around the truth, ``(N, H, W)``."""
    return 0.1 + 0.8 * hearts.masks[..., 0].astype(np.float32)


def test_entropy_is_counted_in_bits():
    np.testing.assert_allclose(
        uncertainty.entropy([0, 0.5, 1, 0.25]), [0, 1, 0, 0.25 * 2 + 0.75 * np.log2(4 / 3)]
    )


def test_identical_members_do_not_disagree(one, hearts):
    doubt = uncertainty.doubt_per_case(np.stack([one] * 3), hearts.table)
    assert (doubt["disagreement"] == 0).all()
    np.testing.assert_allclose(doubt["variance"], 0, atol=1e-12)
    np.testing.assert_allclose(doubt["entropy"], doubt["entropy_single"])
    assert doubt["case"].tolist() == hearts.table["case"].drop_duplicates().tolist()


def test_measures_by_hand():
    a = np.array([[0.9, 0.9, 0.2, 0.1]])
    b = np.array([[0.9, 0.3, 0.6, 0.1]])
    members = np.stack([a, b])[:, None]
    cases = pd.DataFrame({"case": ["A ED"], "patient": ["A"]})
    row = uncertainty.doubt_per_case(members, cases).iloc[0]
    assert row["predicted"] == 2  # means 0.9, 0.6, 0.4, 0.1
    assert row["disagreement"] == pytest.approx(1 - 2 * 1 / (2 + 2))
    assert row["variance"] == pytest.approx((0 + 0.3**2 + 0.2**2 + 0) / 2)
    assert row["entropy"] == pytest.approx(uncertainty.entropy([0.9, 0.6, 0.4, 0.1]).sum() / 2)
    assert row["entropy_single"] == pytest.approx(uncertainty.entropy(a).sum() / 2)
    assert row["smallness"] == 0.5


def test_members_further_apart_disagree_more(one, hearts):
    found = []
    for shift in (0, 1, 3):
        members = np.stack([one, np.roll(one, shift, axis=1)])
        found.append(uncertainty.doubt_per_case(members, hearts.table)["disagreement"].mean())
    assert found == sorted(found)
    assert found[0] == 0 < found[1] < found[2]


def test_the_order_of_members_does_not_matter_between_them(one, hearts):
    members = np.stack([np.roll(one, shift, axis=2) for shift in (0, 2, 5)])
    columns = ["predicted", "disagreement", "variance", "entropy"]
    there = uncertainty.doubt_per_case(members, hearts.table)[columns]
    back = uncertainty.doubt_per_case(members[::-1], hearts.table)[columns]
    np.testing.assert_allclose(there, back)


def test_pairs_that_are_empty_in_both_are_left_out():
    masks = np.zeros((3, 1, 4, 4), bool)
    assert np.isnan(uncertainty.pairwise_dice(masks))
    masks[0, 0, 0] = True
    assert uncertainty.pairwise_dice(masks) == 0  # two pairs of one empty mask, one of two


def test_one_network_alone_has_no_disagreement_but_entropy(one, hearts):
    doubt = uncertainty.doubt_per_case(one[None], hearts.table)
    assert "disagreement" not in doubt
    assert doubt["entropy_single"].notna().all()
    with pytest.raises(DataError, match="shape"):
        uncertainty.doubt_per_case(one, hearts.table)


def test_nothing_predicted_is_the_greatest_doubt():
    cases = pd.DataFrame({"case": ["A ED", "A ES"], "patient": ["A", "A"]})
    members = np.full((2, 2, 4, 4), 0.1)
    members[:, 0] = 0.9
    doubt = uncertainty.doubt_per_case(members, cases)
    assert doubt["entropy"].notna().tolist() == [True, False]
    patients = uncertainty.patients_of(doubt.assign(dice=[0.8, np.nan]))
    assert np.isnan(patients.at["A", "entropy"])
    assert patients.at["A", "dice"] == 0.8
    found = uncertainty.rank_correlation([0.1, 0.2, np.nan], [0.9, 0.8, 0.1])
    assert found["rho"] == pytest.approx(-1)
    curve = uncertainty.risk_coverage([np.nan, 0.1, 0.2], [0.1, 0.9, 0.8])
    assert curve["dice"].tolist() == pytest.approx([0.6, 0.85, 0.9])


def test_the_correlation_is_scipys():
    rng = np.random.default_rng(0)
    dice = rng.random(40)
    doubt = -dice + rng.normal(0, 0.3, 40)
    found = uncertainty.rank_correlation(doubt, dice)
    assert found["rho"] == pytest.approx(stats.spearmanr(doubt, dice).statistic)
    assert found["low"] < found["rho"] < found["high"] < 0
    assert found["n"] == 40
    again = uncertainty.rank_correlation(np.exp(doubt), dice)
    assert again == pytest.approx(found)  # only the order counts


def test_patients_without_a_dice_are_left_out():
    found = uncertainty.rank_correlation([1, 2, 3, 9], [0.9, 0.8, 0.7, np.nan])
    assert (found["rho"], found["n"]) == (pytest.approx(-1), 3)


@pytest.mark.parametrize(
    ("doubt", "dice"),
    [([], []), ([1, 2], [0.5, 0.4]), ([1, 1, 1], [0.1, 0.2, 0.3]), ([1, 2, 3], [0.5] * 3)],
)
def test_where_there_is_no_order_there_is_no_correlation(doubt, dice):
    found = uncertainty.rank_correlation(doubt, dice, resamples=20)
    assert np.isnan(found["rho"])


def test_doubt_that_only_follows_size_says_nothing_at_like_size():
    rng = np.random.default_rng(0)
    size = rng.normal(size=400)
    dice = -size + rng.normal(0, 0.5, 400)
    doubt = size + rng.normal(0, 0.5, 400)
    assert uncertainty.rank_correlation(doubt, dice, resamples=50)["rho"] < -0.6
    at_size = uncertainty.rank_correlation(doubt, dice, given=size, resamples=500)
    assert at_size["low"] < 0 < at_size["high"]
    assert abs(at_size["rho"]) < 0.12
    told = uncertainty.rank_correlation(-dice + 0 * size, dice, given=size, resamples=50)
    assert told["rho"] == pytest.approx(-1)
    assert np.isnan(uncertainty.rank_correlation(size, dice, given=size, resamples=50)["rho"])


@pytest.mark.parametrize("seed", range(5))
def test_nothing_beats_the_oracle(seed):
    rng = np.random.default_rng(seed)
    dice, doubt = rng.random(30), rng.random(30)
    curve = uncertainty.risk_coverage(doubt, dice, draws=300)
    for column in ("dice", "random", "random_low", "random_high"):
        assert (curve[column] <= curve["oracle"] + 1e-12).all()
    assert curve["kept"].tolist() == list(range(30, 0, -1))
    assert curve["sent"].iloc[0] == 0
    whole = curve[["dice", "oracle", "random", "random_low", "random_high"]].iloc[0]
    np.testing.assert_allclose(whole, dice.mean())


def test_the_share_of_the_oracle_is_one_nought_or_negative():
    dice = np.random.default_rng(0).random(50)

    def share(doubt):
        return uncertainty.share_of_oracle(uncertainty.risk_coverage(doubt, dice, draws=10))

    assert share(-dice) == pytest.approx(1)
    assert share(dice) < -0.5
    chance = [share(np.random.default_rng(i).random(50)) for i in range(200)]
    assert abs(np.mean(chance)) < 0.1
    level = uncertainty.risk_coverage(np.arange(4), np.full(4, 0.9), draws=10)
    assert np.isnan(uncertainty.share_of_oracle(level))


def test_values_that_do_not_belong_together_are_refused():
    with pytest.raises(DataError, match="one value per patient"):
        uncertainty.rank_correlation([1, 2, 3], [0.5, 0.4])
    with pytest.raises(DataError, match="no patient has a Dice"):
        uncertainty.risk_coverage([1.0], [np.nan])


@pytest.fixture(scope="module")
def patients(one, hearts):
    """Members that drift apart from patient to patient."""
    shifts = hearts.table["patient"].map({name: i for i, name in enumerate(hearts.patients)})
    moved = np.stack([np.roll(p, shift, axis=0) for p, shift in zip(one, shifts, strict=True)])
    members = np.stack([one, moved])
    mask = (members.mean(axis=0) >= 0.5).astype(np.uint8)[..., None]
    per_case = score_cases(hearts, mask)
    doubt = uncertainty.doubt_per_case(members, hearts.table)
    table = uncertainty.patients_of(doubt.merge(per_case[["case", "dice"]], on="case"))
    dice = per_patient(per_case).set_index("patient")["dice"]
    np.testing.assert_allclose(table["dice"], dice.loc[table.index])
    return table


@pytest.mark.slow
def test_every_measure_is_judged(patients):
    judged = uncertainty.judge_measures(patients)
    assert judged.index.tolist() == list(uncertainty.MEASURES)
    assert judged.at["disagreement", "rho"] == pytest.approx(-1)
    assert judged.at["disagreement", "share_of_oracle"] == pytest.approx(1)
    assert np.isnan(judged.at["smallness", "rho_at_size"])


def test_p_values_of_correlations_are_those_of_student():
    rng = np.random.default_rng(2)
    dice, size = rng.normal(size=(2, 25))
    doubt = size - 0.5 * dice + rng.normal(size=25)
    plain = uncertainty.rank_correlation(doubt, dice, resamples=10)
    assert plain["p"] == pytest.approx(stats.spearmanr(doubt, dice).pvalue)
    # The partial correlation is that of what a line through the ranks of size leaves over.
    ranks = [stats.rankdata(values) for values in (doubt, dice, size)]
    left = [r - np.polyval(np.polyfit(ranks[2], r, 1), ranks[2]) for r in ranks[:2]]
    rho = np.corrcoef(left)[0, 1]
    partial = uncertainty.rank_correlation(doubt, dice, given=size, resamples=10)
    assert partial["rho"] == pytest.approx(rho)
    t = rho * np.sqrt((25 - 3) / (1 - rho**2))
    assert partial["p"] == pytest.approx(2 * stats.t.sf(abs(t), 22))


@pytest.mark.slow
def test_p_values_of_measures_are_adjusted_together():
    rng = np.random.default_rng(3)
    patients = pd.DataFrame(rng.normal(size=(20, 3)), columns=["dice", "entropy", "smallness"])
    judged = uncertainty.judge_measures(patients)
    single = [stats.spearmanr(patients[m], patients["dice"]).pvalue for m in judged.index]
    assert judged["p_holm"].max() >= max(single)
    assert judged["p_holm"].min() == pytest.approx(min(1, 2 * min(single)))
    # Size itself has no correlation at like size, so the other is tested alone there.
    given = patients["smallness"].to_numpy()
    alone = uncertainty.rank_correlation(patients["entropy"], patients["dice"], given=given)
    assert judged.at["entropy", "p_holm_at_size"] == pytest.approx(alone["p"])
    assert np.isnan(judged.at["smallness", "p_holm_at_size"])

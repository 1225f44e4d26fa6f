"""Comparisons of stored jobs: seeds inside patients, groups of slices, ranks."""

import numpy as np
import pandas as pd
import pytest

from seglib import plotting
from seglib.errors import DataError
from seglib.evaluation.comparison import rank_networks
from seglib.evaluation.tables import METRICS, per_patient, score_cases
from seglib.phantoms import heart
from seglib.plotting import comparison
from study import variants


def scored(variant, seed, shift=0):
    """Scores of the phantom's truth, moved down by `shift` pixels."""
    hearts = heart.make(patients=4, slices=3, size=64)
    prediction = np.roll(hearts.masks, shift, axis=1)
    return score_cases(hearts, prediction).assign(variant=variant, fold="fold1", seed=seed)


@pytest.fixture(scope="module")
def per_case():
    return pd.concat([scored("good", 0, 1), scored("good", 1, 2), scored("bad", 0, 5)])


def test_seeds_are_averaged_within_a_patient(per_case):
    found = variants.patients_by_variant(per_case)["good"].set_index("patient")
    one, two = (per_patient(scored("good", 0, s)).set_index("patient") for s in (1, 2))
    np.testing.assert_allclose(found["dice"], (one["dice"] + two["dice"]) / 2)
    assert len(found) == 4


def test_cases_averaged_over_seeds_keep_their_names(per_case):
    good = per_case[per_case["variant"] == "good"]
    averaged = variants.average_seeds(good)
    assert averaged["case"].tolist() == good[good["seed"] == 0]["case"].tolist()
    np.testing.assert_allclose(
        averaged["dice"], good.groupby("case", sort=False)["dice"].mean().to_numpy()
    )
    single = good[good["seed"] == 0]
    again = variants.average_seeds(single)
    np.testing.assert_allclose(again[list(METRICS)], single[list(METRICS)])


def test_the_table_puts_the_best_first_and_counts_seeds(per_case):
    table = variants.compare_variants(per_case)
    assert table.index.tolist() == ["good", "bad"]
    assert table["seeds"].tolist() == [2, 1]
    means = [per_patient(scored("good", 0, s))["dice"].mean() for s in (1, 2)]
    assert table.at["good", "seed_sd"] == pytest.approx(np.std(means, ddof=1))
    assert np.isnan(table.at["bad", "seed_sd"])
    assert table.at["good", "low"] <= table.at["good", "dice"] <= table.at["good", "high"]
    paired = variants.compare_with(per_case, "good")
    expected = table.at["bad", "dice"] - table.at["good", "dice"]
    assert paired.at["bad", "difference"] == pytest.approx(expected)


def test_intervals_resample_seeds_where_there_are_several(per_case):
    one_each = variants.compare_with(per_case[per_case["seed"] == 0], "bad")
    both = variants.compare_with(per_case, "bad")
    assert (one_each.at["good", "seeds"], one_each.at["good", "reference_seeds"]) == (1, 1)
    assert (both.at["good", "seeds"], both.at["good", "reference_seeds"]) == (2, 1)
    width = {name: t.at["good", "high"] - t.at["good", "low"] for name, t in
             {"one": one_each, "both": both}.items()}  # fmt: skip
    assert width["both"] > width["one"]  # the seeds are a pixel of shift apart


def test_a_ranking_takes_as_many_seeds_of_each_as_all_have(per_case):
    equal = variants.equal_seeds(per_case)
    assert equal.groupby("variant")["seed"].unique().map(list).to_dict() == {
        "good": [0], "bad": [0]
    }  # fmt: skip
    more = pd.concat([per_case, scored("bad", 2, 4)])
    seeds = variants.equal_seeds(more).groupby("variant")["seed"].unique().map(list)
    assert seeds.to_dict() == {"good": [0, 1], "bad": [0, 2]}


def test_a_seed_without_all_its_patients_is_not_ranked(per_case):
    begun, part = (
        rows[rows["patient"] != per_case["patient"].max()]
        for rows in (scored("bad", 2, 4), scored("new", 0, 3))
    )
    equal = variants.equal_seeds(pd.concat([per_case, begun, part]))
    assert set(equal["variant"]) == {"good", "bad"}
    assert set(equal["seed"]) == {0}


def slices_of(truths, predicted, overlaps, order):
    return pd.DataFrame(
        {
            "variant": "a",
            "fold": "fold1",
            "seed": 0,
            "case": "A ED",
            "patient": "A",
            "slice": order,
            "phase": "ED",
            "pathology": "N",
            "truth": truths,
            "predicted": predicted,
            "overlap": overlaps,
        }
    )


def test_a_slice_knows_its_place_and_its_size():
    table = slices_of([50, 40, 30, 20, 10], 5 * [20], [20, 20, 20, 20, 0], [12, 10, 14, 16, 18])
    groups = variants.strata(table, sizes=5)
    assert groups["position"].tolist() == ["2", "base", "middle", "4", "apex"]
    assert groups["dice"].tolist() == pytest.approx([40 / 70, 40 / 60, 40 / 50, 1.0, 0.0])
    assert groups["size"].nunique() == 5
    assert groups["size"].cat.codes.tolist() == [4, 3, 2, 1, 0]


def test_an_empty_pair_has_no_dice():
    groups = variants.strata(slices_of([5, 0], [5, 0], [5, 0], [0, 1]), sizes=1)
    assert groups["dice"].isna().tolist() == [False, True]


def ranked(*columns):
    patients = [f"P{i}" for i in range(len(columns[0]))]
    return {
        name: pd.DataFrame({"patient": patients, "dice": values})
        for name, values in zip("abc", columns, strict=True)
    }


def test_ranks_by_hand():
    found = rank_networks(ranked([0.9, 0.8, 0.7, 0.9], [0.8, 0.9, 0.6, 0.8], [0.1, 0.2, 0.3, 0.1]))
    assert found.mean_ranks.to_dict() == {"a": 1.25, "b": 1.75, "c": 3.0}
    assert found.patients == 4
    # Demsar's table of q: 2.343 for three networks at 0.05.
    assert found.critical_difference == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 4)), abs=2e-3)
    assert 0 < found.p < 0.1


def test_ranks_need_the_same_patients_and_three_networks():
    tables = ranked([0.9, 0.8], [0.8, 0.9], [0.1, 0.2])
    with pytest.raises(DataError, match="three"):
        rank_networks({name: tables[name] for name in "ab"})
    with pytest.raises(DataError, match="different patients"):
        rank_networks({**tables, "c": tables["c"].assign(patient=["P0", "P9"])})


def test_runs_of_ranks_that_cannot_be_told_apart():
    ranks = np.array([1.0, 1.5, 2.2, 4.0])
    assert comparison._indistinct(ranks, 1.0) == [(1.0, 1.5), (1.5, 2.2)]
    assert comparison._indistinct(ranks, 3.0) == [(1.0, 4.0)]
    assert comparison._indistinct(ranks, 0.1) == []


def test_the_charts_name_every_variant(per_case):
    table = variants.compare_variants(per_case)
    fig = plotting.plot_means(table)
    names = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    assert names == ["good (n = 4 × 2)", "bad (n = 4 × 1)"]
    worse = f"{table['dice'].min():.3f}"
    fig = plotting.plot_means(table, begin=table["dice"].mean())
    assert [text.get_text() for text in fig.axes[0].texts] == [f" ◂ {worse}"]
    tables = variants.patients_by_variant(per_case)
    ranking = rank_networks({**tables, "third": tables["bad"]})
    fig = plotting.plot_ranks(ranking)
    shown = " ".join(text.get_text() for text in fig.axes[0].texts)
    assert all(name in shown for name in ("good", "bad", "third"))
    assert "one training each, not of networks" in fig.axes[0].get_title()
    assert "3 seeds of each" in plotting.plot_ranks(ranking, seeds=3).axes[0].get_title()

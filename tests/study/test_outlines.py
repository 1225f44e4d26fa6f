"""Surface Dice and HD95 beside the Dice, and the volumes that have no HD95."""

import numpy as np
import pandas as pd
import pytest

from seglib.evaluation.tables import score_cases
from seglib.files import atomic_write
from seglib.phantoms import heart
from study.outlines import at_one_pixel, outline_scores, shown


@pytest.fixture(scope="module")
def hearts():
    return heart.make(patients=2, slices=3, size=64)


def scored(hearts, masks, variant="tiny", seed=0):
    return score_cases(hearts, masks).assign(variant=variant, fold="fold1", seed=seed)


def without(hearts, case):
    """The expert's masks, but none in one case."""
    keep = (hearts.table["case"] != case).to_numpy()
    return hearts.masks * keep[:, None, None, None].astype(np.uint8)


def test_a_volume_without_a_mask_has_surface_dice_0_and_is_counted(hearts):
    case = hearts.table["case"].iloc[0]
    perfect = scored(hearts, hearts.masks, "perfect")
    missed = scored(hearts, without(hearts, case), "missed")
    scores = outline_scores(pd.concat([perfect, missed]))
    assert scores["within"].tolist() == ["2 mm", "2 mm"]
    assert scores.loc["perfect", ["surface_dice", "hd95", "undefined"]].tolist() == [1, 0, 0]
    # One of the two phases of one of two patients.
    assert scores.loc["missed", ["surface_dice", "hd95", "undefined"]].tolist() == [0.75, 0, 1]
    assert scores["cases"].tolist() == [4, 4]


def test_masks_that_never_meet_in_a_slice_are_counted_too(hearts):
    """Drawn in one slice by the expert and in the next by the network."""
    case = hearts.rows_of(hearts.table["case"].iloc[0])
    one = hearts.take(case)
    truth, found = np.zeros_like(one.masks), np.zeros_like(one.masks)
    truth[0], found[1] = one.masks[0], one.masks[1]
    assert truth.any() and found.any()
    apart = type(one)(one.name, one.images, truth, one.table, one.class_names)
    scores = outline_scores(scored(apart, found))
    assert scores.loc["tiny", ["surface_dice", "undefined"]].tolist() == [0, 1]


def test_volumes_that_are_empty_in_both_masks_are_not_undefined(hearts):
    nothing = np.zeros_like(hearts.masks)
    empty = type(hearts)(hearts.name, hearts.images, nothing, hearts.table, hearts.class_names)
    assert outline_scores(scored(empty, nothing)).loc["tiny", "undefined"] == 0


def test_a_table_shows_a_word_and_a_count_where_there_is_no_distance(hearts):
    columns = shown(outline_scores(scored(hearts, np.zeros_like(hearts.masks))))
    expected = {"surface Dice (2 mm)": ["0.000"], "HD95 (mm)": ["none"]}
    assert columns == expected | {"without HD95": ["4 of 4"]}


def test_seeds_are_averaged(hearts):
    case = hearts.table["case"].iloc[0]
    seeds = [scored(hearts, hearts.masks), scored(hearts, without(hearts, case), seed=1)]
    scores = outline_scores(pd.concat(seeds)).loc["tiny"]
    assert scores["surface_dice"] == pytest.approx((1 + 0.75) / 2)
    assert (scores["undefined"], scores["cases"]) == (1, 8)


def test_the_tolerance_of_one_pixel_takes_what_the_judge_stored(hearts, tmp_path):
    per_case = scored(hearts, hearts.masks)
    fine = per_case[["variant", "seed", "case"]].assign(surface_dice=[0.1, 0.2, 0.3, 0.4])
    text = fine.iloc[::-1].to_csv(index=False)  # in any order
    atomic_write(tmp_path / "judge" / "surfaces.csv", text)
    found = at_one_pixel(per_case, tmp_path)
    assert found["surface_dice"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert set(found["tolerance"]) == {1.0}
    assert found["dice"].equals(per_case["dice"])

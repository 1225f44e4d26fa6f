"""The simulated brain's anatomy: lengths in mm, and tissues where the plan lays them."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from seglib.phantoms import brain_anatomy as anatomy
from seglib.phantoms.brain_anatomy import (
    CORTEX,
    FLUID,
    OUTSIDE,
    PALLIDUM,
    STRIATUM,
    THALAMUS,
    WHITE,
)

TOP = anatomy.HIGHEST  # above ventricles and nuclei


@pytest.fixture
def brain(rng) -> dict:
    """A brain as it grows."""
    return anatomy.grow(rng)


@pytest.fixture
def plain(brain) -> dict:
    """The same without chance and folds: upright, in the middle, both halves alike."""
    return brain | {
        "waves": np.zeros((2, 3)),
        "half_axes": np.array([66.0, 84.0]),
        "top": 75.0,
        "turn": 0.0,
        "shift": np.zeros(2),
        "ventricles": np.ones(2),
        "jitter": np.zeros((2, len(anatomy.NUCLEI), 2)),
        "sulci": [],
        "medial": [],
        "warp": np.zeros((2, 2, 48, 48), np.float32),
    }


def at(tissue: np.ndarray, x: float, y: float) -> int:
    """The tissue at a place in mm."""
    middle, pixel = (len(tissue) - 1) / 2, anatomy.FIELD_OF_VIEW / len(tissue)
    return int(tissue[round(middle + y / pixel), round(middle + x / pixel)])


def test_one_seed_is_one_brain_and_lengths_keep_to_their_ranges():
    brains = [anatomy.grow(np.random.default_rng(seed)) for seed in (0, 0, *range(1, 30))]
    for key in brains[0]:
        np.testing.assert_equal(brains[0][key], brains[1][key])
    assert len({brain["age"] for brain in brains}) == 30
    for brain in brains:
        assert (brain["half_axes"] >= (63, 80)).all() and (brain["half_axes"] <= (70, 88)).all()
        assert 3.1 <= brain["cortex"] <= 4.2
        assert len(brain["sulci"]) == 2 * 17 and len(brain["medial"]) == 2 * 11
        assert [fold["side"] for fold in brain["sulci"]] == [-1] * 17 + [1] * 17


def test_older_brains_have_wider_folds_larger_ventricles_and_less_cortex():
    brains = [anatomy.grow(np.random.default_rng(seed)) for seed in range(60)]
    age = [brain["age"] for brain in brains]
    for key, sign in (("rim", 1), ("fold", 1), ("fissure", 1), ("ventricles", 1), ("cortex", -1)):
        lengths = [np.mean(brain[key]) for brain in brains]
        assert sign * np.corrcoef(age, lengths)[0, 1] > 0.3, key


def test_the_outline_has_the_half_axes_of_the_brain_and_shrinks_to_the_vertex(plain):
    right, back, left, front = anatomy.outline(plain, 0, np.deg2rad([0, 90, 180, 270]))
    np.testing.assert_allclose(right, (0.955 * 66, 0), atol=1e-9)
    np.testing.assert_allclose(left, (-0.955 * 66, 0), atol=1e-9)
    np.testing.assert_allclose((back, front), [(0, 84), (0, -84)], atol=1e-9)
    angles = np.linspace(0, 6, 50)
    whole = anatomy.outline(plain, 0, angles)
    # An ellipse upwards: at 0.6 of its height it has 0.8 of its width.
    np.testing.assert_allclose(anatomy.outline(plain, 45, angles), 0.8 * whole)
    np.testing.assert_allclose(anatomy.outline(plain, 75, angles), 0, atol=1e-9)


def test_the_head_is_wider_behind_than_in_front(plain):
    behind, in_front = anatomy.outline(plain, 0, np.deg2rad([45, -45]))
    assert behind[0] > in_front[0] and behind[1] == -in_front[1]


@pytest.mark.parametrize(("size", "side"), [(64, 512), (100, 600), (256, 512), (300, 600)])
def test_the_fine_grid_is_a_multiple_of_the_image_and_twice_as_fine_at_least(plain, size, side):
    canvas = anatomy.Canvas(plain, size)
    assert canvas.side == side
    assert canvas.empty().shape == (side, side)
    assert canvas.pixel * side == pytest.approx(208)


def test_millimetres_become_sixteenths_of_pixels_about_the_middle(plain):
    canvas = anatomy.Canvas(plain, 256)
    step = 208 / 512
    found = canvas.pixels([(0, 0), (step, 0), (0, 2 * step)])
    assert found.tolist() == [[4088, 4088], [4104, 4088], [4088, 4120]]  # 16 * 255.5 = 4088
    turned = anatomy.Canvas(plain | {"turn": np.pi / 2, "shift": np.array([step, 0])}, 256)
    assert turned.pixels([(step, 0)]).tolist() == [[4104, 4104]]  # to the back, then shifted


def test_an_outline_is_filled_with_its_border(plain):
    canvas = anatomy.Canvas(plain, 256)
    mask = canvas.empty()
    canvas.fill(mask, np.array([(-26, -26), (26, -26), (26, 26), (-26, 26)]))
    assert set(np.unique(mask)) == {0, 1}
    assert mask.sum() == 129**2  # 52 mm are 128 pixels of 208 / 512 mm, and the border one more


def test_a_path_is_as_wide_as_it_is_given_at_each_of_its_points(plain):
    canvas = anatomy.Canvas(plain, 256)
    mask = canvas.empty()
    canvas.trace(mask, np.array([(-50, 10), (0, 10), (50, 10)]), np.array([5.0, 5.0, 10.0]))
    narrow, wide = (mask[:, 256 + side * 60].sum() for side in (-1, 1))
    assert 25 <= narrow <= 27 and 49 <= wide <= 51  # 24.6 and 49.2 pixels; the edges add up to two
    rows, columns = np.nonzero(mask[:, :160])
    assert rows.mean() == pytest.approx(255.5 + 10 / canvas.pixel, abs=0.5)
    assert columns.min() == pytest.approx(255.5 - 55 / canvas.pixel, abs=2)  # a round end


def test_within_is_a_disc_around_a_point(plain):
    canvas = anatomy.Canvas(plain, 256)
    mask = canvas.empty()
    mask[256, 256] = 1
    near = canvas.within(mask, 20)
    assert near.sum() * canvas.pixel**2 == pytest.approx(400 * np.pi, rel=0.03)
    assert near[256, 256] and near[256, 256 + 49] and not near[256, 256 + 50]  # 49.2 pixels


@pytest.mark.parametrize("z", [anatomy.LOWEST, 10.0, TOP])
def test_a_slice_holds_one_brain_with_air_around_it(brain, z):
    tissue = anatomy.slice_tissues(brain, z, 64)
    assert tissue.shape == (512, 512) and tissue.dtype == np.uint8
    inside = tissue != OUTSIDE
    assert ndimage.label(inside, np.ones((3, 3)))[1] == 1
    assert not (inside[[0, -1]].any() or inside[:, [0, -1]].any())
    area = inside.sum() * (208 / 512) ** 2
    a, b = brain["half_axes"] * np.sqrt(1 - (z / brain["top"]) ** 2)
    assert np.pi * a * b * 0.9 < area < 4 * a * b  # more than an ellipse's, less than a box's


def test_nuclei_and_ventricles_lie_where_the_plan_lays_them_on_both_sides(plain):
    tissue = anatomy.slice_tissues(plain, 2.0, 64)
    for side in (-1, 1):
        assert at(tissue, side * 27, -4) == STRIATUM  # putamen
        assert at(tissue, side * 20.5, -1) == PALLIDUM
        assert at(tissue, side * 10.5, 12) == THALAMUS
        assert at(tissue, side * 5, -24) == FLUID  # frontal horn
    assert at(tissue, 0, 4) == FLUID  # third ventricle
    body = anatomy.slice_tissues(plain, 18.0, 64)
    assert at(body, 6, 0) == at(body, -6, 0) == FLUID
    assert not {PALLIDUM, THALAMUS} & set(np.unique(body))  # both end at or below z = 15
    above = anatomy.slice_tissues(plain, TOP, 64)
    assert set(np.unique(above)) == {OUTSIDE, FLUID, CORTEX, WHITE}


def test_without_chance_both_halves_are_alike(plain):
    tissue = anatomy.slice_tissues(plain, 5.0, 64)
    differ = tissue != tissue[:, ::-1]
    assert differ[:, :206].mean() < 0.002  # nearer the middle winds the fissure, the same in both
    assert differ.mean() < 0.02


def test_cortex_is_what_lies_near_the_fluid_and_white_matter_the_rest(brain):
    tissue = anatomy.slice_tissues(brain | {"warp": np.zeros((2, 2, 48, 48), np.float32)}, TOP, 64)
    away = ndimage.distance_transform_edt(tissue > FLUID) * 208 / 512
    inside = tissue > FLUID
    expected = np.where(away <= brain["cortex"], CORTEX, WHITE)
    assert (tissue == expected)[inside].mean() > 0.98  # OpenCV's distances are near exact ones
    assert away[tissue == CORTEX].max() < brain["cortex"] + 0.5


@pytest.mark.parametrize("side", [-1, 1])
def test_a_fold_is_fluid_with_cortex_on_both_sides(plain, side):
    fold = {"side": side, "angle": 0.0, "drift": 0.0, "depth": 20.0, "centre": TOP, "reach": 30.0}
    fold |= {"bend": 0.0, "wave": (0.0, 1.0, 0.0), "fork": 0.0, "width": 1.0}
    before = anatomy.slice_tissues(plain, TOP, 64)
    after = anatomy.slice_tissues(plain | {"sulci": [fold]}, TOP, 64)
    edge = anatomy.outline(plain, TOP, np.array([0.0]))[0, 0]  # the fold goes straight inwards
    x = side * (edge - 15)
    assert [at(before, x, y) for y in (-2, 0, 2, 8)] == [WHITE] * 4
    assert [at(after, x, y) for y in (-2, 0, 2, 8)] == [CORTEX, FLUID, CORTEX, WHITE]
    assert at(after, side * (edge - 27), 0) == WHITE  # beyond its depth
    other = np.s_[:, 270:] if side < 0 else np.s_[:, :242]
    np.testing.assert_array_equal(before[other], after[other])


def test_the_gap_between_the_hemispheres_runs_through_only_above_the_corpus_callosum(plain):
    def fluid_between_them(z):
        tissue = anatomy.slice_tissues(plain, z, 64)
        rows = tissue[256 - 40 : 256 + 41, 250:262]  # 16 mm to the front and to the back
        return (rows == FLUID).any(axis=1)

    assert fluid_between_them(TOP).all()
    assert not fluid_between_them(28.5).any()


def test_a_warp_bends_tissue_and_adds_none(plain, brain):
    straight = anatomy.slice_tissues(plain, 5.0, 64)
    bent = anatomy.slice_tissues(plain | {"warp": brain["warp"]}, 5.0, 64)
    assert 0.01 < (straight != bent).mean() < 0.3
    assert set(np.unique(bent)) <= set(np.unique(straight))
    areas = [np.bincount(tissue.ravel(), minlength=7) for tissue in (straight, bent)]
    np.testing.assert_allclose(areas[1][:4], areas[0][:4], rtol=0.15)


def test_another_size_shows_the_same_brain(brain):
    fine = anatomy.slice_tissues(brain, 5.0, 300)
    coarse = anatomy.slice_tissues(brain, 5.0, 64)
    resized = cv2.resize(fine, coarse.shape, interpolation=cv2.INTER_NEAREST)
    assert (resized == coarse).mean() > 0.93

"""Outlines on rays, and what the notebook's drawing saves: read by the importer like any other."""

import numpy as np
import pytest
from PIL import Image

from seglib.datasets.annotated import import_masks
from seglib.errors import DataError
from seglib.formats.contours import fill_rings
from seglib.lessons.drawing import POINTS, RAYS, draw_masks, ray_outline

SHAPE = (60, 80)
LABELS = {"dataset": "phantom", "profile": "smoke"}


def test_equal_rays_are_a_circle():
    points = ray_outline(SHAPE, 50, 50, [20] * 8)  # 20 % of 60 pixels
    assert points.shape == (POINTS, 2)
    np.testing.assert_allclose(np.hypot(*(points - (40, 30)).T), 12)
    assert fill_rings([points], SHAPE).sum() == pytest.approx(np.pi * 12**2, rel=0.02)


def test_the_curve_goes_through_the_end_of_each_ray():
    radii = [10, 20, 15, 30, 12, 9, 25, 18]
    points = ray_outline(SHAPE, 50, 50, radii)[:: POINTS // 8] - (40, 30)
    angles = np.arange(8) * np.pi / 4  # clockwise, as rows run down
    ends = 0.6 * np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(points, ends, atol=1e-9)
    assert RAYS[0] == "right" and ends[0, 0] > 0
    assert RAYS[2] == "down" and ends[2, 1] > 0


def test_no_point_leaves_the_image_wherever_the_centre_is():
    for column, row in ((0, 0), (100, 100), (50, 0)):
        points = ray_outline(SHAPE, column, row, [60] * 8)
        assert (points >= 0).all() and (points <= (80, 60)).all()


def test_very_unequal_rays_do_not_swing_through_the_centre():
    points = ray_outline(SHAPE, 50, 50, [60, 1, 1, 1, 60, 1, 1, 1]) - (40, 30)
    along = np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi)
    kept = np.hypot(*points.T) > 1e-6
    wanted = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)[kept]
    np.testing.assert_allclose(along[kept], wanted, atol=1e-6)


@pytest.fixture
def own(tmp_path):
    for name in ("anna/01", "anna/02"):
        (tmp_path / "images/anna").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / f"images/{name}.png")
    return tmp_path


def test_moving_a_slider_moves_the_outline_and_the_picture(own):
    panel = draw_masks(own / "images", own / "drawn", "heart", **LABELS)
    before, outline = panel.picture.value, panel.outline()
    panel.widgets["column"].value = 60
    assert panel.picture.value != before
    np.testing.assert_allclose(panel.outline() - outline, np.tile((8, 0), (POINTS, 1)), atol=1e-9)


def test_what_the_buttons_save_is_imported_as_drawn(own):
    panel = draw_masks(own / "images", own / "drawn", "heart", **LABELS)
    save, absent = panel.box.children[-2].children
    said = panel.box.children[-1]
    panel.widgets["up"].value = 30
    expected = fill_rings([panel.outline()], SHAPE)
    save.click()
    assert said.value == "Saved anna/01.json"
    panel.widgets["image"].value = "anna/02"
    absent.click()
    assert said.value == "Saved anna/02.json"
    table = import_masks(own / "images", own / "drawn", own / "ready", {"heart": 1})
    assert table["fault"].tolist() == ["", ""]
    first, second = (Image.open(own / f"ready/masks/anna/0{n}.png") for n in (1, 2))
    np.testing.assert_array_equal(np.asarray(first) / 255, expected)
    assert not np.asarray(second).any()


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(DataError, match="no images found"):
        draw_masks(tmp_path, tmp_path, "heart", **LABELS)

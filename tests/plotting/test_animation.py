"""Films of a case: every slice in order, files that other programs read back."""

import json

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from seglib.errors import DataError
from seglib.plotting.animation import render_slices, write_gif, write_mp4
from seglib.reporting import save_animation


@pytest.fixture(scope="module")
def case(phantom_set):
    return phantom_set.take((phantom_set.table["case"] == "phantom-01 ED").to_numpy())


@pytest.fixture(scope="module")
def frames(case):
    return render_slices(case, case.masks, profile="smoke", dpi=60)


def test_a_film_shows_each_slice_once(case, frames):
    assert frames.shape[0] == len(case) == 3
    assert frames.dtype == np.uint8
    assert frames.shape[1] % 2 == frames.shape[2] % 2 == 0
    assert not np.array_equal(frames[0], frames[1])
    assert len(render_slices(case, profile="smoke", step=2, dpi=60)) == 2


def test_slices_are_shown_in_the_order_of_the_heart(case, frames):
    turned = case.take([2, 0, 1])
    np.testing.assert_array_equal(
        render_slices(turned, turned.masks, profile="smoke", dpi=60), frames
    )


def test_a_prediction_is_outlined_in_its_own_colour(case, frames):
    alone = render_slices(case, profile="smoke", dpi=60)
    orange = np.array([230, 159, 0])

    def has_orange(stack):
        return (np.abs(stack.astype(int) - orange).sum(axis=-1) < 60).any()

    assert has_orange(frames)
    assert not has_orange(alone)


def test_two_cases_are_refused(phantom_set):
    with pytest.raises(DataError, match="one case, found 12"):
        render_slices(phantom_set, profile="smoke")


def test_a_gif_holds_the_frames_and_repeats(frames, tmp_path):
    write_gif(frames, tmp_path / "film.gif", fps=4)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3
        assert film.info["duration"] == 250 and film.info["loop"] == 0
        first = np.asarray(film.convert("RGB")).astype(int)
    assert np.abs(first - frames[0]).mean() < 8


def test_an_mp4_is_read_back_with_its_frames(frames, tmp_path):
    path = tmp_path / "film.mp4"
    write_mp4(frames, path, fps=4)
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    assert meta["codec"] == "h264" and meta["size"] == (frames.shape[2], frames.shape[1])
    read = [np.frombuffer(frame, np.uint8).reshape(frames.shape[1:]) for frame in reader]
    assert len(read) == 3
    assert np.abs(read[2].astype(int) - frames[2]).mean() < 10


def test_a_saved_film_comes_in_two_formats_with_its_provenance(frames, reports):
    path = save_animation(frames, "film", dataset="phantom", profile="smoke", runs=["a-run"])
    with Image.open(path) as film:
        assert film.n_frames == 3
    assert imageio_ffmpeg.count_frames_and_secs(path.with_suffix(".mp4"))[0] == 3
    note = json.loads(path.with_suffix(".json").read_text())
    assert (note["dataset"], note["runs"]) == ("phantom", ["a-run"])
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "film.gif",
        "film.json",
        "film.mp4",
    ]
